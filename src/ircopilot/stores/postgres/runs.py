"""Runs: one passage of the pipeline over one incident, and the hold that keeps two from working on it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.incident import OVER, Run, RunKind, RunParameters, RunState
from ircopilot.stores.postgres.cases import EVERYTHING, Viewer, in_sight
from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import RunInProgress, UnknownRun
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import incidents, runs

# Made once, like all that is run for every job: to make a statement costs more than to run it.
_OF_ID = select(runs).where(runs.c.run_id == bindparam("of_id"))
_ASKING = insert(runs).on_conflict_do_nothing()
_COUNTING = select(func.count()).where(runs.c.run_id == bindparam("of_id"))
_LOCKED = _OF_ID.with_for_update()
_OLDER = (runs.c.created_at, runs.c.run_id)
_AHEAD = (
    select(runs.c.run_id)
    .where(runs.c.incident_id == bindparam("of_incident"), runs.c.mode == "service", runs.c.state.not_in(OVER))
    .where(runs.c.run_id != bindparam("of_id"))
    .where(func.row(*_OLDER) < func.row(bindparam("made_at", type_=runs.c.created_at.type), bindparam("of_id")))
    .order_by(*_OLDER)
    .limit(1)
)
_SET_STEP = (
    update(runs)
    .where(runs.c.run_id == bindparam("of_id"))
    .values(
        state="running",
        step=bindparam("to_step"),
        started_at=case((runs.c.state == "queued", func.now()), else_=runs.c.started_at),
    )
)


@contextmanager
def hold_incident(database: Database, org_id: str, incident_id: str, *, shared: bool = False) -> Iterator[None]:
    """Hold the incident for the length of the block, alone or with others that share it. Raises `RunInProgress`.

    A session lock of Postgres: it ends with the connection, so a process that was killed holds nothing.
    """
    number = int.from_bytes(hashlib.sha256(f"{org_id}\0{incident_id}".encode()).digest()[:8], "big", signed=True)
    lock, unlock = (
        (func.pg_try_advisory_lock_shared, func.pg_advisory_unlock_shared)
        if shared
        else (func.pg_try_advisory_lock, func.pg_advisory_unlock)
    )
    with database.session() as connection:
        if not connection.execute(select(lock(number))).scalar():
            raise RunInProgress(
                f"another process is working on incident {incident_id}", "wait until it ends, or stop it"
            )
        try:
            yield
        finally:
            connection.execute(select(unlock(number)))


def start_run(tx: Tx, incident_id: str, run_id: str, parameters: dict[str, Any] | None = None) -> None:
    """Begin a run. A run of that id that was begun before goes on."""
    row = {"org_id": tx.org_id, "run_id": run_id, "incident_id": incident_id, "state": "running"}
    statement = insert(runs).values(row | {"parameters": parameters or {}})
    again = {"state": "running", "error": None, "finished_at": None}
    tx.connection.execute(statement.on_conflict_do_update(index_elements=["org_id", "run_id"], set_=again))


def finish_run(tx: Tx, run_id: str, state: RunState = "done", error: str | None = None) -> None:
    """End a run as done, failed or cancelled. Raises `UnknownRun`."""
    changed = tx.connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id)
        .values(state=state, error=None if error is None else storable(error), finished_at=func.now())
    )
    if changed.rowcount != 1:
        raise UnknownRun(f"no run {run_id}")


def run_state(tx: Tx, run_id: str) -> RunState:
    """The state that the run is in. Raises `UnknownRun`."""
    state: RunState | None = tx.connection.execute(select(runs.c.state).where(runs.c.run_id == run_id)).scalar()
    if state is None:
        raise UnknownRun(f"no run {run_id}")
    return state


def close_dead_runs(tx: Tx, incident_id: str) -> int:
    """Mark local runs that still stand as running as failed; how many. Right only while the caller holds the incident."""
    dead = (runs.c.incident_id == incident_id) & (runs.c.state == "running") & (runs.c.mode == "local")
    gone = {"state": "failed", "error": "the process ended before the run did", "finished_at": func.now()}
    return tx.connection.execute(update(runs).where(dead).values(gone)).rowcount


def ask_run(
    tx: Tx, incident_id: str, run_id: str, parameters: RunParameters, *, priority: int = 5,
    deadline: datetime | None = None,
) -> Run:  # fmt: skip
    """Put a service run into the queue; one of that id that is there already is left as it is. Returns it as it stands."""
    row = {
        "org_id": tx.org_id, "run_id": run_id, "incident_id": incident_id, "state": "queued", "mode": "service",
        "parameters": parameters.model_dump(mode="json"), "priority": priority, "deadline": deadline,
    }  # fmt: skip
    tx.connection.execute(_ASKING, row)
    return get_run(tx, run_id)


def get_run(tx: Tx, run_id: str) -> Run:
    """The run. Raises `UnknownRun`, also when it is another organisation's."""
    return _one(tx, run_id, lock=False)


def lock_run(tx: Tx, run_id: str) -> Run:
    """The run, its row locked until the transaction ends: whoever changes jobs and run locks the run first."""
    return _one(tx, run_id, lock=True)


def list_runs(
    tx: Tx, incident_id: str | None = None, limit: int = 100, before: datetime | None = None,
    viewer: Viewer = EVERYTHING, kind: RunKind | None = None,
) -> list[Run]:  # fmt: skip
    """Runs, newest first: of one incident or all that the viewer may know of, of a kind, created before a time (for the
    next page).
    """
    query = select(runs).order_by(runs.c.created_at.desc(), runs.c.run_id).limit(limit)
    if not viewer.sees_all:
        query = query.join(incidents).where(in_sight(viewer))
    if incident_id is not None:
        query = query.where(runs.c.incident_id == incident_id)
    if kind is not None:
        exports = func.coalesce(runs.c.parameters["first_stage"].as_string(), "") == "export"
        query = query.where(exports if kind == "export" else ~exports)
    if before is not None:
        query = query.where(runs.c.created_at < before)
    return [_run(row) for row in tx.connection.execute(query)]


def set_step(tx: Tx, run_id: str, step: str) -> None:
    """The run is at this step now; a queued one starts."""
    tx.connection.execute(_SET_STEP, {"of_id": run_id, "to_step": step})


def mark_cancelling(tx: Tx, run_id: str, failure: str | None = None) -> None:
    """The run is to stop: its workers see it at their next heartbeat. With `failure` it will count as failed by that."""
    open_ = (runs.c.run_id == run_id) & runs.c.state.in_(("queued", "running"))
    values = {"state": "cancelling", "error": None if failure is None else storable(failure)}
    tx.connection.execute(update(runs).where(open_).values(values))


def count_runs(tx: Tx, run_id: str) -> int:
    """1 when there is a run of that id, else 0."""
    return int(tx.connection.execute(_COUNTING, {"of_id": run_id}).scalar_one())


def open_runs_of(tx: Tx, incident_id: str) -> list[Run]:
    """The incident's service runs that are not over, oldest first."""
    mine = (runs.c.incident_id == incident_id) & (runs.c.mode == "service") & runs.c.state.not_in(OVER)
    query = select(runs).where(mine).order_by(runs.c.created_at, runs.c.run_id)
    return [_run(row) for row in tx.connection.execute(query)]


def reopen_run(tx: Tx, run_id: str) -> None:
    """A failed run goes on, because a dead job of it was driven again."""
    tx.connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.state == "failed", runs.c.mode == "service")
        .values(state="running", error=None, finished_at=None)
    )


def run_ahead(tx: Tx, run: Run) -> str | None:
    """The id of an older service run of the same incident that is not over: this one waits for it."""
    given = {"of_incident": run.incident_id, "of_id": run.run_id, "made_at": run.created_at}
    found: str | None = tx.connection.execute(_AHEAD, given).scalar()
    return found


def waiting_runs(tx: Tx, incident_id: str) -> list[str]:
    """Ids of the incident's queued service runs, oldest first."""
    mine = (runs.c.incident_id == incident_id) & (runs.c.mode == "service") & (runs.c.state == "queued")
    return list(
        tx.connection.execute(select(runs.c.run_id).where(mine).order_by(runs.c.created_at, runs.c.run_id)).scalars()
    )


def _one(tx: Tx, run_id: str, *, lock: bool) -> Run:
    row = tx.connection.execute(_LOCKED if lock else _OF_ID, {"of_id": run_id}).one_or_none()
    if row is None:
        raise UnknownRun(f"no run {run_id}")
    return _run(row)


def _run(row: Row[Any]) -> Run:
    fields = {name: row._mapping[name] for name in Run.model_fields if name != "parameters"}
    known = {k: v for k, v in row.parameters.items() if k in RunParameters.model_fields}
    return Run(**fields, parameters=RunParameters.model_validate(known))
