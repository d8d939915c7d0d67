"""Incidents, runs and the stages of the pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ircopilot.domain.evidence import Frozen

STAGES = ("collect", "timeline", "forensic", "report", "export")
Stage = Literal["collect", "timeline", "forensic", "report", "export"]
RunState = Literal["queued", "running", "cancelling", "done", "failed", "cancelled"]
OVER: tuple[RunState, ...] = ("done", "failed", "cancelled")


class Incident(Frozen):
    """An incident. `key` is what people call it (INC-…), `incident_id` a UUID derived from organisation and key."""

    incident_id: str
    org_id: str
    key: str
    title: str


class Window(Frozen):
    """The part of time that the user asked for (`--since`, `--until`), UTC; None is open."""

    since: datetime | None = None
    until: datetime | None = None


class RunParameters(Frozen):
    """What a run is asked to do, fixed when it is asked for, so that every worker of it does the same.

    `first_stage`: earlier stages are not done again. `rules`: SHA-256 of rule sets in the vault. `clocks`: a source's
    offset in seconds. `part_events`, `part_bytes`: how much evidence is worth a job of its own.
    """

    first_stage: Stage = "collect"
    rules: tuple[str, ...] = ()
    clocks: dict[str, float] = Field(default_factory=dict)
    window: Window = Field(default_factory=Window)
    part_events: int = Field(default=250_000, ge=1)
    part_bytes: int = Field(default=16 << 20, ge=1)


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
