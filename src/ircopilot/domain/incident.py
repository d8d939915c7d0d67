"""Incidents, runs and the stages of the pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from ircopilot.domain.evidence import Frozen

STAGES = ("collect", "timeline", "forensic", "report", "export")
Stage = Literal["collect", "timeline", "forensic", "report", "export"]
RunState = Literal["queued", "running", "cancelling", "done", "failed", "cancelled"]
RunKind = Literal["analysis", "export"]
OVER: tuple[RunState, ...] = ("done", "failed", "cancelled")


Severity = Literal["informational", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# The phases of NIST SP 800-61r2 §3, the second one, containment, eradication and recovery, in its parts.
Phase = Literal["detection-and-analysis", "containment", "eradication", "recovery", "post-incident"]
PHASES: tuple[Phase, ...] = get_args(Phase)
Status = Literal["detection-and-analysis", "containment", "eradication", "recovery", "post-incident", "closed"]
STATUSES: tuple[Status, ...] = get_args(Status)
# The Traffic Light Protocol 2.0: https://www.first.org/tlp/
Tlp = Literal["red", "amber+strict", "amber", "green", "clear"]
CloseReason = Literal["resolved", "false-positive", "duplicate", "accepted-risk", "other", "merged"]


class Incident(Frozen):
    """An incident. `key` is what people call it (INC-…), `incident_id` a UUID derived from organisation and key."""

    incident_id: str
    org_id: str
    key: str
    title: str


class Case(Incident):
    """An incident as people work on it. Times are UTC, in the order in which they stand here.

    `status` is a phase of NIST SP 800-61, or closed. `lead` and `granted` are principals: ids of members or keys. Of a
    `restricted` incident only they and those who may restrict know. `merged_into` is the incident that goes on instead.
    `version` grows with every change of these fields.
    """

    summary: str = ""
    severity: Severity = "medium"
    status: Status = "detection-and-analysis"
    lead: str | None = None
    tags: tuple[str, ...] = ()
    tlp: Tlp = "amber"
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    contained_at: datetime | None = None
    recovered_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: CloseReason | None = None
    close_note: str = ""
    merged_into: str | None = None
    restricted: bool = False
    legal_hold: bool = False
    retain_until: datetime | None = None
    opened_by: str = ""
    created_at: datetime
    updated_at: datetime
    version: int = 1


class Window(Frozen):
    """The part of time that the user asked for (`--since`, `--until`), UTC; None is open."""

    since: datetime | None = None
    until: datetime | None = None


class RunParameters(Frozen):
    """What a run is asked to do, fixed when it is asked for, so that every worker of it does the same.

    `first_stage`: earlier stages are not done again. `rules`: SHA-256 of rule sets in the vault. `clocks`: a source's
    offset in seconds. `part_events`, `part_bytes`: how much evidence is worth a job of its own. `export`: the run makes
    nothing but the export of that id, of a report that is there.
    """

    first_stage: Stage = "collect"
    rules: tuple[str, ...] = ()
    clocks: dict[str, float] = Field(default_factory=dict)
    window: Window = Field(default_factory=Window)
    part_events: int = Field(default=250_000, ge=1)
    part_bytes: int = Field(default=16 << 20, ge=1)
    export: str = ""


class Run(Frozen):
    """One passage of the pipeline over one incident. `step` is what a service run is at (`collect/load`), times UTC."""

    run_id: str
    org_id: str
    incident_id: str
    state: RunState
    mode: Literal["local", "service"] = "local"
    step: str = ""
    priority: int = 5
    parameters: RunParameters = Field(default_factory=RunParameters)
    error: str | None = None
    last_event: int = 0
    created_at: datetime
    started_at: datetime
    finished_at: datetime | None = None
    deadline: datetime | None = None


class Action(Frozen):
    """Something to be done, and the finding that asks for it."""

    id: str
    title: str
    phase: Literal["containment", "eradication", "recovery", "post-incident"]
    why: str
    evidence: tuple[str, ...] = ()
    state: Literal["suggested", "open", "done"] = "suggested"
