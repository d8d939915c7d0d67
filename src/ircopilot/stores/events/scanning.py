"""Histograms of what only the events themselves know: counted stretch by stretch, and remembered by load.

A committed load never changes, so what was counted in some loads holds when more are committed: only these are counted
then. Stretches are short enough that a first answer comes soon, and that nothing else waits long for a core.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import dataclass

from ircopilot.stores.events.asking import HOUR, SECOND, Asking
from ircopilot.stores.events.known_loads import Counts

FIRST_STRETCH = 250_000  # events
STRETCH = 1_000_000
Stretch = tuple[int, int]  # microseconds since 1970


@dataclass(frozen=True, slots=True)
class SoFar:
    """Counts, and from which time on they hold; None once all was counted."""

    counts: Counts
    since: int | None


def count_stretches(
    asking: Asking, asked: Hashable, window: Stretch, count: Callable[[Stretch, tuple[str, ...]], Counts]
) -> Generator[SoFar]:
    """The counts so far, after each stretch, newest first. `count` counts one stretch of some loads.

    Who closes it in the middle, and asks again, goes on from there. Whoever asks what somebody else is just counting waits.
    """
    known = asking.events.known_counts.of((asking.scope.org_id, asking.scope.since, asking.scope.until, asked))
    loads = frozenset(asking.scope.load_ids)
    while not known.lock.acquire(timeout=0.05):
        asking.stop_if_cancelled()
    try:
        asking.stop_if_cancelled()
        if not known.loads | set(known.further) <= loads:
            known.loads, known.counts, known.further = frozenset(), Counter(), ()
        low, high = window
        while known.further or known.loads != loads:
            if not known.further:
                known.further, known.down_to = tuple(sorted(loads - known.loads)), high
            for stretch in stretches_of(asking, (low, known.down_to), known.further):
                known.counts += count(stretch, known.further)
                known.down_to = stretch[0]
                yield SoFar(known.counts, stretch[0])
            known.loads, known.further = known.loads | set(known.further), ()
        yield SoFar(known.counts, None)
    finally:
        known.lock.release()


def stretches_of(asking: Asking, window: Stretch, loads: tuple[str, ...]) -> Iterator[Stretch]:
    """The window cut into stretches of about so many events of these loads, the newest first."""
    low, high = window
    if not loads or low >= high:
        return
    if set(loads) & set(asking.uncovered):
        yield window
        return
    end, goal, held = high, FIRST_STRETCH, 0.0
    for at, number in reversed(asking.hours_of(loads)):
        first, last = max(at, low), min(at + HOUR, end)
        while first < last:
            here = number * (last - first) / HOUR
            if held + here <= goal:
                held += here
                break
            # Within an hour events are taken to lie evenly.
            cut = max(first, last - max(SECOND, round((last - first) * (goal - held) / here)))
            yield cut, end
            end, last, goal, held = cut, cut, STRETCH, 0.0
    if low < end:
        yield low, end
