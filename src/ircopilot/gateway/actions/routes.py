"""Routes of actions: note, list, change, move, take up what the report suggests."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from ircopilot.access.caller import Caller
from ircopilot.cases import actions
from ircopilot.cases.actions import Line, Move, action_id_of, action_line
from ircopilot.cases.errors import IncidentMerged, UnknownAction, UnknownMember
from ircopilot.cases.fields import check_version
from ircopilot.cases.find import open_incident, seen_incident, viewer_of
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.incident import Case
from ircopilot.domain.work import ActionState, Task
from ircopilot.gateway.actions.shapes import (
    ActionChange,
    ActionMove,
    ActionOut,
    ActionReceived,
    Actions,
    NewAction,
)
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired, TooLarge
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.live import change
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.pages import cursor_of, read_cursor, read_place
from ircopilot.gateway.permit import needs
from ircopilot.gateway.run_start import run_over_all
from ircopilot.gateway.shapes import DepositOut, RunOut
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import actions as rows
from ircopilot.stores.postgres.actions import ActionFilter
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}/actions", tags=["actions"])
everywhere = APIRouter(prefix="/v1/actions", tags=["actions"])
Id = Annotated[str, StringConstraints(max_length=100)]
States = Annotated[tuple[ActionState, ...], Query()]
Limit = Annotated[int, Query(ge=1, le=200)]
Owner = Annotated[str | None, Query(max_length=320, description="The owner's id.")]


@router.post(
    "",
    summary="Note an action",
    status_code=201,
    response_model=ActionReceived,
    dependencies=[needs("action:write")],
    responses=problems(UnknownIncident, IncidentMerged, UnknownMember, TooLarge, UnusableArgument),
)
async def note_action(
    key: str, asked: NewAction, gate: WithGate, caller: WithCaller, response: Response,
    run: Annotated[bool, Query(description="Start a run that looks into it.")] = False,
) -> ActionReceived:  # fmt: skip
    """Note an action that was opened or done. It is on the board, and a line of evidence that the next run reads. The
    title names it: noting it again says which state it is in then.
    """
    incident = await gate.in_tx(caller.org_id, open_incident, caller, key)
    at = asked.time or datetime.now(UTC)
    line = await _kept(
        gate, caller, action_id_of(incident, asked.title), asked.title, asked.state, asked.actor, at
    )  # fmt: skip
    task, deposit = await change(
        gate, caller, actions.note_action, caller, key, asked.title, asked.state, asked.more(), line, at
    )  # fmt: skip
    started = await run_over_all(gate, incident, caller) if run else None
    show_tag(response, task.version)
    response.headers["Location"] = f"/v1/incidents/{key}/actions/{task.action_id}"
    return ActionReceived(
        deposit=DepositOut.of(deposit), action=ActionOut.of(task, key),
        run=None if started is None else RunOut.of(started, key),
    )  # fmt: skip


@router.get(
    "",
    summary="List an incident's actions",
    response_model=Actions,
    dependencies=[needs("action:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)
async def list_actions(
    key: str, gate: WithGate, caller: WithCaller, state: States = (), owner: Owner = None,
    due_before: Moment | None = None, cursor: str | None = None, limit: Limit = 200,
) -> Actions:  # fmt: skip
    """The incident's actions, by state, and in the order of the board within each."""
    after = None if cursor is None else read_cursor(cursor, str, str, str)
    which = ActionFilter(state, owner, due_before)
    found = await gate.in_tx(caller.org_id, _listed, caller, key, which, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_ = None if last is None else cursor_of(last.state, last.rank, last.action_id)
    return Actions(items=[ActionOut.of(task, key) for task in found[:limit]], next=next_)


@router.post(
    "/suggest",
    summary="Take up the report's suggestions",
    response_model=Actions,
    dependencies=[needs("action:write")],
    responses=problems(UnknownIncident, IncidentMerged),
)
async def suggest_actions(key: str, gate: WithGate, caller: WithCaller) -> Actions:
    """Put what the latest report suggests onto the board, each once; answers with those that are new. A run does so by
    itself when its report is made.
    """
    taken = await change(gate, caller, actions.suggest_actions, caller, key)
    return Actions(items=[ActionOut.of(task, key) for task in taken])


@router.get(
    "/{action_id}",
    summary="Look at an action",
    response_model=ActionOut,
    dependencies=[needs("action:read")],
    responses=problems(UnknownIncident, UnknownAction),
)
async def get_action(key: str, action_id: Id, gate: WithGate, caller: WithCaller, response: Response) -> ActionOut:
    """One action."""
    task = await gate.in_tx(caller.org_id, _seen, caller, key, action_id)
    show_tag(response, task.version)
    return ActionOut.of(task, key)


@router.patch(
    "/{action_id}",
    summary="Change an action",
    response_model=ActionOut,
    dependencies=[needs("action:write")],
    responses=problems(
        UnknownIncident, IncidentMerged, UnknownAction, UnknownMember, PreconditionRequired, PreconditionFailed
    ),
)
async def change_action(
    key: str, action_id: Id, asked: ActionChange, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ActionOut:  # fmt: skip
    """Change the version whose `ETag` is sent in `If-Match`. Another state becomes a line of evidence."""
    at, given = asked.time or datetime.now(UTC), asked.given()
    line = await _line_of(gate, caller, key, action_id, seen, given.get("state"), asked, at)
    task = await change(gate, caller, actions.change_action, caller, key, action_id, seen, given, line, at)
    show_tag(response, task.version)
    return ActionOut.of(task, key)


@router.post(
    "/{action_id}/move",
    summary="Move an action on the board",
    response_model=ActionOut,
    dependencies=[needs("action:write")],
    responses=problems(
        UnknownIncident, IncidentMerged, UnknownAction, PreconditionRequired, PreconditionFailed, UnusableArgument
    ),
)
async def move_action(
    key: str, action_id: Id, asked: ActionMove, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ActionOut:  # fmt: skip
    """Put the version whose `ETag` is sent in `If-Match` elsewhere. Moves of others at the same time are no conflict."""
    at = asked.time or datetime.now(UTC)
    line = await _line_of(gate, caller, key, action_id, seen, asked.state, asked, at)
    move = (asked.state, asked.before, asked.after)
    task = await change(gate, caller, _moved, caller, key, action_id, seen, move, line, at)
    show_tag(response, task.version)
    return ActionOut.of(task, key)


@everywhere.get(
    "",
    summary="List actions of all incidents",
    response_model=Actions,
    dependencies=[needs("action:read")],
    responses=problems(InvalidCursor),
)
async def list_all_actions(
    gate: WithGate, caller: WithCaller, state: States = (), owner: Owner = None,
    due_before: Moment | None = None, cursor: str | None = None, limit: Limit = 50,
) -> Actions:  # fmt: skip
    """Actions of all incidents that the caller may know of, oldest first: somebody's own tasks, or what is overdue."""
    after = None if cursor is None else read_place(cursor)
    which = ActionFilter(state, owner, due_before)
    found = await gate.in_tx(
        caller.org_id, rows.list_actions_everywhere, viewer_of(caller), which, after, limit + 1
    )  # fmt: skip
    last = found[limit - 1][0] if len(found) > limit else None
    next_ = None if last is None else cursor_of(last.created_at.isoformat(), last.action_id)
    return Actions(items=[ActionOut.of(task, of) for task, of in found[:limit]], next=next_)


async def _line_of(
    gate: Gate, caller: Caller, key: str, action_id: str, seen: int, state: ActionState | None,
    asked: ActionChange | ActionMove, at: datetime,
) -> Line | None:  # fmt: skip
    """The line of a change of state, in the vault before the change is made; None when the state stays."""
    task = await gate.in_tx(caller.org_id, _seen, caller, key, action_id)
    check_version(task.version, seen)
    if state is None or state == task.state:
        return None
    title = getattr(asked, "title", None) or task.title
    return await _kept(gate, caller, task.action_id, title, state, asked.actor, at)


async def _kept(
    gate: Gate, caller: Caller, action_id: str, title: str, state: str, actor: str | None, at: datetime
) -> Line:
    body = action_line(action_id, title, state, actor or caller.name, at)
    vault = gate.stores.stores_for(caller.org_id).vault
    sha256, size = await gate.in_file_thread(lambda: vault.put(caller.org_id, [body]))
    gate.meters.received.inc(size)
    return Line(sha256, size, f"actions/{action_id[:8]}-{hashlib.sha256(body).hexdigest()[:16]}.jsonl")


def _moved(
    tx: Tx, caller: Caller, key: str, action_id: str, seen: int,
    where: tuple[ActionState | None, str | None, str | None], line: Line | None, at: datetime,
) -> Task:  # fmt: skip
    state, before, after = where
    if state is None:
        state = _seen(tx, caller, key, action_id).state
    return actions.move_action(tx, caller, key, action_id, seen, Move(state, before, after), line, at)


def _seen(tx: Tx, caller: Caller, key: str, action_id: str) -> Task:
    case: Case = seen_incident(tx, caller, key)
    return actions.seen_action(tx, case, action_id)


def _listed(
    tx: Tx, caller: Caller, key: str, which: ActionFilter, after: tuple[str, str, str] | None, limit: int
) -> list[Task]:  # fmt: skip
    return rows.list_actions(tx, seen_incident(tx, caller, key).incident_id, which, after, limit)
