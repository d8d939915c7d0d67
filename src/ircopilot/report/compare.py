"""What differs between two versions of a report: sentences that stand, figures, findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ircopilot.contracts.report import ReportDocument
from ircopilot.domain.claims import Fact
from ircopilot.report.edited import HIDDEN
from ircopilot.stores.postgres.report_versions import ClaimRow

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Changed claims as (change, before, after), changed figures by name, and how many claims are the same."""

    claims: list[tuple[Change, ClaimRow | None, ClaimRow | None]]
    facts: list[tuple[str, Fact | None, Fact | None]]
    same: int


def compare_versions(
    before: Iterable[ClaimRow], after: Iterable[ClaimRow], facts: tuple[Mapping[str, Fact], Mapping[str, Fact]]
) -> Compared:
    """Claims are paired by section and words, else by what they say underneath, else by the records that they cite."""
    old, new = _standing(before), _standing(after)
    pairs: list[tuple[ClaimRow, ClaimRow]] = []
    for key in (_words, _meaning, _records):
        found = {key(row): row for row in reversed(new) if key(row)}
        for row in list(old):
            match = found.pop(key(row), None) if key(row) else None
            if match is not None:
                pairs.append((row, match))
                old.remove(row)
                new.remove(match)
    changed = [(a, b) for a, b in pairs if _said(a) != _said(b)]
    claims: list[tuple[Change, ClaimRow | None, ClaimRow | None]] = [("changed", a, b) for a, b in changed]
    claims += [("removed", row, None) for row in old]
    claims += [("added", None, row) for row in new]
    names = sorted(facts[0].keys() | facts[1].keys())
    figures = [(n, facts[0].get(n), facts[1].get(n)) for n in names]
    return Compared(claims, [f for f in figures if _value(f[1]) != _value(f[2])], len(pairs) - len(changed))


def compare_ids(before: Iterable[str], after: Iterable[str]) -> dict[str, list[str]]:
    """Which ids came and went."""
    old, new = set(before), set(after)
    return {"added": sorted(new - old), "removed": sorted(old - new)}


def finding_ids(document: ReportDocument) -> dict[str, list[str]]:
    """Ids of entities and techniques, and type and value of indicators."""
    return {
        "entities": [e.id for e in document.entities],
        "indicators": [f"{i.type}:{i.value}" for i in document.indicators],
        "techniques": [t.id for t in document.techniques],
    }


def _standing(rows: Iterable[ClaimRow]) -> list[ClaimRow]:
    return [row for row in rows if row.decision not in HIDDEN]


def _words(row: ClaimRow) -> tuple[Any, ...]:
    return row.section, row.claim["text"]


def _meaning(row: ClaimRow) -> tuple[Any, ...] | None:
    draft = row.drafted["draft"] if row.drafted else row.draft
    named = (draft["subject"], tuple(draft["objects"]), tuple(draft["basis"]["facts"]))
    return (row.section, draft["verb"], *named, draft["host"], draft["time"]) if any(named) else None


def _records(row: ClaimRow) -> tuple[Any, ...] | None:
    cited = tuple(sorted(row.claim["evidence"]))
    return (row.section, cited) if cited else None


def _said(row: ClaimRow) -> tuple[Any, ...]:
    claim = row.claim
    return claim["text"], claim["kind"], claim["status"], tuple(sorted(claim["evidence"]))


def _value(fact: Fact | None) -> Any:
    return None if fact is None else (fact.value, fact.unit)
