"""Actions as they go in and out as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from ircopilot.domain.incident import Phase
from ircopilot.domain.work import ActionSource, ActionState, Citation, Task
from ircopilot.gateway.incidents.shapes import Member, Text
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.shapes import DEPOSIT, DepositOut, In, Line, RunOut, Words, shown

Noted = Literal["open", "in-progress", "blocked", "done", "dismissed"]
CitedId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
EXAMPLE = {
    "id": "0d9c1f5e-3b67-5a44-9a51-0c1d2e3f4a5b", "incident": "INC-7", "title": "Isolate FIN-WS07", "description": "",
    "state": "done", "phase": "containment", "owner": None, "role": "", "due_at": None, "rank": "i0000000",
    "why": "the attacker acted on it", "citations": [{"type": "event", "id": "9f86d081884c7d659a2feaa0c55ad015"}],
    "source": "report", "source_ref": None, "created_by": "9f86d081884c7d65", "created_at": "2026-03-10T10:00:00Z",
    "updated_at": "2026-03-10T10:02:00Z", "done_at": "2026-03-10T10:02:00Z", "version": 2,
}  # fmt: skip


class CitationIn(In):
    """What an action rests on: the id of a claim, detection, event, artifact or entity."""

    model_config = shown({"type": "event", "id": "9f86d081884c7d659a2feaa0c55ad015"})

    type: Literal["claim", "detection", "event", "artifact", "entity"]
    id: CitedId


Citations = Annotated[tuple[CitationIn, ...], Field(max_length=100)]


class NewAction(In):
    """Something that is to be done, or was done. `time` is when it was opened or done, now if it is left out; `actor` who
    did it, the caller if it is left out. The title names the action: noting it again says what state it is in then.
    """

    model_config = shown({"title": "Isolate FIN-WS07", "state": "done", "time": "2026-03-10T10:02:00Z"})

    title: Line
    state: Noted = "open"
    actor: Line | None = None
    time: Moment | None = None
    description: Text = ""
    phase: Phase = "containment"
    owner: Member | None = None
    role: Words = ""
    due_at: Moment | None = None
    why: Text = ""
    citations: Citations = ()

    def more(self) -> dict[str, Any]:
        """What a new action has besides title and state."""
        names = ("description", "phase", "owner", "role", "due_at", "why")
        return {name: getattr(self, name) for name in names} | {"citations": cited(self.citations)}


class ActionChange(In):
    """What is to be changed; what is left out stays. `time` and `actor` belong to a new `state`."""

    model_config = shown({"state": "done", "time": "2026-03-10T10:02:00Z"})

    title: Line | None = None
    state: Noted | None = None
    actor: Line | None = None
    time: Moment | None = None
    description: Text | None = None
    phase: Phase | None = None
    owner: Member | None = None
    role: Words | None = None
    due_at: Moment | None = None
    citations: Citations | None = None

    def given(self) -> dict[str, Any]:
        """What was sent; null empties owner and due date, and elsewhere counts as left out."""
        sent = {name: getattr(self, name) for name in self.model_fields_set - {"time", "actor"}}
        kept = {name: value for name, value in sent.items() if value is not None or name in ("owner", "due_at")}
        return kept | ({"citations": cited(self.citations)} if self.citations is not None else {})


class ActionMove(In):
    """Where an action goes: into a state (the one that it has, if left out), before or after another; else to the end."""

    model_config = shown({"state": "in-progress", "before": "5b2a7c1e-0c1d-5e3f-8a4b-9d8c7b6a5f40"})

    state: Noted | None = None
    before: CitedId | None = None
    after: CitedId | None = None
    actor: Line | None = None
    time: Moment | None = None

    @model_validator(mode="after")
    def _one_neighbour(self) -> Self:
        if self.before is not None and self.after is not None:
            raise ValueError("name one neighbour: before or after")
        return self


class ActionOut(BaseModel):
    """An action. `rank` orders those of one state; `source_ref` says which report's run or playbook it came from."""

    model_config = shown(EXAMPLE)

    id: str
    incident: str
    title: str
    description: str
    state: ActionState
    phase: Phase
    owner: str | None
    role: str
    due_at: datetime | None
    rank: str
    why: str
    citations: list[Citation]
    source: ActionSource
    source_ref: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    done_at: datetime | None
    version: int

    @classmethod
    def of(cls, task: Task, incident_key: str) -> ActionOut:
        """Of a stored action and its incident's key."""
        fields = {name: getattr(task, name) for name in cls.model_fields if name not in ("id", "incident")}
        return cls(id=task.action_id, incident=incident_key, **fields)


class Actions(BaseModel):
    """A page of actions."""

    model_config = shown({"items": [EXAMPLE], "next": None})

    items: list[ActionOut]
    next: str | None = None


class ActionReceived(BaseModel):
    """The action, its line of evidence, and the run that looks into it, if one was asked for."""

    model_config = shown({"deposit": DEPOSIT, "run": None, "action": EXAMPLE})

    deposit: DepositOut
    run: RunOut | None = None
    action: ActionOut


def cited(given: Citations) -> tuple[Citation, ...]:
    """Citations as they are kept."""
    return tuple(Citation(type=one.type, id=one.id) for one in given)
