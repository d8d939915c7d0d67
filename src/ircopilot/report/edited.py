"""A version of a report as a document: the drafted one with people's decisions, and nothing published that is no `Claim`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ircopilot.contracts.report import TLP, Decided, Edition, ReportDocument, SectionPart, cited_ids
from ircopilot.domain.claims import Claim
from ircopilot.domain.findings import Indicator
from ircopilot.domain.incident import Case
from ircopilot.report.findings import judged_indicators, said_of_entity
from ircopilot.report.ground import Ground
from ircopilot.report.records import CitedRecord
from ircopilot.report.versions import approval_of, editors_of
from ircopilot.stores.postgres import Tx, analyst_words, report_records, report_versions
from ircopilot.stores.postgres.analyst_words import IndicatorWord
from ircopilot.stores.postgres.principals import name_of_principal
from ircopilot.stores.postgres.report_versions import ClaimRow, VersionRow

HIDDEN = frozenset({"rejected", "deleted"})
# What stands beside a section's sentences, and goes with them.
_TABLES = {
    "what-happened": "timeline", "techniques": "techniques", "indicators": "indicators", "recommendations": "actions",
}  # fmt: skip


def decided_of(tx: Tx, case: Case, ground: Ground) -> Decided:
    """What people have decided of the incident by now, beside what the analysis that the version rests on proposed."""
    found = ground.document.incident.severity
    return Decided(
        title=case.title, severity=case.severity, status=case.status,
        lead=name_of_principal(tx, case.lead) if case.lead else "",
        proposed_severity="" if found == case.severity else found,
    )  # fmt: skip


def edited_document(
    tx: Tx, ground: Ground, version: VersionRow, decided: Decided | None, tlp: TLP | None = None,
    sections: Sequence[str] = (),
) -> ReportDocument:  # fmt: skip
    """The version whole, or its `sections`. It holds the records that it cites and no others. `decided` is what its head
    says of the incident (None: what the analysis says).
    """
    rows = report_versions.claims_of(tx, version.incident_id, version.number)
    verdicts = analyst_words.indicator_words_of(tx, version.incident_id)
    roles = analyst_words.entity_words_of(tx, version.incident_id)
    base = ground.document
    entities = tuple(said_of_entity(e, roles.get(e.id)) for e in base.entities)
    benign = {word.value for word in verdicts.values() if word.verdict == "benign"}
    parts = edited_sections(ground, rows, benign)
    document = base.model_copy(
        update={
            "entities": entities,
            "indicators": _indicators(ground, verdicts),
            "report": base.report.model_copy(update={"sections": tuple(parts)}),
            "edition": _edition(tx, version, rows, tlp, sections).model_copy(update={"decided": decided}),
        }
    )
    if decided:
        head = {"title": decided.title, "severity": decided.severity}
        document = document.model_copy(update={"incident": document.incident.model_copy(update=head)})
    if sections:
        document = _only(document, sections)
    return _with_records(tx, version.incident_id, ground, document)


def edited_sections(ground: Ground, rows: Iterable[ClaimRow], benign: Iterable[str] = ()) -> list[SectionPart]:
    """The sections with the claims that stand, in reading order; a line that only names a benign indicator is left out."""
    standing: dict[str, list[Claim]] = {}
    names = tuple(f": {value}" for value in benign)
    for row in sorted(rows, key=lambda r: (r.position, r.claim_id)):
        if row.decision in HIDDEN:
            continue
        claim = Claim.model_validate(row.claim)
        if claim.section == "indicators" and not claim.by and claim.text.endswith(names or ("\0",)):
            continue
        standing.setdefault(row.section, []).append(claim)
    return [
        SectionPart(id=s.id, title=s.title, claims=tuple(standing.get(s.id, ())))
        for s in ground.document.report.sections
    ]


def _indicators(ground: Ground, words: Mapping[str, IndicatorWord]) -> tuple[Indicator, ...]:
    found = judged_indicators(ground.document.indicators, words)
    return tuple(
        Indicator(type=i.type, value=i.value, evidence=i.evidence, why=i.why)
        for i in found
        if i.verdict != "benign" and i.evidence
    )


def _edition(
    tx: Tx, version: VersionRow, rows: Iterable[ClaimRow], tlp: TLP | None, sections: Sequence[str]
) -> Edition:
    counts = Counter(row.decision for row in rows)
    approved = (
        approval_of(tx, version.incident_id, version.number) if version.state in ("approved", "published") else None
    )
    return Edition(
        version=version.number, state=version.state, accepted=counts["accepted"], edited=counts["edited"],
        added=counts["added"], rejected=counts["rejected"] + counts["deleted"], tlp=tlp, sections=tuple(sections),
        editors=tuple(sorted(set(editors_of(tx, version.incident_id, version.number).values()))),
        approved_by=approved.by if approved else "", approved_at=approved.at if approved else None,
    )  # fmt: skip


def _only(document: ReportDocument, sections: Sequence[str]) -> ReportDocument:
    """The named sections, and the tables that belong to them."""
    kept = tuple(s for s in document.report.sections if s.id in sections)
    emptied: dict[str, Any] = {table: () for section, table in _TABLES.items() if section not in sections}
    rejections = tuple(r for r in document.report.rejections if r.section in sections)
    part = document.report.model_copy(update={"sections": kept, "rejections": rejections})
    return document.model_copy(update={**emptied, "report": part})


def _with_records(tx: Tx, incident_id: str, ground: Ground, document: ReportDocument) -> ReportDocument:
    wanted = cited_ids(document)
    records = {i: ground.records[i].for_file() for i in wanted if i in ground.records}
    more = report_records.kept_records(tx, incident_id, wanted - records.keys())
    records |= {i: CitedRecord.model_validate(record).for_file() for i, record in more.items()}
    return document.model_copy(update={"events": dict(sorted(records.items()))})
