"""Rules over events: the detections, and which events each rule matched."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from ircopilot.analysis.sigma.distinct import Mask
from ircopilot.analysis.sigma.fetch import Reading, RunQuery, Slice, as_text, plan_readings, take_census
from ircopilot.analysis.sigma.logsources import FAMILIES, Seen, places_of
from ircopilot.analysis.sigma.masks import Batch
from ircopilot.analysis.sigma.rules import Atom, CompiledRule, Logsource, RuleSet
from ircopilot.domain.findings import Detection

EVIDENCE = 50
HITS = 2_000
READERS = 2
LEVEL_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3, "informational": 4}


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """What matched. `hits` maps a rule's id to its matching events, earliest first, at most `HITS` of them;
    `evaluated` are the ids of rules whose log source the evidence holds, `events` counts the events looked at."""

    detections: tuple[Detection, ...]
    hits: dict[str, list[str]]
    evaluated: frozenset[str]
    events: int


@dataclass(slots=True)
class _Tally:
    """The matches of one rule so far; keeps the earliest `HITS` by time, then event id."""

    count: int = 0
    kept: list[tuple[int, str]] = field(default_factory=list)

    def add(self, times: npt.NDArray[np.int64], ids: list[str]) -> None:
        self.count += len(ids)
        self.kept = sorted([*self.kept, *zip(times.tolist(), ids, strict=True)])[:HITS]


Progress = Callable[[int, int], None]


def match_rules(rules: RuleSet, run_query: RunQuery, progress: Progress | None = None) -> RuleMatches:
    """Evaluate every rule over the events that `run_query` reaches.

    One detection per rule that matched, most severe first, then by title and id; its `evidence` are the earliest
    `EVIDENCE` events, its `count` says how many there are. `progress(done, total)` counts log sources.
    """
    census = take_census(run_query)
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    groups = _live_groups(rules, census)
    events = 0
    done: set[Logsource] = set()
    for reading, part in _read_ahead(groups, run_query):
        _match_slice(groups[reading.logsource], part, tallies)
        events += len(part.times)
        done.add(reading.logsource)
        if progress is not None:
            progress(len(done), len(groups))
    evaluated = frozenset(r.rule_id for g in groups.values() for r in g.rules)
    by_id = {r.rule_id: r for r in rules.rules}
    found = [_detection(by_id[rule_id], tally) for rule_id, tally in tallies.items()]
    found.sort(key=_by_level)
    hits = {d.rule_id: [i for _, i in tallies[d.rule_id].kept] for d in found}
    return RuleMatches(tuple(found), hits, evaluated, events)


def join_matches(slices: Sequence[RuleMatches]) -> RuleMatches:
    """The matches of the whole out of those of slices that follow each other in time."""
    hits: dict[str, list[str]] = defaultdict(list)
    first: dict[str, Detection] = {}
    counts: dict[str, int] = defaultdict(int)
    for part in slices:
        for detection in part.detections:
            first.setdefault(detection.rule_id, detection)
            counts[detection.rule_id] += detection.count
            hits[detection.rule_id] = (hits[detection.rule_id] + part.hits[detection.rule_id])[:HITS]
    found = [
        d.model_copy(update={"count": counts[d.rule_id], "evidence": tuple(hits[d.rule_id][:EVIDENCE])})
        for d in first.values()
    ]
    evaluated = frozenset[str]().union(*(part.evaluated for part in slices))
    return RuleMatches(tuple(sorted(found, key=_by_level)), dict(hits), evaluated, sum(p.events for p in slices))


def _by_level(detection: Detection) -> tuple[int, str, str]:
    return LEVEL_ORDER[detection.level], detection.title, detection.rule_id


def _detection(rule: CompiledRule, tally: _Tally) -> Detection:
    return Detection(
        rule_id=rule.rule_id,
        title=rule.title,
        level=rule.level,
        techniques=rule.techniques,
        evidence=tuple(i for _, i in tally.kept[:EVIDENCE]),
        count=tally.count,
        description=rule.description,
    )


@dataclass(slots=True)
class _Group:
    """Rules of log sources that are read together: those that can match at all, the kinds of events they want, and
    for each log source the event codes it is about."""

    rules: list[CompiledRule] = field(default_factory=list)
    kinds: set[Seen] = field(default_factory=set)
    codes: dict[Logsource, frozenset[str]] = field(default_factory=dict)

    @property
    def atoms(self) -> set[Atom]:
        """What the rules ask."""
        return {a for r in self.rules for a in r.atoms}

    def plan(self, run_query: RunQuery, source: Logsource) -> list[Reading]:
        """What to read for the group."""
        kinds = sorted(self.kinds, key=lambda k: (k.source, k.channel, k.provider, k.code))
        return plan_readings(run_query, source, kinds, self.rules, with_codes=self.shared)

    @property
    def shared(self) -> bool:
        """Whether several log sources are read together, so that each must be told its events."""
        return len(self.codes) > 1


def _live_groups(rules: RuleSet, census: list[Seen]) -> dict[Logsource, _Group]:
    """The groups of the log sources that the evidence holds."""
    by_source: dict[Logsource, list[CompiledRule]] = defaultdict(list)
    for rule in rules.rules:
        by_source[rule.logsource].append(rule)
    groups: dict[Logsource, _Group] = {}
    for logsource, members in by_source.items():
        places = places_of(logsource)
        kinds = [k for k in census if any(p.holds(k) for p in places)]
        codes = {k.code for k in kinds}
        live = [r for r in members if kinds and (r.codes is None or codes.intersection(r.codes))]
        if not live:
            continue
        if all(r.codes is not None for r in live):
            codes &= {c for r in live for c in r.codes or ()}
            kinds = [k for k in kinds if k.code in codes]
        group = groups.setdefault(FAMILIES.get(logsource, logsource), _Group())
        group.rules += live
        group.kinds.update(kinds)
        group.codes[logsource] = frozenset(codes)
    return groups


def _read_ahead(groups: dict[Logsource, _Group], run_query: RunQuery) -> Iterator[tuple[Reading, Slice]]:
    """Every slice of every group in a fixed order; the next ones are being read while one is worked on."""
    with ThreadPoolExecutor(READERS, "sigma-read") as pool:
        plans = (group.plan(run_query, source) for source, group in groups.items())
        flying: deque[tuple[Reading, Future[Slice]]] = deque()
        try:
            for reading in chain.from_iterable(plans):
                flying.append((reading, pool.submit(reading.run, run_query)))
                if len(flying) > READERS:
                    first, slice_ = flying.popleft()
                    yield first, slice_.result()
            while flying:
                first, slice_ = flying.popleft()
                yield first, slice_.result()
        finally:
            for _, waiting in flying:
                waiting.cancel()


def _match_slice(group: _Group, part: Slice, tallies: dict[str, _Tally]) -> None:
    if len(part.times) == 0:
        return
    batch = Batch(len(part.times), part.columns)
    batch.match(group.atoms)
    own = {source: part.of_codes(codes) for source, codes in group.codes.items()} if group.shared else {}
    for rule in group.rules:
        rows = batch.rows(rule)
        if rows is not None and own:
            rows = rows & own[rule.logsource]
        if rows is not None and rows.any():
            _tally(tallies[rule.rule_id], part, rows)


def _tally(tally: _Tally, part: Slice, rows: Mask) -> None:
    """Add the matching events; of very many, only the earliest can be kept, so only these are read out."""
    places = np.flatnonzero(rows)
    extra = len(places)
    if extra > HITS:
        last = np.partition(part.times[places], HITS - 1)[HITS - 1]
        places = places[part.times[places] <= last]
    ids = [as_text(v) for v in part.ids.take(places).to_pylist()]
    tally.add(part.times[places], ids)
    tally.count += extra - len(places)
