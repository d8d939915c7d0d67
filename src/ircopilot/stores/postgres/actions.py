"""Actions of incidents. Whoever gives or changes a rank holds the incident's board, so that no two get the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.work import Citation, Task
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.cases import actions

_FIELDS = tuple(name for name in Task.model_fields if name != "citations")
OPEN = ("open", "in-progress", "blocked")


@dataclass(frozen=True, slots=True)
class ActionFilter:
    """Which actions: of these states, this owner, due before a time."""

    states: tuple[str, ...] = ()
    owner: str | None = None
    due_before: datetime | None = None


def lock_board(tx: Tx, incident_id: str) -> None:
    """Until the transaction ends, nobody else orders the incident's actions."""
    digest = hashlib.sha256(f"board\0{tx.org_id}\0{incident_id}".encode()).digest()
    tx.connection.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], "big", signed=True))))


def add_action(tx: Tx, task: Task) -> bool:
    """Add an action; False when there is one of that id."""
    row = {name: getattr(task, name) for name in _FIELDS if name not in ("created_at", "updated_at")}
    row |= {"org_id": tx.org_id, "citations": [citation.model_dump() for citation in task.citations]}
    statement = insert(actions).values(row).on_conflict_do_nothing().returning(actions.c.action_id)
    return tx.connection.execute(statement).first() is not None


def find_action(tx: Tx, incident_id: str, action_id: str, *, lock: bool = False) -> Task | None:
    """The incident's action of that id; `lock`: nobody else changes it until the transaction ends."""
    query = select(actions).where(actions.c.incident_id == incident_id, actions.c.action_id == action_id)
    row = tx.connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _task(row)


def change_action(tx: Tx, action_id: str, changed: dict[str, Any]) -> Task:
    """Set columns of an action that the caller has locked; its version grows by one."""
    if "citations" in changed:
        changed = changed | {"citations": [citation.model_dump() for citation in changed["citations"]]}
    statement = (
        update(actions)
        .where(actions.c.action_id == action_id)
        .values(**changed, version=actions.c.version + 1, updated_at=func.clock_timestamp())
        .returning(*actions.c)
    )
    return _task(tx.connection.execute(statement).one())


def last_rank(tx: Tx, incident_id: str, state: str) -> str | None:
    """The rank of the last action in that state."""
    mine = (actions.c.incident_id == incident_id) & (actions.c.state == state)
    found: str | None = tx.connection.execute(select(func.max(actions.c.rank)).where(mine)).scalar()
    return found


def rank_next_to(tx: Tx, incident_id: str, state: str, rank: str, but: str, *, above: bool) -> str | None:
    """The rank that follows another in that state, or comes before it, the action `but` left out."""
    here = actions.c
    mine = (here.incident_id == incident_id) & (here.state == state) & (here.action_id != but)
    edge = (func.min(here.rank), here.rank > rank) if above else (func.max(here.rank), here.rank < rank)
    found: str | None = tx.connection.execute(select(edge[0]).where(mine, edge[1])).scalar()
    return found


def list_actions(
    tx: Tx, incident_id: str, which: ActionFilter | None = None, after: tuple[str, str, str] | None = None,
    limit: int | None = None,
) -> list[Task]:  # fmt: skip
    """Actions of an incident, by state, rank and id, those that follow `after` (state, rank, id)."""
    here = actions.c
    columns = (here.state, here.rank, here.action_id)
    query = select(actions).where(here.incident_id == incident_id, *_conditions(which or ActionFilter()))
    if after is not None:
        query = query.where(tuple_(*columns) > tuple_(*after))
    return [_task(row) for row in tx.connection.execute(query.order_by(*columns).limit(limit))]


def list_actions_everywhere(
    tx: Tx, viewer: Viewer, which: ActionFilter, after: tuple[datetime, str] | None, limit: int
) -> list[tuple[Task, str]]:
    """Actions of all incidents that the viewer may know of, with the incident's key, oldest first."""
    columns = (actions.c.created_at, actions.c.action_id)
    query = (
        select(actions, incidents.c.key)
        .select_from(actions.join(incidents))
        .where(in_sight(viewer), *_conditions(which))
    )
    if after is not None:
        query = query.where(tuple_(*columns) > tuple_(*after))
    return [(_task(row), row.key) for row in tx.connection.execute(query.order_by(*columns).limit(limit))]


def actions_of_ids(tx: Tx, incident_id: str, action_ids: Iterable[str]) -> list[Task]:
    """These actions of the incident, by id."""
    mine = (actions.c.incident_id == incident_id) & actions.c.action_id.in_(list(action_ids))
    return [_task(row) for row in tx.connection.execute(select(actions).where(mine).order_by(actions.c.action_id))]


def _conditions(which: ActionFilter) -> list[ColumnElement[bool]]:
    found = list[ColumnElement[bool]]()
    if which.states:
        found.append(actions.c.state.in_(which.states))
    if which.owner is not None:
        found.append(actions.c.owner == which.owner)
    if which.due_before is not None:
        found.append(actions.c.due_at < which.due_before)
    return found


def _task(row: Row[Any]) -> Task:
    fields = {name: row._mapping[name] for name in _FIELDS}
    return Task.model_construct(**fields, citations=tuple(Citation(**c) for c in row.citations))
