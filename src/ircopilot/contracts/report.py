"""`report.json`, version `ircopilot/report/v1`: the one object that every exporter reads and `verify` checks.

`ReportDocument` is the file, field by field; `tools/write_schema.py` makes the published JSON Schema from it.
Only `run` may differ between two runs over the same evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue

from ircopilot.domain.claims import Claim, ClaimKind, Drafter, Fact, Rejection, Report
from ircopilot.domain.evidence import Artifact, Clock, Frozen, Load, ParseError
from ircopilot.domain.findings import (
    Anomaly,
    Detection,
    Entity,
    Findings,
    Indicator,
    Kind,
    Level,
    Technique,
    TimelineEntry,
)
from ircopilot.domain.incident import Action, Severity, Status, Window

SCHEMA_NAME = "ircopilot/report/v1"
SCHEMA_FILE = "report.schema.json"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the plaintext, lower-case hex")]
EventId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="see docs/report-format.md, event ids")]


class IncidentPart(Frozen):
    """What happened, in one line, and between when: `start` and `end` are the first and last malicious act."""

    id: str
    title: str
    start: datetime | None
    end: datetime | None
    severity: Level | Literal[""] = ""
    window: Window = Field(default=Window(), description="the part of time that was asked for; null is open")


class RunPart(Frozen):
    """This run of the program. The only part that may differ between two runs over the same evidence."""

    id: str
    started: datetime
    finished: datetime
    version: str


class ArtifactPart(Frozen):
    """An artifact and what was read from it: records = events + errors + skips."""

    id: str = Field(description="the artifact's sha256")
    name: str
    sha256: Sha256
    parent_sha256: Sha256 | None = None
    member: str | None = None
    size: int
    media_type: str = "application/octet-stream"
    format: str = ""
    mapping: str = Field(default="", description="the mapping that gave its records meaning")
    mapping_version: str = ""
    records: int = 0
    events: int = 0
    skips: int = 0
    errors: int = Field(default=0, description="how many could not be read; `parse_errors` lists the first of them")
    parse_errors: tuple[ParseError, ...] = ()
    clock: Clock | None = None
    first_time: datetime | None = None
    last_time: datetime | None = None


class SectionPart(Frozen):
    """A section of the report, its gated claims in reading order."""

    id: str
    title: str
    claims: tuple[Claim, ...]


class RejectedClaim(Frozen):
    """A drafted sentence that the gate refused, and why. Shown to the analyst as refused, never as a claim."""

    id: str
    section: str
    text: str
    kind: ClaimKind
    reasons: tuple[str, ...]
    evidence: tuple[str, ...] = ()


class ReportPart(Frozen):
    """The postmortem: claims that passed the gate, who worded them, and what was refused."""

    sections: tuple[SectionPart, ...]
    drafter: Drafter
    rejections: tuple[RejectedClaim, ...] = ()


class CitedEvent(Frozen):
    """A cited record, whole, read again from the artifact's bytes. `fields` holds its values as they stand there."""

    time: datetime
    time_recorded: datetime
    artifact: Sha256
    locator: str
    fields: dict[str, JsonValue]
    kind: Kind = "log"
    source: str = ""
    time_field: str = ""


class ActivityLane(Frozen):
    """How many events one host (or other lane) has in each bucket."""

    lane: str
    counts: tuple[int, ...]


class Activity(Frozen):
    """Density of all events, for figures: bucket i covers `start + i * bucket_s` up to the next."""

    start: datetime
    bucket_s: float
    lanes: tuple[ActivityLane, ...]


TLP = Literal["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"]
ReportState = Literal["draft", "in_review", "approved", "published"]


class Decided(Frozen):
    """What people had decided of the incident when this copy was asked for: `incident` has their title and severity.

    `proposed_severity` is the analysis' where it differs from theirs, else empty. `lead` is a name.
    """

    title: str
    severity: Severity
    status: Status
    lead: str = ""
    proposed_severity: Level | Literal[""] = ""


class Edition(Frozen):
    """What people made of a drafted report, and how this copy of it may be passed on (FIRST TLP 2.0).

    `accepted`, `edited`, `added` and `rejected` count claims, `redacted` the values that were replaced by placeholders.
    """

    version: int
    state: ReportState
    accepted: int = 0
    edited: int = 0
    added: int = 0
    rejected: int = 0
    editors: tuple[str, ...] = ()
    approved_by: str = ""
    approved_at: datetime | None = None
    tlp: TLP | None = None
    redacted: int = 0
    sections: tuple[str, ...] = Field(default=(), description="the sections of this copy; none named: all")
    decided: Decided | None = Field(default=None, description="null in copies of before it was told")


class ReportDocument(Frozen):
    """The whole of report.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_name: Literal["ircopilot/report/v1"] = Field(default="ircopilot/report/v1", alias="schema")
    incident: IncidentPart
    run: RunPart
    artifacts: tuple[ArtifactPart, ...]
    entities: tuple[Entity, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    techniques: tuple[Technique, ...] = ()
    detections: tuple[Detection, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    report: ReportPart
    facts: dict[str, Fact] = Field(default={})
    actions: tuple[Action, ...] = ()
    activity: Activity | None = None
    edition: Edition | None = Field(default=None, description="left out of a report that nobody edited")
    events: dict[EventId, CitedEvent]


_OF_LOAD = (
    "mapping", "mapping_version", "records", "events", "skips", "errors", "parse_errors", "clock", "first_time",
    "last_time",
)  # fmt: skip


def describe_artifact(artifact: Artifact, load: Load | None) -> ArtifactPart:
    """The report's part for an artifact and its committed load (None: nothing in it could be read)."""
    part = ArtifactPart(
        id=artifact.sha256,
        name=artifact.name,
        sha256=artifact.sha256,
        parent_sha256=artifact.parent_sha256,
        member=artifact.member,
        size=artifact.size,
        media_type=artifact.media_type,
        format=artifact.format,
    )
    if load is None:
        return part
    return part.model_copy(update={name: getattr(load, name) for name in _OF_LOAD})


def describe_rejection(rejection: Rejection) -> RejectedClaim:
    """The report's part for a refused sentence."""
    draft = rejection.draft
    return RejectedClaim(
        id=draft.id,
        section=draft.section,
        text=draft.text,
        kind=draft.kind,
        reasons=rejection.reasons,
        evidence=draft.evidence,
    )


def compose_report(
    incident: IncidentPart,
    run: RunPart,
    artifacts: tuple[ArtifactPart, ...],
    findings: Findings,
    report: Report,
    actions: tuple[Action, ...],
    events: Mapping[str, CitedEvent],
    activity: Activity | None = None,
) -> ReportDocument:
    """One document of what the stages made. `events` must hold every event that anything in it cites."""
    sections = tuple(SectionPart(id=s.id, title=s.title, claims=s.claims) for s in report.sections)
    rejections = tuple(describe_rejection(r) for r in report.rejections)
    return ReportDocument(
        incident=incident,
        run=run,
        artifacts=artifacts,
        entities=findings.entities,
        indicators=findings.indicators,
        techniques=findings.techniques,
        detections=findings.detections,
        anomalies=findings.anomalies,
        timeline=findings.timeline,
        report=ReportPart(sections=sections, drafter=report.drafter, rejections=rejections),
        facts=dict(report.facts),
        actions=actions,
        activity=activity,
        events=dict(events),
    )


def cited_ids(document: ReportDocument) -> set[str]:
    """Every event id that any part of the document cites, refused sentences left out."""
    groups: tuple[Iterable[Any], ...] = (
        document.indicators,
        document.techniques,
        document.detections,
        document.anomalies,
        document.timeline,
        document.actions,
        document.facts.values(),
        (claim for section in document.report.sections for claim in section.claims),
        (part.clock for part in document.artifacts if part.clock),
    )
    return {event_id for group in groups for holder in group for event_id in holder.evidence}
