"""What goes in and out as JSON. What comes in may hold no member that is not named here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, StringConstraints
from pydantic_core import CoreSchema

from ircopilot.domain.incident import Run, RunState, Stage
from ircopilot.gateway.moments import Moment
from ircopilot.stores.postgres.deposits import Deposit
from ircopilot.stores.postgres.jobs import DeadLetter

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
# One line of text: no control characters.
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]


Words = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Offset = Annotated[float, Field(ge=-3.2e9, le=3.2e9, allow_inf_nan=False)]

INCIDENT = {"key": "INC-7", "id": "6a2f41c3-9b1e-5f0a-8d1c-3c2b7a9e4f10", "title": "Laptop of accounting"}
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
DEPOSIT = {
    "id": "0d9c1f5e-3b67-5a44-9a51-0c1d2e3f4a5b", "name": "auth.log", "sha256": SHA256, "size": 1_048_576,
    "received_from": "key 9f86d081884c7d65", "received_at": "2026-03-10T10:00:00Z", "unpacked_at": None,
}  # fmt: skip
RUN = {
    "id": "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b", "incident": "INC-7", "state": "queued", "mode": "service",
    "step": "", "priority": 5,
    "parameters": {"first_stage": "collect", "rules": [], "clocks": {}, "since": None, "until": None}, "error": None,
    "last_event": 1, "created_at": "2026-03-10T10:00:01Z", "started_at": None, "finished_at": None, "deadline": None,
}  # fmt: skip
OUTPUT = {"name": "report.pdf", "sha256": SHA256, "size": 310_774}
LETTER = {
    "job_id": "b2c1-collect-0", "run_id": RUN["id"], "incident_id": INCIDENT["id"], "stage": "collect", "attempt": 5,
    "reason": "the worker was lost five times",
}  # fmt: skip


def shown(example: dict[str, Any]) -> ConfigDict:
    """A model's example, which the OpenAPI shows: `model_config = shown({…})`."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def _make_strict(schema: Any) -> None:
    """Only numbers and truths: a strict model would want times and ids as objects, and JSON has none."""
    if isinstance(schema, dict):
        if schema.get("type") in ("bool", "int", "float"):
            schema["strict"] = True
        for part in schema.values():
            _make_strict(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _make_strict(part)


class In(BaseModel):
    """What comes in: no member that is not named, and numbers and truths as themselves, neither 0 nor "no" for false."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _make_strict(schema)
        return schema


class NewRun(In):
    """What a run is to do. `rules` are SHA-256 of rule sets, `clocks` offsets in seconds by source."""

    model_config = shown({"priority": 7, "since": "2026-03-10T00:00:00Z", "clocks": {"windows.sysmon": -7200}})

    rules: tuple[Sha256, ...] = Field(default=(), max_length=50)
    clocks: dict[Source, Offset] = Field(default_factory=dict, max_length=1000)
    since: Moment | None = None
    until: Moment | None = None
    first_stage: Stage = "collect"
    priority: int = Field(default=5, ge=0, le=9)
    deadline_s: float | None = Field(default=None, gt=0, le=30 * 86400)


class Retry(In):
    """What a new run does otherwise than the one before; what is left out stays."""

    model_config = shown({"first_stage": "forensic"})

    first_stage: Stage = "collect"
    rules: tuple[Sha256, ...] = Field(default=(), max_length=50)
    clocks: dict[Source, Offset] = Field(default_factory=dict, max_length=1000)
    since: Moment | None = None
    until: Moment | None = None
    priority: int | None = Field(default=None, ge=0, le=9)
    deadline_s: float | None = Field(default=None, gt=0, le=30 * 86400)


class Cancel(In):
    """Why a run is stopped."""

    model_config = shown({"reason": "the wrong evidence"})

    reason: Line | None = None


class DepositOut(BaseModel):
    """What was handed in. `unpacked_at`: a run has looked into it."""

    model_config = shown(DEPOSIT)

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


class RunOut(BaseModel):
    """A run. `step` is what it is at, `last_event` the number of its latest event; `priority` 9 goes first."""

    model_config = shown(RUN)

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

    model_config = shown({"deposit": DEPOSIT, "deposits": [DEPOSIT], "run": None})

    deposit: DepositOut
    deposits: list[DepositOut] = Field(description="All of them, when a form brought several.")
    run: RunOut | None = None


class RuleSetOut(BaseModel):
    """A rule set in the vault; its SHA-256 names it."""

    model_config = shown({"sha256": SHA256, "size": 48_213})

    sha256: str
    size: int


class OutputOut(BaseModel):
    """A file that a run made."""

    model_config = shown(OUTPUT)

    name: str
    sha256: str
    size: int


class DeadLetterOut(BaseModel):
    """A job that was given up, and why."""

    model_config = shown(LETTER)

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


class Runs(BaseModel):
    """Runs, newest first; `next` is the `before` of the next page."""

    model_config = shown({"items": [RUN], "next": None})

    items: list[RunOut]
    next: datetime | None = None


class Outputs(BaseModel):
    """Files by name."""

    model_config = shown({"items": [OUTPUT]})

    items: list[OutputOut]


class DeadLetters(BaseModel):
    """Jobs that were given up, oldest first."""

    model_config = shown({"items": [LETTER]})

    items: list[DeadLetterOut]
