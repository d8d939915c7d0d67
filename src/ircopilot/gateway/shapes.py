"""What goes in and out as JSON. What comes in may hold no member that is not named here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ircopilot.domain.incident import Incident, Run, RunState, Stage
from ircopilot.stores.postgres.deposits import Deposit
from ircopilot.stores.postgres.jobs import DeadLetter

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
# One line of text: no control characters.
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Offset = Annotated[float, Field(ge=-3.2e9, le=3.2e9, allow_inf_nan=False)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class NewIncident(_In):
    """An incident to be opened; without a key it is given one."""

    title: Line
    key: Key | None = None


class NewAction(_In):
    """Something that is to be done, or was done. `time` is when, now if it is left out."""

    title: Line
    state: Literal["open", "done"]
    actor: Line | None = None
    time: AwareDatetime | None = None


class NewRun(_In):
    """What a run is to do. `rules` are SHA-256 of rule sets, `clocks` offsets in seconds by source."""

    rules: tuple[Sha256, ...] = Field(default=(), max_length=50)
    clocks: dict[Source, Offset] = Field(default_factory=dict, max_length=1000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    first_stage: Stage = "collect"
    priority: int = Field(default=5, ge=0, le=9)
    deadline_s: float | None = Field(default=None, gt=0, le=30 * 86400)


class Retry(_In):
    """What a new run does otherwise than the one before; what is left out stays."""

    first_stage: Stage = "collect"
    rules: tuple[Sha256, ...] = Field(default=(), max_length=50)
    clocks: dict[Source, Offset] = Field(default_factory=dict, max_length=1000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    priority: int | None = Field(default=None, ge=0, le=9)
    deadline_s: float | None = Field(default=None, gt=0, le=30 * 86400)


class Cancel(_In):
    """Why a run is stopped."""

    reason: Line | None = None


class DepositOut(BaseModel):
    """What was handed in. `unpacked_at`: a run has looked into it."""

    id: str
    name: str
    sha256: str
    size: int
    received_from: str
    received_at: datetime
    unpacked_at: datetime | None

    @classmethod
    def of(cls, deposit: Deposit) -> DepositOut:
        """Of a stored deposit."""
        fields = {name: getattr(deposit, name) for name in cls.model_fields if name != "id"}
        return cls(id=deposit.deposit_id, **fields)


class IncidentOut(BaseModel):
    """An incident."""

    key: str
    id: str
    title: str

    @classmethod
    def of(cls, incident: Incident) -> IncidentOut:
        """Of a stored incident."""
        return cls(key=incident.key, id=incident.incident_id, title=incident.title)


class IncidentWhole(IncidentOut):
    """An incident with what was handed in to it."""

    evidence: list[DepositOut]


class RunOut(BaseModel):
    """A run. `step` is what it is at, `last_event` the number of its latest event; `priority` 9 goes first."""

    id: str
    incident: str
    state: RunState
    mode: Literal["local", "service"]
    step: str
    priority: int
    parameters: dict[str, Any]
    error: str | None
    last_event: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None

    @classmethod
    def of(cls, run: Run, incident_key: str) -> RunOut:
        """Of a stored run and its incident's key."""
        window = run.parameters.window
        parameters = {
            "first_stage": run.parameters.first_stage,
            "rules": run.parameters.rules,
            "clocks": run.parameters.clocks,
            "since": window.since,
            "until": window.until,
        }
        fields = {name: getattr(run, name) for name in cls.model_fields if name not in ("id", "incident", "parameters")}
        return cls(id=run.run_id, incident=incident_key, parameters=parameters, **fields)


class Received(BaseModel):
    """What was handed in, and the run that looks into it, if one was asked for."""

    deposit: DepositOut
    run: RunOut | None = None


class RuleSetOut(BaseModel):
    """A rule set in the vault; its SHA-256 names it."""

    sha256: str
    size: int


class OutputOut(BaseModel):
    """A file that a run made."""

    name: str
    sha256: str
    size: int


class DeadLetterOut(BaseModel):
    """A job that was given up, and why."""

    job_id: str
    run_id: str
    incident_id: str
    stage: str
    attempt: int
    reason: str

    @classmethod
    def of(cls, letter: DeadLetter) -> DeadLetterOut:
        """Of a stored dead letter."""
        message = letter.message
        stage = str(message.payload.get("step") or message.payload.get("stage") or "")
        return cls(
            job_id=letter.job_id, run_id=message.run_id, incident_id=message.incident_id, stage=stage,
            attempt=letter.attempt, reason=letter.reason,
        )  # fmt: skip


class Incidents(BaseModel):
    """Incidents by key."""

    items: list[IncidentOut]


class Runs(BaseModel):
    """Runs, newest first; `next` is the `before` of the next page."""

    items: list[RunOut]
    next: datetime | None = None


class Outputs(BaseModel):
    """Files by name."""

    items: list[OutputOut]


class DeadLetters(BaseModel):
    """Jobs that were given up, oldest first."""

    items: list[DeadLetterOut]
