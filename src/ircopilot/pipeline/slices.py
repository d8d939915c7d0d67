"""Slices of time that hold about the same number of events, told from the loads alone: what workers share out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from ircopilot.domain.evidence import Load
from ircopilot.domain.incident import Window

MOST_SLICES = 64
_STEPS = 1024


def time_slices(loads: Sequence[Load], window: Window, part_events: int) -> list[Window]:
    """The window cut into slices `[since, until)` that follow each other, the outermost as open as the window is.

    Each load's events are taken to lie evenly between its first and its last: slices need to be fair, not equal.
    """
    spans = [(load.first_time, load.last_time, load.events) for load in loads if load.first_time and load.last_time]
    total = sum(events for _, _, events in spans)
    count = min(math.ceil(total / part_events), MOST_SLICES) if total else 1
    if count < 2:
        return [window]
    cuts = [cut for cut in _cuts(spans, count) if _inside(cut, window)]
    edges = [window.since, *cuts, window.until]
    return [Window(since=a, until=b) for a, b in pairwise(edges)]


def _cuts(spans: Sequence[tuple[datetime, datetime, int]], count: int) -> list[datetime]:
    """`count - 1` times or fewer, rising, between which about as many events lie."""
    begin, end = min(a for a, _, _ in spans), max(b for _, b, _ in spans)
    first = np.array([(a - begin).total_seconds() for a, _, _ in spans])
    last = np.array([(b - begin).total_seconds() for _, b, _ in spans])
    events = np.array([span[2] for span in spans], np.float64)
    ticks = np.linspace(0.0, (end - begin).total_seconds(), _STEPS + 1)[1:-1]
    length = np.maximum(last - first, 1e-6)
    before = np.array([float(np.clip((tick - first) / length, 0.0, 1.0) @ events) for tick in ticks])
    wanted = events.sum() * np.arange(1, count) / count
    places = np.unique(np.searchsorted(before, wanted))
    return [begin + timedelta(seconds=float(ticks[n])) for n in places if n < len(ticks)]


def _inside(at: datetime, window: Window) -> bool:
    return (window.since is None or at > window.since) and (window.until is None or at < window.until)
