"""The timeline figure as numbers: a time axis that leaves out long silences, lanes per host, marks and density."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from ircopilot.contracts.report import Activity, ReportDocument
from ircopilot.domain.findings import TimelineEntry
from ircopilot.domain.wording import host_label
from ircopilot.export.text import visible

MAX_LANES = 8
# In a story longer than BREAK_FROM_S, a silence longer than this share of it is drawn as a break of BREAK_WIDTH.
BREAK_FROM_S, BREAK_SHARE, BREAK_WIDTH = 900, 0.25, 0.035
# However short a stretch is, it keeps this share of the axis.
STRETCH_SHARE = 0.09
STEPS = (0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
         86400, 172800, 604800, 1209600, 2592000, 7776000, 31536000)  # fmt: skip
LEVELS = ("informational", "low", "medium", "high", "critical")
BINS = 120


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the axis with something in it: seconds since the epoch, and where it lies (0..1)."""

    start: float
    end: float
    left: float
    right: float

    def place(self, second: float) -> float:
        """Where a second of this stretch lies."""
        span = self.end - self.start
        return self.left + (self.right - self.left) * ((second - self.start) / span if span else 0.5)


def stretches(times: list[datetime]) -> list[Stretch]:
    """The axis over these times (at least one): linear, with long silences cut out."""
    seconds = sorted(t.timestamp() for t in times)
    whole = seconds[-1] - seconds[0]
    groups = [[seconds[0], seconds[0]]]
    for second in seconds[1:]:
        if whole > BREAK_FROM_S and (second - groups[-1][1]) / whole > BREAK_SHARE:
            groups.append([second, second])
        groups[-1][1] = second
    pad = max(sum(b - a for a, b in groups) * 0.03, 0.5)
    groups = [[a - pad, b + pad] for a, b in groups]
    total = sum(b - a for a, b in groups)
    shares = [max((b - a) / total, STRETCH_SHARE) for a, b in groups]
    room, left, out = 1 - BREAK_WIDTH * (len(groups) - 1), 0.0, []
    for (a, b), share in zip(groups, shares, strict=True):
        right = left + room * share / sum(shares)
        out.append(Stretch(a, b, left, right))
        left = right + BREAK_WIDTH
    return out


def draw_figure(document: ReportDocument) -> dict[str, Any] | None:
    """The figure for the template, or None when there is no timeline."""
    entries = sorted(document.timeline, key=lambda e: e.time)
    if not entries:
        return None
    axis = stretches([e.time for e in entries])
    names = {e.id: e.value for e in document.entities if e.type == "host"}
    lane_of = [_lane(entry, names) for entry in entries]
    busiest = [lane for lane, _ in Counter(lane_of).most_common(MAX_LANES)]
    # Lanes stand in the order in which the story reaches them.
    lanes = [lane for lane in dict.fromkeys(lane_of) if lane in busiest and lane]
    lanes += [""] if any(lane not in lanes for lane in lane_of) else []
    levels = _levels(document)
    marks = []
    for number, (entry, lane) in enumerate(zip(entries, lane_of, strict=True), 1):
        level = max((levels.get(i, -1) for i in entry.evidence), default=-1)
        row = lanes.index(lane) if lane in lanes else len(lanes) - 1
        marks.append({"n": number, "x": _place(axis, entry.time.timestamp()), "lane": row, "kind": entry.kind,
                      "level": LEVELS[level] if level >= 0 else ""})  # fmt: skip
    return {
        "lanes": [{"name": visible(host_label(lane)) or "elsewhere", "density": _density(document.activity, lane, axis)}
                  for lane in lanes],
        "marks": _thin(marks),
        "ticks": _ticks(axis),
        "breaks": [(a.right + b.left) / 2 for a, b in pairwise(axis)],
        "numbered": len(marks) <= 60,
        "key": _key(marks),
    }  # fmt: skip


def _key(marks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the figure's marks mean: only those that occur in it."""
    acts = {mark["level"] or "unrated" for mark in marks if mark["kind"] not in ("comm", "action")}
    kinds = {mark["kind"] for mark in marks}
    names = [(level, f"act, {level}") for level in (*reversed(LEVELS), "unrated") if level in acts]
    key = [{"kind": "log", "level": level, "name": name} for level, name in names]
    key += [{"kind": "comm", "level": "", "name": "chat"}] if "comm" in kinds else []
    return key + ([{"kind": "action", "level": "", "name": "our action"}] if "action" in kinds else [])


def _lane(entry: TimelineEntry, hosts: dict[str, str]) -> str:
    return next((hosts[i] for i in entry.entities if i in hosts), "")


def _levels(document: ReportDocument) -> dict[str, int]:
    worst: dict[str, int] = {}
    for detection in document.detections:
        for event_id in detection.evidence:
            worst[event_id] = max(worst.get(event_id, -1), LEVELS.index(detection.level))
    return worst


def _place(axis: list[Stretch], second: float) -> float:
    return next((s.place(second) for s in axis if second <= s.end), 1.0)


def _thin(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks that may carry their number without touching the one before on their lane."""
    last: dict[int, float] = {}
    for mark in marks:
        mark["labelled"] = mark["x"] - last.get(mark["lane"], -1.0) > 0.023
        if mark["labelled"]:
            last[mark["lane"]] = mark["x"]
    return marks


def _ticks(axis: list[Stretch]) -> list[dict[str, Any]]:
    """Round UTC times, about seven in all, at least one in each stretch; the day where it changes."""
    seconds = sum(s.end - s.start for s in axis)
    step = next((s for s in STEPS if seconds / s <= 8), STEPS[-1])
    ticks: list[dict[str, Any]] = []
    day = ""
    for stretch in axis:
        first = -(-stretch.start // step) * step
        count = int((stretch.end - first) // step) + 1 if stretch.end >= first else 0
        at = [first + i * step for i in range(count)] or [(stretch.start + stretch.end) / 2]
        for second in at:
            x = stretch.place(second)
            if ticks and x - ticks[-1]["x"] < 0.105:
                continue
            time = datetime.fromtimestamp(0, UTC) + timedelta(seconds=round(second, 3))
            shown = f"{time:%Y-%m-%d}"
            ticks.append({"x": x, "label": _clock_face(time, step), "day": shown if shown != day else ""})
            day = shown
    return ticks


def _clock_face(time: datetime, step: float) -> str:
    if step >= 86400:
        return ""
    if step >= 60:
        return f"{time:%H:%M}"
    return f"{time:%H:%M:%S}" + (f".{time.microsecond // 1000:03d}" if step < 1 else "")


def _density(activity: Activity | None, lane: str, axis: list[Stretch]) -> list[float]:
    """How busy the lane is along the axis, in BINS bars of 0..1 (square root, so that a quiet hour still shows)."""
    found = (
        next((row for row in activity.lanes if row.lane.lower() == host_label(lane).lower()), None)
        if activity
        else None
    )
    if activity is None or found is None:
        return []
    bars = [0.0] * BINS
    start = activity.start.timestamp()
    for i, count in enumerate(found.counts):
        low, high = start + i * activity.bucket_s, start + (i + 1) * activity.bucket_s
        for stretch in axis:
            a, b = max(low, stretch.start), min(high, stretch.end)
            if count and a < b:
                left, right = int(stretch.place(a) * BINS), min(int(stretch.place(b) * BINS), BINS - 1)
                for bar in range(left, right + 1):
                    bars[bar] += count * (b - a) / activity.bucket_s / (right - left + 1)
    top = max(bars)
    return [round((bar / top) ** 0.5, 3) for bar in bars] if top else []
