"""Claims that a table says as well: printed once, as a row with the claim's glyph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ircopilot.contracts.report import ReportDocument, SectionPart
from ircopilot.domain.claims import Claim
from ircopilot.export.citations import mark_of

# A claim that says much more than its row keeps its own sentence.
MORE_THAN_A_ROW = 160


@dataclass(frozen=True, slots=True)
class Tabled:
    """Which claims stand in tables (by claim id), and with which mark each row's claim is (by the row's key)."""

    claims: frozenset[str]
    kinds: dict[str, str]


def tabled_claims(document: ReportDocument) -> Tabled:
    """Technique, indicator and action rows that a claim of their own section words; keys are id, value, title."""
    keys = {
        "techniques": [t.id for t in document.techniques],
        "indicators": [i.value for i in document.indicators],
        "recommendations": [a.title for a in document.actions],
    }
    claims: set[str] = set()
    kinds: dict[str, str] = {}
    for section in document.report.sections:
        for claim, key in _pairs(section, keys.get(section.id, ())):
            if key not in kinds:
                claims.add(claim.id)
                kinds[key] = mark_of(claim)
    return Tabled(frozenset(claims), kinds)


def _pairs(section: SectionPart, keys: Iterable[str]) -> Iterable[tuple[Claim, str]]:
    longest_first = sorted(filter(None, keys), key=lambda key: (-len(key), key))
    for claim in section.claims:
        key = next((key for key in longest_first if key in claim.text), None)
        # What a person worded is printed as worded.
        if key is not None and not claim.by and len(claim.text) <= len(key) + MORE_THAN_A_ROW:
            yield claim, key
