"""Runs: one passage of the pipeline over one incident, and the hold that keeps two from working on it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.incident import RunState
from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import RunInProgress, UnknownRun
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import runs


@contextmanager
def hold_incident(database: Database, org_id: str, incident_id: str) -> Iterator[None]:
    """Hold the incident for the length of the block. Raises `RunInProgress` when another process holds it.

    A session lock of Postgres: it ends with the connection, so a process that was killed holds nothing.
    """
    number = int.from_bytes(hashlib.sha256(f"{org_id}\0{incident_id}".encode()).digest()[:8], "big", signed=True)
    with database.session() as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": number}).scalar():
            raise RunInProgress(
                f"another process is working on incident {incident_id}", "wait until it ends, or stop it"
            )
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})


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
    """Mark runs that still stand as running as failed; how many. Right only while the caller holds the incident."""
    dead = (runs.c.incident_id == incident_id) & (runs.c.state == "running")
    gone = {"state": "failed", "error": "the process ended before the run did", "finished_at": func.now()}
    return tx.connection.execute(update(runs).where(dead).values(gone)).rowcount
