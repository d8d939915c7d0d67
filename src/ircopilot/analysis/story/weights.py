"""How much a rule's match says: its level, shared among the programs it matches (a rule that matches everything says nothing)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ircopilot.analysis.query import Row
from ircopilot.analysis.story.names import short_host
from ircopilot.analysis.story.processes import Process, ProcessTable
from ircopilot.domain.findings import Detection

LEVEL_WEIGHT = {"informational": 0.1, "low": 0.5, "medium": 2.0, "high": 5.0, "critical": 8.0}
SEED = 4.5
STRONG = 5.0
VAGUE = 4  # so many different calls that a weak rule matches; more techniques than these that a rule is tagged with


@dataclass(slots=True)
class Suspicion:
    """What rules say of one actor: distinct rules with what each weighs here."""

    rules: dict[str, float] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def score(self) -> float:
        """Sum over distinct rules."""
        return sum(self.rules.values())

    @property
    def strongest(self) -> float:
        """The heaviest rule alone."""
        return max(self.rules.values(), default=0.0)


@dataclass(slots=True)
class RuleHits:
    """Matches of all rules, by event and by rule."""

    detections: dict[str, Detection]
    by_event: dict[str, set[str]]
    weights: dict[str, float]
    # Rules that say who called, not what was called: no call shows their techniques.
    vague: frozenset[str] = frozenset()
    # By what a match on a record of a start that is done over and over is divided.
    usual: Mapping[str, float] = field(default_factory=dict)

    def weight(self, event_id: str, rule: str) -> float:
        """What the match of this rule on this event says, where the same is done over and over less than elsewhere."""
        return self.weights[rule] / self.usual.get(event_id, 1.0)

    def strongest(self, event_id: str) -> float:
        """The weight of the heaviest match on this event, 0 without one."""
        return max((self.weight(event_id, r) for r in self.by_event.get(event_id, ())), default=0.0)

    def of(self, event_ids: Iterable[str]) -> set[str]:
        """Rules that matched any of these events."""
        found: set[str] = set()
        for event_id in event_ids:
            found |= self.by_event.get(event_id, set())
        return found


def weigh_rules(detections: Iterable[Detection], hits: Mapping[str, list[str]], rows: Mapping[str, Row]) -> RuleHits:
    """Rules with their weight: level weight over 1 + log2 of how many (host, program) pairs they match."""
    by_event: dict[str, set[str]] = defaultdict(set)
    known = {d.rule_id: d for d in detections}
    weights: dict[str, float] = {}
    vague: set[str] = set()
    for rule_id, ids in hits.items():
        detection = known.get(rule_id)
        if detection is None:
            continue
        spread = {(short_host(rows[i]["host_name"]), rows[i]["process_name"]) for i in ids if i in rows}
        weights[rule_id] = LEVEL_WEIGHT[detection.level] / (1 + math.log2(max(1, len(spread))))
        # A weak rule that many different calls match says who called; one of many techniques says that any may be meant.
        calls = {rows[i]["event_action"] for i in ids if i in rows and rows[i]["source"] == "aws.cloudtrail"}
        weak = detection.level in ("informational", "low")
        if (weak and len(calls) >= VAGUE) or len({t.split(".")[0] for t in detection.techniques}) > VAGUE:
            vague.add(rule_id)
        for event_id in ids:
            by_event[event_id].add(rule_id)
    return RuleHits(known, dict(by_event), weights, frozenset(vague))


def suspect_processes(table: ProcessTable, hits: RuleHits, rows: Mapping[str, Row]) -> dict[str, Suspicion]:
    """Suspicion by process key, for every process that a matched record names as its actor."""
    found: dict[str, Suspicion] = defaultdict(Suspicion)
    for event_id, rules in hits.by_event.items():
        row = rows.get(event_id)
        process: Process | None = table.actor(row) if row else None
        if row is None or process is None:
            continue
        since = found[process.key].since
        found[process.key].since = min(since, row["time"]) if since else row["time"]
        for rule in rules:
            weight = hits.weight(event_id, rule)
            found[process.key].rules[rule] = max(weight, found[process.key].rules.get(rule, 0.0))
    return dict(found)
