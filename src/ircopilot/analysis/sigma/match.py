"""Rules over events: the detections, and which events each rule matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ircopilot.analysis.sigma.columns import Column, as_text, rows_at
from ircopilot.analysis.sigma.distinct import Mask, Matcher
from ircopilot.analysis.sigma.fetch import RunQuery, Slice, plan_readings, take_census, write_statement
from ircopilot.analysis.sigma.fields import Place
from ircopilot.analysis.sigma.masks import Truth, View, compare_fields
from ircopilot.analysis.sigma.plan import Plan, plan_rules
from ircopilot.analysis.sigma.rules import CompiledRule, RuleSet
from ircopilot.domain.findings import Detection

EVIDENCE = 50
HITS = 2_000
LEVEL_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3, "informational": 4}


@dataclass(frozen=True, slots=True)
class RuleMatches:
    """What matched. `hits` maps a rule's id to its matching events, earliest first, at most `HITS` of them;
    `evaluated` are the ids of rules whose log source the evidence holds, `events` counts the events of such sources."""

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
    `EVIDENCE` events, its `count` says how many there are. `progress(done, total)` counts slices of time.
    """
    plan = plan_rules(rules, take_census(run_query))
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    events = _match_plan(plan, run_query, tallies, progress) if plan.sources else 0
    evaluated = frozenset(r.rule_id for s in plan.sources for r in s.rules)
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


def _match_plan(plan: Plan, run_query: RunQuery, tallies: dict[str, _Tally], progress: Progress | None) -> int:
    """Every slice in order of time, the next one being read while one is worked on; how many events there were."""
    statement = write_statement(plan)
    readings = plan_readings(run_query, statement)
    members = [np.array([k in source.kinds for k in statement.kinds] + [False]) for source in plan.sources]
    events = 0
    with ThreadPoolExecutor(1, "sigma-read") as pool:
        flying: Future[Slice] = pool.submit(readings[0].run, run_query)
        matchers = plan.matchers()
        for done, following in enumerate([*readings[1:], None], start=1):
            part = flying.result()
            if following is not None:
                flying = pool.submit(following.run, run_query)
            _match_slice(plan, matchers, members, part, tallies)
            events += int(np.count_nonzero(part.kinds >= 0))
            if progress is not None:
                progress(done, len(readings))
    return events


def _match_slice(
    plan: Plan, matchers: dict[Place, Matcher], members: list[Mask], part: Slice, tallies: dict[str, _Tally]
) -> None:
    if len(part.times) == 0:
        return
    nothing = Column([""], np.zeros(len(part.times), dtype=np.int32))
    columns = {place: part.columns.get(place, nothing) for place in plan.places}
    truth: Truth = {}
    for place, matcher in matchers.items():
        truth.update((number, (place, mask)) for number, mask in matcher.match(columns[place].values).items())
    for ref, number in plan.references.items():
        found = compare_fields(columns[ref.left], columns[ref.right], ref.how)
        if found.any():
            truth[number] = None, found
    for source, member in zip(plan.sources, members, strict=True):
        rows = np.flatnonzero(member[part.kinds])  # a kind of -1 is the last of `member`
        if not len(rows):
            continue
        view = View(rows, columns, truth)
        for rule, numbers in zip(source.rules, source.numbers, strict=True):
            places = view.matching(rule.condition, numbers)
            if places is not None:
                _tally(tallies[rule.rule_id], part, places)


def _tally(tally: _Tally, part: Slice, places: npt.NDArray[np.int64]) -> None:
    """Add the matching events; of very many, only the earliest can be kept, so only these are read out."""
    extra = len(places)
    if extra > HITS:
        last = np.partition(part.times[places], HITS - 1)[HITS - 1]
        places = places[part.times[places] <= last]
    ids = [as_text(v) for v in part.ids.take(rows_at(places)).to_pylist()]
    tally.add(part.times[places], ids)
    tally.count += extra - len(places)
