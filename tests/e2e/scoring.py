"""How well a report tells a labelled incident: what of the truth it says, in which order, and on what evidence.

Text is compared in lower case with one backslash for each run of them. A fact counts as told when one unit of the
report (a claim, a timeline entry, an indicator …) holds all tokens of one of the fact's alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """The measures of one report. Shares are 0..1, errors are seconds (positive: too late)."""

    fact_recall: float
    narrative_recall: float
    facts_missed: tuple[str, ...]
    facts_missed_in_narrative: tuple[str, ...]
    technique_recall: float
    technique_precision: float
    techniques_missed: tuple[str, ...]
    techniques_unexpected: tuple[str, ...]
    order: float
    order_found: int
    start_error_s: float
    end_error_s: float
    decoys: tuple[str, ...]
    hard_decoys: tuple[str, ...]
    claims: int
    claims_without_evidence: tuple[str, ...]
    unknown_citations: tuple[str, ...]


def score_report(truth: Tree, report: Tree) -> Score:
    """Compare a report of schema `ircopilot/report/v1` with the truth of its incident."""
    told, elsewhere = _narrative(report), _elsewhere(report)
    facts = [fact for fact in truth["facts"] if fact.get("observable", True)]
    in_narrative = {fact["id"] for fact in facts if _told(fact, told)}
    anywhere = in_narrative | {fact["id"] for fact in facts if _told(fact, elsewhere)}
    techniques = _techniques(truth, report)
    order, order_found = _order(truth, report)
    values = _suspected(report)
    return Score(
        fact_recall=_weight(facts, anywhere),
        narrative_recall=_weight(facts, in_narrative),
        facts_missed=tuple(fact["id"] for fact in facts if fact["id"] not in anywhere),
        facts_missed_in_narrative=tuple(fact["id"] for fact in facts if fact["id"] not in in_narrative),
        technique_recall=techniques[0],
        technique_precision=techniques[1],
        techniques_missed=techniques[2],
        techniques_unexpected=techniques[3],
        order=order,
        order_found=order_found,
        start_error_s=_seconds_after(report["incident"]["start"], truth["attack_window"]["start"]),
        end_error_s=_seconds_after(report["incident"]["end"], truth["attack_window"]["end"]),
        decoys=tuple(value for value in truth.get("benign_decoys", ()) if _plain(value) in values),
        hard_decoys=tuple(value for value in truth.get("hard_decoys", ()) if _plain(value) in values),
        claims=len(_claims(report)),
        claims_without_evidence=tuple(c["id"] for c in _claims(report) if c["kind"] != "unknown" and not _based(c)),
        unknown_citations=_unknown_citations(report),
    )


def _plain(value: object) -> str:
    return " ".join(re.sub(r"\\+", r"\\", str(value)).lower().split())


def _claims(report: Tree) -> list[Tree]:
    return [claim for section in report["report"]["sections"] for claim in section["claims"]]


def _entries(report: Tree) -> list[str]:
    names = {entity["id"]: entity["value"] for entity in report["entities"]}
    return [
        _plain(" ".join([entry["time"], entry["summary"], *(str(names.get(e, e)) for e in entry["entities"])]))
        for entry in report["timeline"]
    ]


def _narrative(report: Tree) -> list[str]:
    return [_plain(claim["text"]) for claim in _claims(report) if claim["kind"] != "unknown"] + _entries(report)


def _elsewhere(report: Tree) -> list[str]:
    shown = [entity for entity in report["entities"] if entity["role"] in ("attacker", "victim", "suspicious")]
    return [
        *(_plain(f"{indicator['type']} {indicator['value']}") for indicator in report["indicators"]),
        *(_plain(f"{entity['type']} {entity['value']}") for entity in shown),
        *(_plain(detection["title"]) for detection in report["detections"]),
    ]


def _told(fact: Tree, units: Iterable[str]) -> bool:
    return any(all(_plain(token) in unit for token in tokens) for unit in units for tokens in fact["any_of"])


def _weight(facts: list[Tree], found: set[str]) -> float:
    total = sum(fact.get("weight", 1) for fact in facts)
    return sum(fact.get("weight", 1) for fact in facts if fact["id"] in found) / total


def _techniques(truth: Tree, report: Tree) -> tuple[float, float, tuple[str, ...], tuple[str, ...]]:
    """Recall by parent technique, precision with the acceptable ones, the missed, the unexpected."""
    said = {technique["id"] for technique in report["techniques"]}
    wanted = {technique["id"] for technique in truth["techniques"] if technique.get("observable", True)}
    allowed = {_parent(name) for name in (*wanted, *truth.get("acceptable_techniques", ()))}
    said_parents = {_parent(name) for name in said}
    missed = tuple(sorted(name for name in wanted if _parent(name) not in said_parents))
    unexpected = tuple(sorted(name for name in said if _parent(name) not in allowed))
    return 1 - len(missed) / len(wanted), 1 - len(unexpected) / max(1, len(said)), missed, unexpected


def _parent(technique: str) -> str:
    return technique.partition(".")[0]


def _order(truth: Tree, report: Tree) -> tuple[float, int]:
    """Kendall's tau between the true order of the steps and that of the timeline, and how many steps it names."""
    entries = _entries(report)
    facts = {fact["id"]: fact for fact in truth["facts"]}
    places = [
        next((n for n, entry in enumerate(entries) if _told(facts[name], [entry])), -1) for name in truth["order"]
    ]
    found = [place for place in places if place >= 0]
    pairs = list(combinations(found, 2))
    return sum((b > a) - (b < a) for a, b in pairs) / max(1, len(pairs)), len(found)


def _seconds_after(time: str, reference: str) -> float:
    return (datetime.fromisoformat(time) - datetime.fromisoformat(reference)).total_seconds()


def _suspected(report: Tree) -> set[str]:
    """What the report blames: indicators, and entities as attacker or suspicious; a path also by its last part."""
    values = [_plain(indicator["value"]) for indicator in report["indicators"]]
    values += [_plain(e["value"]) for e in report["entities"] if e["role"] in ("attacker", "suspicious")]
    return {*values, *(re.split(r"[\\/]", value)[-1] for value in values)}


def _based(claim: Tree) -> bool:
    return bool(claim["evidence"])


def _unknown_citations(report: Tree) -> tuple[str, ...]:
    holders = _claims(report)
    for name in ("timeline", "indicators", "techniques", "detections", "anomalies"):
        holders += report[name]
    cited = {event for holder in holders for event in holder["evidence"]}
    return tuple(sorted(cited - set(report["events"])))
