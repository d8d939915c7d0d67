"""Incidents, runs and the stages of the pipeline."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ircopilot.domain.evidence import Frozen

STAGES = ("collect", "timeline", "forensic", "report", "export")
Stage = Literal["collect", "timeline", "forensic", "report", "export"]
RunState = Literal["queued", "running", "done", "failed", "cancelled"]


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


class Action(Frozen):
    """Something to be done, and the finding that asks for it."""

    id: str
    title: str
    phase: Literal["containment", "eradication", "recovery", "post-incident"]
    why: str
    evidence: tuple[str, ...] = ()
    state: Literal["suggested", "open", "done"] = "suggested"
