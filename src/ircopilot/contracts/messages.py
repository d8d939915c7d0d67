"""What travels on the bus: five subjects of the JetStream stream INCIDENT, one message shape."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ircopilot.domain.evidence import Frozen
from ircopilot.domain.incident import Stage

STREAM = "INCIDENT"
Subject = Literal["incident.collect", "timeline.build", "forensic.run", "report.draft", "export.make"]
SUBJECT_OF: dict[Stage, Subject] = {
    "collect": "incident.collect",
    "timeline": "timeline.build",
    "forensic": "forensic.run",
    "report": "report.draft",
    "export": "export.make",
}
SUBJECTS: tuple[Subject, ...] = tuple(SUBJECT_OF.values())
# The durable consumer that all workers of a kind share. The relay makes it, and asks it how much is waiting.
DURABLE_OF: dict[Subject, str] = {subject: subject.replace(".", "-") for subject in SUBJECTS}


class JobMessage(Frozen):
    """A job for a worker. `attempt` counts from 1; `payload` is the stage's own."""

    job_id: str
    org_id: str
    incident_id: str
    run_id: str
    attempt: int = Field(ge=1)
    payload: dict[str, Any] = Field(default_factory=dict)

    @property
    def message_id(self) -> str:
        """`Nats-Msg-Id`: with the attempt, else JetStream swallows a retry inside its two-minute window."""
        return f"{self.job_id}:{self.attempt}"
