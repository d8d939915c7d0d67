"""Clocks: by how much an artifact's recorded times are off, and the events that prove it.

The estimate compares, event by event, the recorded time with another time of the same event that is UTC (Sysmon's
`UtcTime`, a pipeline's `@timestamp` beside a local `EventTime`). A zone error is a whole number of quarter hours, so
differences are counted in those, which keeps sub-seconds; each event code has one vote, because a single code may be
wrong by days (Sysmon takes the time of network and DNS events from another counter). A clock written on a 12-hour
dial is off by two values twelve hours apart: it becomes steps.
Source: IANA time zones (offsets are multiples of 15 minutes, -12:00 to +14:00); Sysmon schema 4.90.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Artifact, Clock, ClockStep

QUARTER = timedelta(minutes=15)
HALF_DAY = 48  # quarters
MOST = 26 * 4  # quarters: no zone, nor a 12-hour dial in one, is further off
LEAST_SHARE = 0.6  # of the events that can be compared
STEADY_SHARE = 0.98  # below it, a second offset twelve hours away is looked for
SHOWN = 5
# Sysmon network and DNS events: their UtcTime comes from another counter and may be days off.
UNRELIABLE_CODES = frozenset({"3", "22"})


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One event with two times. `host` is lower case."""

    event_id: str
    host: str
    code: str
    recorded: datetime
    reference: datetime

    @property
    def quarters(self) -> int:
        """The difference, in whole quarter hours."""
        return round((self.reference - self.recorded) / QUARTER)


@dataclass(frozen=True, slots=True)
class _HostClock:
    offset: int
    agreeing: tuple[ClockSample, ...]
    compared: int
    steps: tuple[tuple[datetime, int], ...] = ()


def estimate_clock(samples: Iterable[ClockSample], source: str = "") -> Clock:
    """The clock of one artifact from events in the order of the artifact. Without a clear majority nothing changes."""
    by_host: dict[str, list[ClockSample]] = defaultdict(list)
    for sample in samples:
        by_host[sample.host].append(sample)
    found = {host: clock for host, mine in sorted(by_host.items()) if (clock := _host_clock(mine))}
    compared = sum(len(mine) for mine in by_host.values())
    if not found:
        return Clock(source=source, compared=compared)
    weights: Counter[int] = Counter()
    for clock in found.values():
        weights[clock.offset] += len(clock.agreeing)
    offset = max(weights, key=lambda o: (weights[o], -abs(o)))
    steps = _steps(found, offset)
    agreeing = [s for c in found.values() for s in c.agreeing]
    shown = tuple(s.event_id for c in found.values() if c.offset == offset for s in c.agreeing[:SHOWN])[:SHOWN]
    if not offset and not steps:
        return Clock(source=source, evidence=shown, agreeing=len(agreeing), compared=compared)
    return Clock(
        source=source, offset_s=offset * QUARTER.total_seconds(), steps=steps, method="field-disagreement",
        evidence=shown, agreeing=len(agreeing), compared=compared, note=_note(offset, steps, agreeing, compared),
    )  # fmt: skip


def _host_clock(samples: list[ClockSample]) -> _HostClock | None:
    """One host's clock, or None when its events do not agree."""
    usable = [s for s in samples if abs(s.quarters) <= MOST]
    reliable = [s for s in usable if s.code not in UNRELIABLE_CODES]
    usable = reliable or usable
    voters = reliable or samples
    by_code: dict[str, Counter[int]] = defaultdict(Counter)
    for s in usable:
        by_code[s.code][s.quarters % HALF_DAY] += 1
    votes: Counter[int] = Counter()
    for counts in by_code.values():
        dial, times = counts.most_common(1)[0]
        if times >= LEAST_SHARE * counts.total():
            votes[dial] += 1
    if not votes:
        return None
    events = Counter(s.quarters % HALF_DAY for s in usable)
    dial = max(votes, key=lambda d: (votes[d], events[d], -d))
    agreeing = tuple(s for s in usable if s.quarters % HALF_DAY == dial)
    if votes[dial] * 2 <= votes.total() or len(agreeing) < LEAST_SHARE * len(voters):
        return None
    offsets = Counter(s.quarters for s in agreeing)
    offset, times = max(offsets.items(), key=lambda pair: (pair[1], -abs(pair[0])))
    steps = _dial_steps(agreeing) if times < STEADY_SHARE * len(agreeing) else ()
    return _HostClock(offset, agreeing, len(samples), steps)


def _dial_steps(agreeing: tuple[ClockSample, ...]) -> tuple[tuple[datetime, int], ...]:
    """Where on the recorded axis the offset changes: the majority of each recorded quarter hour, runs joined."""
    buckets: dict[datetime, Counter[int]] = defaultdict(Counter)
    for s in agreeing:
        start = s.recorded.replace(minute=s.recorded.minute // 15 * 15, second=0, microsecond=0)
        buckets[start][s.quarters] += 1
    steps: list[tuple[datetime, int]] = []
    for start, counts in sorted(buckets.items()):
        offset = max(counts.items(), key=lambda pair: (pair[1], -abs(pair[0])))[0]
        if not steps or steps[-1][1] != offset:
            steps.append((start, offset))
    return tuple(steps)


def _steps(found: Mapping[str, _HostClock], offset: int) -> tuple[ClockStep, ...]:
    """What differs from the artifact's offset: hosts of their own, and jumps."""
    one = len(found) == 1
    steps: list[ClockStep] = []
    for host, clock in found.items():
        named = "" if one else host
        begin = datetime(1970, 1, 1, tzinfo=UTC)
        if clock.offset != offset and not clock.steps:
            steps.append(ClockStep(host=named, since=begin, offset_s=clock.offset * QUARTER.total_seconds()))
        for n, (since, quarters) in enumerate(clock.steps):
            at = since if n else begin
            steps.append(ClockStep(host=named, since=at, offset_s=quarters * QUARTER.total_seconds()))
    return tuple(steps)


def _note(offset: int, steps: tuple[ClockStep, ...], agreeing: list[ClockSample], compared: int) -> str:
    """What an analyst reads beside a corrected time."""
    hours = f"{offset / 4:+g} h"
    text = f"recorded times are off by {hours}: {len(agreeing)} of {compared} compared events agree"
    codes = len({s.code for s in agreeing})
    text += f", over {codes} event codes" if codes > 1 else ""
    jumps = len({s.offset_s for s in steps} | {offset * QUARTER.total_seconds()})
    if steps and len({s.offset_s % (HALF_DAY * 900) for s in steps}) == 1 and jumps > 1:
        text += "; the times are written on a 12-hour dial, so the offset jumps by twelve hours"
    elif steps:
        text += "; some hosts have an offset of their own"
    return text


_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|ms|m|s)")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_COLONS = re.compile(r"(\d{1,3}):(\d\d)(?::(\d\d(?:\.\d+)?))?")


def parse_offset(text: str) -> float:
    """`+19h`, `-5h30m`, `+05:30`, `-42.5s` or plain seconds → seconds. Raises UnusableArgument."""
    bare = text.strip()
    sign = -1.0 if bare.startswith("-") else 1.0
    bare = bare.lstrip("+-")
    if match := _COLONS.fullmatch(bare):
        return sign * (int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3] or 0))
    if re.fullmatch(r"\d+(\.\d+)?", bare):
        return sign * float(bare)
    if bare and not _PART.sub("", bare).strip():
        return sign * sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(bare))
    raise UnusableArgument(f"'{text}' is no clock offset", "write it like +19h, -5h30m, +05:30 or -42.5s")


def said_clock(artifact: Artifact, mapping: str, said: Mapping[str, float]) -> Clock | None:
    """The user's clock for an artifact. SOURCE names it by path, file name, folder, hash, mapping, or `host:NAME`."""
    path = PurePosixPath(artifact.name.replace("\\", "/"))
    names = {str(path), path.name, mapping, artifact.sha256, *(str(p) for p in path.parents), *path.parts}
    offsets = {source: offset for source, offset in said.items() if source in names}
    begin = datetime(1970, 1, 1, tzinfo=UTC)
    hosts = tuple(
        ClockStep(host=source[5:].lower(), since=begin, offset_s=offset)
        for source, offset in sorted(said.items())
        if source.startswith("host:")
    )
    if not offsets and not hosts:
        return None
    source = max(offsets, key=len, default="")
    return Clock(
        source=source, offset_s=offsets.get(source, 0.0), steps=hosts, method="said-by-user", note="said by the user"
    )
