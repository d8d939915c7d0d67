"""Stage report: cited records are read again from the artifacts' bytes, the ledger is computed, drafts go through the gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ircopilot.analysis.activity import density_of
from ircopilot.contracts.report import (
    Activity,
    ActivityLane,
    ArtifactPart,
    IncidentPart,
    ReportDocument,
    RunPart,
    compose_report,
    describe_artifact,
)
from ircopilot.domain.claims import DraftClaim, Drafter, Fact
from ircopilot.domain.event import Event
from ircopilot.domain.findings import Findings
from ircopilot.evidence.reread import read_records
from ircopilot.pipeline.request import EventQuery, Job
from ircopilot.report.draft_offline import NAME, VERSION, draft_report
from ircopilot.report.gate import gate_report
from ircopilot.report.ledger import build_ledger
from ircopilot.report.recommend import recommend
from ircopilot.report.records import CitedRecord, cited_record
from ircopilot.stores.postgres import artifacts, loads


@dataclass(frozen=True, slots=True)
class Written:
    """A report, and what its gate held the drafts against, so that an edit is held against the same."""

    document: ReportDocument
    drafts: tuple[DraftClaim, ...]
    records: tuple[CitedRecord, ...]
    names: dict[str, str]


def write_up(job: Job, findings: Findings, layout: dict[str, Any]) -> Written:
    """The whole report of these findings, every cited event re-read from its artifact."""
    tell = job.progress.stage
    tell("report", 0, 4, "step", "reading the cited records again")
    with job.stores.database.tenant(job.org_id) as tx:
        known = artifacts.list_artifacts(tx, job.incident.incident_id)
        errors = artifacts.artifact_errors_of(tx, job.incident.incident_id)
        committed = loads.committed_loads(tx, job.incident.incident_id)
    facts = build_ledger(findings, known, committed, layout["counts"], samples=layout["samples"])
    ids = _cited(findings, facts, (load.clock.evidence for load in committed))
    events = job.stores.events.fetch_events(job.scope(windowed=False), ids)
    records = reread_cited(job, events.values(), {a.sha256: a.format for a in known})
    cited = {i: cited_record(e, records[i]) for i, e in sorted(events.items())}
    tell("report", 2, 4, "step", "drafting and gating claims")
    names = {t.id: t.name for t in findings.techniques} | {d.rule_id: d.title for d in findings.detections}
    drafter = Drafter(name=NAME, version=VERSION)
    sections = draft_report(findings, facts, known)
    for_gate = {i: record.for_gate() for i, record in cited.items()}
    report = gate_report(sections, for_gate, facts, names, drafter)
    by_artifact = {load.artifact_sha256: load for load in committed}
    parts = tuple(
        _with_errors(describe_artifact(a, by_artifact.get(a.sha256)), errors.get(a.sha256, [])) for a in known
    )
    document = compose_report(
        incident=IncidentPart(
            id=job.incident.key, title=job.incident.title, start=findings.start, end=findings.end, severity=_severity(findings), window=job.request.window,
        ),
        run=_run_part(job),
        artifacts=parts,
        findings=findings,
        report=report,
        actions=recommend(findings),
        events={i: record.for_file() for i, record in cited.items()},
        activity=_activity(job, findings),
    )  # fmt: skip
    claims = sum(len(s.claims) for s in report.sections)
    tell("report", 4, 4, "step", f"{claims} claims, {len(report.rejections)} refused")
    drafts = tuple(d for section in sections for d in section.drafts)
    return Written(document, drafts, tuple(cited.values()), names)


def report_result(written: Written) -> dict[str, Any]:
    """The stage's document: the report whole, how many claims it makes, and what an edit of them is held against."""
    document = written.document
    claims = sum(len(s.claims) for s in document.report.sections)
    ground = {
        "drafts": [d.model_dump(mode="json") for d in written.drafts],
        # The fields stand in the report itself.
        "columns": {r.event_id: {"columns": r.columns, "message": r.message} for r in written.records},
        "names": written.names,
    }
    return {"document": document.model_dump(mode="json"), "claims": claims, "ground": ground}


def _run_part(job: Job) -> RunPart:
    from ircopilot import __version__

    return RunPart(id=job.run_id, started=job.started, finished=datetime.now(UTC), version=__version__)


def _with_errors(part: ArtifactPart, errors: list[Any]) -> ArtifactPart:
    """Errors of the artifact as a whole stand before those of its records."""
    if not errors:
        return part
    return part.model_copy(update={"parse_errors": (*errors, *part.parse_errors), "errors": part.errors + len(errors)})


def _cited(findings: Findings, facts: dict[str, Fact], more: Iterable[Iterable[str]]) -> set[str]:
    """Every event id that the report may cite."""
    holders: tuple[Iterable[Any], ...] = (
        findings.acts, findings.timeline, findings.indicators, findings.techniques, findings.detections, findings.anomalies, facts.values(),
    )  # fmt: skip
    return {i for group in holders for h in group for i in h.evidence} | {i for ids in more for i in ids}


def reread_cited(job: Job, events: Iterable[Event], formats: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The fields of these events as they stand in the artifacts' bytes, by event id; each artifact is read once."""
    wanted: dict[str, dict[str, str]] = defaultdict(dict)
    for event in events:
        wanted[event.artifact_sha256][event.locator] = event.event_id
    found: dict[str, dict[str, Any]] = {}
    for done, (sha256, locators) in enumerate(sorted(wanted.items())):
        job.progress.stage("report", 1 + done / len(wanted), 4, "step", "reading the cited records again")
        with job.stores.vault.open(job.org_id, sha256) as stream:
            for locator, record in read_records(stream, formats[sha256], set(locators)).items():
                found[locators[locator]] = record
    return found


def _severity(findings: Findings) -> Any:
    """The gravest level among the detections that the acts rest on, low where these can be ordinary work; empty without acts."""
    titles = {t for a in findings.acts if not a.context for t in a.rules}
    levels = {d.level for d in findings.detections if d.title in titles}
    found = next((level for level in ("critical", "high", "medium", "low") if level in levels), "")
    return "low" if found and findings.doubtful else found


def _activity(job: Job, findings: Findings) -> Activity | None:
    if findings.start is None or findings.end is None:
        return None
    density = density_of(EventQuery(job.stores, job.scope()), findings.start, findings.end)
    start = datetime.fromtimestamp(0, UTC) + timedelta(seconds=round(density.begin, 3))
    lanes = tuple(ActivityLane(lane=lane, counts=counts) for lane, counts in density.lanes)
    return Activity(start=start, bucket_s=round(density.bucket_s, 6), lanes=lanes)
