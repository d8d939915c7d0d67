"""Actions: taken up from the report, a playbook or by hand, done by somebody, and told on the timeline when they change.

An action's id follows from the incident and the title it began with: what a report suggests and what somebody notes
by hand are one when they are called the same. Every change of its state, by a person, is a line of evidence
(`action_line`) that the caller of these functions has put into the vault before; what was merely planned, suggested or
put up by a playbook, is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import UnknownAction
from ircopilot.cases.fields import check_version
from ircopilot.cases.find import open_incident
from ircopilot.cases.members import known_member
from ircopilot.cases.ranks import rank_after, rank_before, rank_between
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import stable_uuid
from ircopilot.domain.incident import Case, Incident, Phase
from ircopilot.domain.work import ActionState, Citation, Task
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import actions as rows
from ircopilot.stores.postgres.deposits import Deposit, record_deposit
from ircopilot.stores.postgres.feed import tell_feed
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.results import latest_result


@dataclass(frozen=True, slots=True)
class Line:
    """A line of evidence in the vault: its SHA-256, its size in bytes and the name of the deposit that it becomes."""

    sha256: str
    size: int
    name: str


@dataclass(frozen=True, slots=True)
class Move:
    """Where an action goes: into a state, before or after another of that state (both None: to the end)."""

    state: ActionState
    before: str | None = None
    after: str | None = None


def action_id_of(incident: Incident, title: str) -> str:
    """The id of the action that begins with that title."""
    return stable_uuid("action", incident.org_id, incident.incident_id, title)


def action_line(action_id: str, title: str, state: str, actor: str, time: datetime) -> bytes:
    """The canonical line of an action's state: members sorted, no spaces, time in UTC."""
    at = time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    line = {"ircopilot_action": action_id, "title": title, "state": state, "time": at, "actor": actor}
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def seen_action(tx: Tx, incident: Incident, action_id: str, *, lock: bool = False) -> Task:
    """The incident's action. Raises `UnknownAction`."""
    found = rows.find_action(tx, incident.incident_id, action_id, lock=lock)
    if found is None:
        raise UnknownAction(
            f"{incident.key} has no action {action_id[:100]}", f"see GET /v1/incidents/{incident.key}/actions"
        )
    return found


def note_action(
    tx: Tx, caller: Caller, key: str, title: str, state: ActionState, fields: Mapping[str, Any], line: Line,
    at: datetime,
) -> tuple[Task, Deposit]:  # fmt: skip
    """Note that an action was opened or done at a time: a new one, or the one of that title, whose state it is then.

    `fields` are for a new one: `description`, `phase`, `owner`, `role`, `due_at`, `citations`. Raises `UnknownMember`.
    """
    case = open_incident(tx, caller, key)
    rows.lock_board(tx, case.incident_id)
    known = rows.find_action(tx, case.incident_id, action_id_of(case, title), lock=True)
    if known is not None:
        task = _set(tx, caller, case, known, _into_state(tx, known, state, at))
    else:
        given = dict(fields)
        if given.get("owner") is not None:
            given["owner"] = known_member(tx, given["owner"], "owner")
        task = _new(
            tx, case, title, state, "hand", caller.principal_id, done_at=at if state == "done" else None, **given
        )
        rows.add_action(tx, task)
        _tell(tx, caller, case, "action.added", task)
        record_act(tx, caller, "action.add", f"action/{task.action_id}", None, {"title": title, "state": state})
    return task, _deposit(tx, caller, case, line)


def change_action(
    tx: Tx, caller: Caller, key: str, action_id: str, seen: int, changed: Mapping[str, Any], line: Line | None,
    at: datetime,
) -> Task:  # fmt: skip
    """Change the version that the caller has seen; another state needs its line. Raises `PreconditionFailed`,
    `UnknownAction`, `UnknownMember`.
    """
    case, task = _locked(tx, caller, key, action_id, seen)
    fields = dict(changed)
    if fields.get("owner") is not None:
        fields["owner"] = known_member(tx, fields["owner"], "owner")
    if (state := fields.pop("state", task.state)) != task.state:
        fields |= _into_state(tx, task, state, at)
        _deposit_if(tx, caller, case, line)
    return _set(tx, caller, case, task, fields)


def move_action(
    tx: Tx, caller: Caller, key: str, action_id: str, seen: int, move: Move, line: Line | None, at: datetime
) -> Task:
    """Put an action elsewhere on the board. Raises `PreconditionFailed`, `UnknownAction`, and `UnusableArgument` for a
    neighbour that is not in that state.
    """
    case, task = _locked(tx, caller, key, action_id, seen)
    fields: dict[str, Any] = {}
    if move.state != task.state:
        fields = _into_state(tx, task, move.state, at)
        _deposit_if(tx, caller, case, line)
    return _set(tx, caller, case, task, fields | {"rank": _rank_at(tx, case, task, move)})


def take_suggestions(tx: Tx, incident: Incident, document: Mapping[str, Any], run_id: str, by: str) -> list[Task]:
    """Take the actions that a run's report suggests (the report stage's document) onto the board, each once; the new ones."""
    suggested = document.get("document", {}).get("actions", [])
    if not suggested:
        return []
    rows.lock_board(tx, incident.incident_id)
    taken = []
    for one in suggested:
        citations = tuple(Citation(type="event", id=event_id) for event_id in one["evidence"])
        more = {"why": one["why"], "citations": citations, "phase": one["phase"], "source_ref": run_id}
        task = _new(tx, incident, one["title"], "suggested", "report", by, **more)
        if rows.add_action(tx, task):
            taken.append(task)
    if taken:
        tell_feed(tx, incident.incident_id, "action.added", {"by": by, "count": len(taken), "state": "suggested"})
    return taken


def suggest_actions(tx: Tx, caller: Caller, key: str) -> list[Task]:
    """`take_suggestions` of the latest report, because somebody asks for it."""
    case = open_incident(tx, caller, key)
    result = latest_result(tx, case.incident_id, "report")
    if result is None:
        return []
    taken = take_suggestions(tx, case, result.document, result.run_id, caller.principal_id)
    if taken:
        after = {"actions": [task.action_id for task in taken]}
        record_act(tx, caller, "action.suggest", f"incident/{key}", None, after)
    return taken


def add_planned(
    tx: Tx, incident: Incident, title: str, source_ref: str, by: str, fields: Mapping[str, Any]
) -> Task:  # fmt: skip
    """Put up an action of a playbook, open; one of that title that is there already stands for it. The board is held."""
    task = _new(tx, incident, title, "open", "playbook", by, source_ref=source_ref, **fields)
    if rows.add_action(tx, task):
        return task
    found = rows.find_action(tx, incident.incident_id, task.action_id)
    assert found is not None
    return found


def _new(
    tx: Tx, incident: Incident, title: str, state: ActionState, source: Literal["report", "playbook", "hand"], by: str,
    *, phase: Phase = "containment", **more: Any,
) -> Task:  # fmt: skip
    now = datetime.now(UTC)
    return Task(
        action_id=action_id_of(incident, title), incident_id=incident.incident_id, title=storable(title), state=state,
        phase=phase, rank=rank_after(rows.last_rank(tx, incident.incident_id, state)), source=source, created_by=by,
        created_at=now, updated_at=now, **more,
    )  # fmt: skip


def _locked(tx: Tx, caller: Caller, key: str, action_id: str, seen: int) -> tuple[Case, Task]:
    case = open_incident(tx, caller, key)
    rows.lock_board(tx, case.incident_id)
    task = seen_action(tx, case, action_id, lock=True)
    check_version(task.version, seen)
    return case, task


def _into_state(tx: Tx, task: Task, state: ActionState, at: datetime) -> dict[str, Any]:
    """What changes with the state: it goes to the end of its column."""
    if state == task.state:
        return {}
    rank = rank_after(rows.last_rank(tx, task.incident_id, state))
    return {"state": state, "rank": rank, "done_at": at if state == "done" else None}


def _rank_at(tx: Tx, case: Case, task: Task, move: Move) -> str:
    named = move.before or move.after
    if named is None:
        return rank_after(rows.last_rank(tx, case.incident_id, move.state))
    beside = rows.find_action(tx, case.incident_id, named)
    if beside is None or beside.state != move.state or named == task.action_id:
        raise UnusableArgument(f"{named[:100]} is no other action that is {move.state}", "read the board again")
    above = move.before is None
    next_to = rows.rank_next_to(tx, case.incident_id, move.state, beside.rank, task.action_id, above=above)
    if above:
        return rank_after(beside.rank) if next_to is None else rank_between(beside.rank, next_to)
    return rank_before(beside.rank) if next_to is None else rank_between(next_to, beside.rank)


def _set(tx: Tx, caller: Caller, case: Case, task: Task, fields: Mapping[str, Any]) -> Task:
    changed = {name: value for name, value in fields.items() if getattr(task, name) != value}
    if not changed:
        return task
    after = rows.change_action(tx, task.action_id, changed)
    _tell(tx, caller, case, "action.changed", after, changed=sorted(changed))
    told = [name for name in changed if name != "citations"]
    record_act(
        tx, caller, "action.change", f"action/{task.action_id}", _plain({name: getattr(task, name) for name in told}),
        _plain({name: changed[name] for name in told}),
    )  # fmt: skip
    return after


def _deposit_if(tx: Tx, caller: Caller, case: Case, line: Line | None) -> None:
    if line is not None:
        _deposit(tx, caller, case, line)


def _deposit(tx: Tx, caller: Caller, case: Case, line: Line) -> Deposit:
    return record_deposit(tx, case.incident_id, line.sha256, line.name, line.size, caller.name)


def _tell(tx: Tx, caller: Caller, case: Case, kind: str, task: Task, **more: Any) -> None:
    told = {"by": caller.principal_id, "by_name": caller.name, "action": task.action_id, "state": task.state}
    tell_feed(tx, case.incident_id, kind, told | {"version": task.version} | more)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in fields.items()}
