"""What people write on an incident: actions, comments, playbooks, saved filters."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from ircopilot.domain.evidence import Frozen
from ircopilot.domain.incident import Phase

ActionState = Literal["suggested", "open", "in-progress", "blocked", "done", "dismissed"]
ACTION_STATES: tuple[ActionState, ...] = get_args(ActionState)
ActionSource = Literal["report", "playbook", "hand"]
AnchorType = Literal["incident", "event", "claim", "entity", "action", "artifact", "report"]
FilterKind = Literal["incidents", "timeline"]


class Citation(Frozen):
    """What an action rests on."""

    type: Literal["claim", "detection", "event", "artifact", "entity"]
    id: str


class Task(Frozen):
    """Something to be done about an incident. `rank` orders the tasks of one state; `owner` is a principal.

    `why` and `citations` say what asks for it, `source_ref` which report's run or playbook's step it came from.
    """

    action_id: str
    incident_id: str
    title: str
    description: str = ""
    state: ActionState
    phase: Phase
    owner: str | None = None
    role: str = ""
    due_at: datetime | None = None
    rank: str
    why: str = ""
    citations: tuple[Citation, ...] = ()
    source: ActionSource
    source_ref: str | None = None
    created_by: str
    created_at: datetime
    updated_at: datetime
    done_at: datetime | None = None
    version: int = 1


class Comment(Frozen):
    """A remark on something of an incident, Markdown as it was written. `thread_id` is the id of the thread's first.

    `author` and `mentions` are principals. A deleted one has no body, and stays so that its thread can be read.
    """

    comment_id: str
    incident_id: str
    thread_id: str
    anchor_type: AnchorType
    anchor_id: str
    body: str
    mentions: tuple[str, ...] = ()
    author: str
    author_name: str
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    version: int = 1


class PlaybookStep(Frozen):
    """A step of a playbook. `due_in_minutes` counts from when the playbook is applied; `role` says whose it is."""

    title: str
    description: str = ""
    phase: Phase
    due_in_minutes: int | None = None
    role: str = ""


class Playbook(Frozen):
    """One version of a playbook. A version is never changed; `latest` is the newest one's number."""

    playbook_id: str
    version: int
    latest: int
    name: str
    description: str = ""
    steps: tuple[PlaybookStep, ...]
    built_in: bool = False
    created_by: str = ""
    created_at: datetime | None = None


class PlaybookUse(Frozen):
    """A playbook that was applied to an incident, in the version that it had then."""

    playbook_id: str
    version: int
    name: str
    applied_by: str
    applied_at: datetime


class SavedFilter(Frozen):
    """A filter that somebody keeps: a query and how its result is shown."""

    filter_id: str
    owner: str
    shared: bool
    name: str
    kind: FilterKind
    query: str
    view: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    version: int = 1
