"""Routes of playbooks: list, write, rewrite, apply."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from ircopilot.access.caller import Caller
from ircopilot.cases import playbooks
from ircopilot.cases.errors import BuiltInPlaybook, IncidentMerged, UnknownPlaybook, WrongState
from ircopilot.cases.find import seen_incident
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.work import PlaybookUse
from ircopilot.gateway.actions.shapes import ActionOut
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.live import change
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.gateway.playbooks.shapes import (
    Application,
    NewPlaybook,
    PlaybookApplied,
    PlaybookOut,
    Playbooks,
    PlaybookUseOut,
    PlaybookUses,
)
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/playbooks", tags=["playbooks"])
of_incident = APIRouter(prefix="/v1/incidents/{key}/playbooks", tags=["playbooks"])
Id = Annotated[str, StringConstraints(max_length=100)]


@router.get(
    "",
    summary="List playbooks",
    response_model=Playbooks,
    dependencies=[needs("playbook:read")],
    responses=problems(),
)
async def list_playbooks(gate: WithGate, caller: WithCaller) -> Playbooks:
    """All playbooks in their latest version; those that come with the program first."""
    found = await gate.in_tx(caller.org_id, playbooks.list_playbooks)
    return Playbooks(items=[PlaybookOut.of(playbook) for playbook in found])


@router.post(
    "",
    summary="Write a playbook",
    status_code=201,
    response_model=PlaybookOut,
    dependencies=[needs("playbook:write")],
    responses=problems(UnusableArgument),
)
async def write_playbook(asked: NewPlaybook, gate: WithGate, caller: WithCaller, response: Response) -> PlaybookOut:
    """Write a playbook of the organisation's own."""
    _check_titles(asked)
    made = await gate.in_tx(
        caller.org_id, playbooks.write_playbook, caller, asked.name, asked.description, asked.in_order()
    )  # fmt: skip
    show_tag(response, made.version)
    response.headers["Location"] = f"/v1/playbooks/{made.playbook_id}"
    return PlaybookOut.of(made)


@router.get(
    "/{playbook_id}",
    summary="Look at a playbook",
    response_model=PlaybookOut,
    dependencies=[needs("playbook:read")],
    responses=problems(UnknownPlaybook),
)
async def get_playbook(
    playbook_id: Id, gate: WithGate, caller: WithCaller, response: Response,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> PlaybookOut:  # fmt: skip
    """One playbook, in its latest version unless told."""
    found = await gate.in_tx(caller.org_id, playbooks.seen_playbook, playbook_id, version)
    show_tag(response, found.latest)
    return PlaybookOut.of(found)


@router.get(
    "/{playbook_id}/versions",
    summary="List a playbook's versions",
    response_model=Playbooks,
    dependencies=[needs("playbook:read")],
    responses=problems(UnknownPlaybook, InvalidCursor),
)
async def list_playbook_versions(
    playbook_id: Id, gate: WithGate, caller: WithCaller, cursor: Annotated[str | None, Query(max_length=2000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 200,
) -> Playbooks:  # fmt: skip
    """All versions of a playbook, newest first. A version never changes."""
    below = None if cursor is None else read_cursor(cursor, int)[0]
    found = await gate.in_tx(caller.org_id, playbooks.versions_of, playbook_id)
    rest = [playbook for playbook in found if below is None or playbook.version < below]
    after = cursor_of(rest[limit - 1].version) if len(rest) > limit else None
    return Playbooks(items=[PlaybookOut.of(playbook) for playbook in rest[:limit]], next=after)


@router.put(
    "/{playbook_id}",
    summary="Rewrite a playbook",
    response_model=PlaybookOut,
    dependencies=[needs("playbook:write")],
    responses=problems(UnknownPlaybook, BuiltInPlaybook, PreconditionRequired, PreconditionFailed, UnusableArgument),
)
async def rewrite_playbook(
    playbook_id: Id, asked: NewPlaybook, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> PlaybookOut:
    """Add a version after the one whose `ETag` is sent in `If-Match`. Where an older one was applied it stays."""
    _check_titles(asked)
    made = await gate.in_tx(
        caller.org_id, playbooks.rewrite_playbook, caller, playbook_id, seen, asked.name, asked.description,
        asked.in_order(),
    )  # fmt: skip
    show_tag(response, made.version)
    return PlaybookOut.of(made)


@router.delete(
    "/{playbook_id}",
    summary="Archive a playbook",
    status_code=204,
    dependencies=[needs("playbook:write")],
    responses=problems(UnknownPlaybook, BuiltInPlaybook),
)
async def archive_playbook(playbook_id: Id, gate: WithGate, caller: WithCaller) -> Response:
    """Take a playbook off the list. What it was applied to keeps its actions and knows its version."""
    await gate.in_tx(caller.org_id, playbooks.archive_playbook, caller, playbook_id)
    return Response(status_code=204)


@of_incident.get(
    "",
    summary="List an incident's playbooks",
    response_model=PlaybookUses,
    dependencies=[needs("playbook:read")],
    responses=problems(UnknownIncident),
)
async def list_applied_playbooks(key: str, gate: WithGate, caller: WithCaller) -> PlaybookUses:
    """The playbooks that were applied to the incident, each with its version."""
    uses = await gate.in_tx(caller.org_id, _uses, caller, key)
    return PlaybookUses(items=[PlaybookUseOut.of(use) for use in uses])


@of_incident.post(
    "",
    summary="Apply a playbook",
    status_code=201,
    response_model=PlaybookApplied,
    dependencies=[needs("action:write")],
    responses=problems(UnknownIncident, IncidentMerged, UnknownPlaybook, WrongState)
    | {200: {"model": PlaybookApplied, "description": "It was applied before."}},
)
async def apply_playbook(
    key: str, asked: Application, gate: WithGate, caller: WithCaller, response: Response
) -> PlaybookApplied:
    """Put a playbook's steps up as actions. Applied again, it answers with the actions that there are (200)."""
    now = datetime.now(UTC)
    playbook, tasks, new = await change(
        gate, caller, playbooks.apply_playbook, caller, key, asked.playbook, asked.version, now
    )  # fmt: skip
    response.status_code = 201 if new else 200
    return PlaybookApplied(playbook=PlaybookOut.of(playbook), actions=[ActionOut.of(task, key) for task in tasks])


def _check_titles(asked: NewPlaybook) -> None:
    if len({step.title for step in asked.steps}) < len(asked.steps):
        raise UnusableArgument("two steps have the same title", "a step's title names the action that it becomes")


def _uses(tx: Tx, caller: Caller, key: str) -> list[PlaybookUse]:
    return playbooks.list_uses(tx, seen_incident(tx, caller, key))
