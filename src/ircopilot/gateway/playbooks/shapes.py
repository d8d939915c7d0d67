"""Playbooks as they go in and out as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from ircopilot.domain.incident import Phase
from ircopilot.domain.work import Playbook, PlaybookStep, PlaybookUse
from ircopilot.gateway.actions.shapes import EXAMPLE as ACTION
from ircopilot.gateway.actions.shapes import ActionOut
from ircopilot.gateway.incidents.shapes import Text
from ircopilot.gateway.shapes import In, Line, Words, shown

_STEP = {
    "title": "Isolate the affected hosts", "description": "Several at once.", "phase": "containment",
    "due_in_minutes": 60, "role": "analyst",
}  # fmt: skip
EXAMPLE = {
    "id": "ransomware", "version": 1, "latest": 1, "name": "Ransomware", "description": "Files were encrypted.",
    "steps": [_STEP], "built_in": True, "created_by": "ircopilot", "created_at": None,
}  # fmt: skip
_USE = {
    "playbook": "ransomware", "version": 1, "name": "Ransomware", "applied_by": "9f86d081884c7d65",
    "applied_at": "2026-03-10T10:00:00Z",
}  # fmt: skip


class StepIn(In):
    """A step. `due_in_minutes` counts from when the playbook is applied; `role` says whose it is, in words."""

    model_config = shown(_STEP)

    title: Line
    description: Text = ""
    phase: Phase
    due_in_minutes: int | None = Field(default=None, ge=0, le=525_600, strict=True)
    role: Words = ""


class NewPlaybook(In):
    """A playbook, whole: no two of its steps have the same title."""

    model_config = shown({"name": "Lost laptop", "description": "", "steps": [_STEP]})

    name: Line
    description: Text = ""
    steps: Annotated[tuple[StepIn, ...], Field(min_length=1, max_length=100)]

    def in_order(self) -> tuple[PlaybookStep, ...]:
        """The steps as they are kept."""
        return tuple(PlaybookStep(**step.model_dump()) for step in self.steps)


class Application(In):
    """The playbook to be applied, in its latest version unless told."""

    model_config = shown({"playbook": "ransomware"})

    playbook: Words
    version: int | None = Field(default=None, ge=1, le=2**31 - 1)


class PlaybookOut(BaseModel):
    """A version of a playbook; `latest` is the newest one's number. `built_in` ones come with the program."""

    model_config = shown(EXAMPLE)

    id: str
    version: int
    latest: int
    name: str
    description: str
    steps: list[PlaybookStep]
    built_in: bool
    created_by: str
    created_at: datetime | None

    @classmethod
    def of(cls, playbook: Playbook) -> PlaybookOut:
        """Of a stored playbook."""
        fields = {name: getattr(playbook, name) for name in cls.model_fields if name != "id"}
        return cls(id=playbook.playbook_id, **fields)


class Playbooks(BaseModel):
    """Playbooks, or versions of one."""

    model_config = shown({"items": [EXAMPLE]})

    items: list[PlaybookOut]


class PlaybookApplied(BaseModel):
    """The playbook that was applied, in its version, and the actions that its steps became."""

    model_config = shown({"playbook": EXAMPLE, "actions": [ACTION]})

    playbook: PlaybookOut
    actions: list[ActionOut]


class PlaybookUseOut(BaseModel):
    """A playbook that was applied to an incident."""

    model_config = shown(_USE)

    playbook: str
    version: int
    name: str
    applied_by: str
    applied_at: datetime

    @classmethod
    def of(cls, use: PlaybookUse) -> PlaybookUseOut:
        """Of a stored use."""
        fields = {name: getattr(use, name) for name in cls.model_fields if name != "playbook"}
        return cls(playbook=use.playbook_id, **fields)


class PlaybookUses(BaseModel):
    """The playbooks of an incident, in the order in which they were applied."""

    model_config = shown({"items": [_USE]})

    items: list[PlaybookUseOut]
