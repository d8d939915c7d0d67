"""Clocks from acts that two sources saw: a log in local time beside a sensor's, a host whose clock was set wrong.

Which of two clocks is right is decided by what their times say of themselves: one that names its zone, or is proved by
another field, is believed before one that names none. Of clocks that are believed alike, one is wrong only if two other
kinds of source agree against it. Small differences are left alone: logs write a connection down when it begins, when
it is accepted, or when it ends.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from ircopilot.domain.evidence import Clock
from ircopilot.stores.events.connections import Seen

LEAST_S = 450.0  # half a quarter hour: a difference below it is no zone
AGREE_S = 60.0
QUARTER_S = 900.0
NEAR_QUARTER_S = 120.0
LEAST_SHARE = 0.6  # of the connections that can be compared
LEAST = 3  # connections that agree; of a whole number of quarter hours, a zone's,
LEAST_OF_ZONE = 2  # so many do
SHOWN = 5
_ZONED = re.compile(r"(?:Z|UTC|GMT|:\d\d(?:[.,]\d+)? ?[+-]\d\d(?::?\d\d)?)$|^\d+(?:\.\d+)?$|^/Date\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A load as a clock: `fixed` by the user, or `believed` because its times say which zone they are in."""

    load_id: str
    name: str
    mapping: str
    believed: bool
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """How many seconds one source's times are after another's, with the first one's events that show it."""

    seconds: float
    events: tuple[str, ...]
    agreeing: int
    compared: int


def names_zone(text: str) -> bool:
    """Whether a time as it is written names its zone, or counts seconds since 1970."""
    return _ZONED.search(text.strip()) is not None


def differences(connections: Iterable[Sequence[Seen]]) -> dict[tuple[str, str], Difference]:
    """By (load, other load), in both directions: what most of the connections that both recorded agree on."""
    found: dict[tuple[str, str], list[tuple[Seen, Seen]]] = defaultdict(list)
    for seen in connections:
        for a, b in combinations(sorted(seen, key=lambda s: s.load_id), 2):
            if a.peer == b.peer or not a.peer or not b.peer:
                found[(a.load_id, b.load_id)].append((a, b))
    agreed: dict[tuple[str, str], Difference] = {}
    for (a_id, b_id), pairs in found.items():
        middle = median(_seconds(pair) for pair in pairs)
        same = sorted((p for p in pairs if abs(_seconds(p) - middle) <= AGREE_S), key=lambda p: p[0].at)
        zone = abs(middle) >= LEAST_S and abs(middle - QUARTER_S * round(middle / QUARTER_S)) <= NEAR_QUARTER_S
        if len(same) >= (LEAST_OF_ZONE if zone else LEAST) and len(same) >= LEAST_SHARE * len(pairs):
            first, second = (tuple(pair[n].event_id for pair in same[:SHOWN]) for n in (0, 1))
            agreed[(a_id, b_id)] = Difference(middle, first, len(same), len(pairs))
            agreed[(b_id, a_id)] = Difference(-middle, second, len(same), len(pairs))
    return agreed


def _seconds(pair: tuple[Seen, Seen]) -> float:
    return (pair[0].at - pair[1].at).total_seconds()


def agree(sources: Sequence[Source], found: Mapping[tuple[str, str], Difference]) -> dict[str, Clock]:
    """The clocks of the sources that are wrong, by load. Where nobody can tell who is wrong, nothing changes."""
    by_load = {s.load_id: s for s in sources}
    wrong = {s.load_id for s in sources if s.believed and not s.fixed and _outvoted(s, by_load, found)}
    right = {s.load_id: 0.0 for s in sources if (s.believed or s.fixed) and s.load_id not in wrong}
    clocks: dict[str, Clock] = {}
    while nearest := _nearest(by_load, right, found):
        load_id, other, difference = nearest
        offset = _rounded(right[other] - difference.seconds)
        right[load_id] = offset
        if offset:
            clocks[load_id] = _clock(by_load[load_id], by_load[other], offset, difference)
    return clocks


def _outvoted(one: Source, by_load: Mapping[str, Source], found: Mapping[tuple[str, str], Difference]) -> bool:
    """Whether two other kinds of believed sources agree that its clock is off, and none that it is right."""
    others = [(by_load[b], d.seconds) for (a, b), d in found.items() if a == one.load_id and by_load[b].believed]
    if any(abs(seconds) < LEAST_S and other.mapping != one.mapping for other, seconds in others):
        return False
    far = [(other.mapping, seconds) for other, seconds in others if abs(seconds) >= LEAST_S]
    return any(
        len({kind for kind, seconds in far if abs(seconds - here) <= NEAR_QUARTER_S} - {one.mapping}) > 1
        for _, here in far
    )


def _nearest(
    by_load: Mapping[str, Source], right: Mapping[str, float], found: Mapping[tuple[str, str], Difference]
) -> tuple[str, str, Difference] | None:
    """The undecided source that most connections tie to a decided one: (it, the decided one, their difference)."""
    ties = [(a, b, d) for (a, b), d in found.items() if a not in right and b in right]
    return max(ties, key=lambda t: (t[2].agreeing, by_load[t[0]].name, by_load[t[1]].name), default=None)


def _rounded(seconds: float) -> float:
    """A zone's offset where it is one, none where it is small, else whole seconds."""
    if abs(seconds) < LEAST_S:
        return 0.0
    zone = QUARTER_S * round(seconds / QUARTER_S)
    return zone if abs(seconds - zone) <= NEAR_QUARTER_S else float(round(seconds))


def _clock(one: Source, other: Source, offset: float, difference: Difference) -> Clock:
    agreeing, compared = difference.agreeing, difference.compared
    return Clock(
        source=one.mapping, offset_s=offset, method="seen-by-two-sources", evidence=difference.events,
        agreeing=agreeing, compared=compared,
        note=f"{agreeing} of {compared} connections that {other.name} recorded too show by how much the times are off",
    )  # fmt: skip
