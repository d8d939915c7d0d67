"""Progress: numbered events per run, without gaps, in the order in which they became visible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownRun
from ircopilot.stores.postgres.tables import run_events, runs


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One step of a run. `number` counts from 1; it is the SSE id, and `Last-Event-ID` resumes after it."""

    run_id: str
    number: int
    stage: str
    payload: dict[str, Any]
    at: datetime


def add_run_event(tx: Tx, run_id: str, stage: str, payload: dict[str, Any]) -> int:
    """Add an event; returns its number. Raises `UnknownRun`.

    The counter's row lock is held until commit: numbers appear in order, and a rolled back one is used again.
    """
    number = tx.connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id)
        .values(last_event=runs.c.last_event + 1)
        .returning(runs.c.last_event)
    ).scalar()
    if number is None:
        raise UnknownRun(f"no run {run_id}")
    row = {"org_id": tx.org_id, "run_id": run_id, "number": number, "stage": stage, "payload": payload}
    tx.connection.execute(run_events.insert().values(row))
    return int(number)


def run_events_since(tx: Tx, run_id: str, number: int, limit: int = 1000) -> list[RunEvent]:
    """Events of the run after `number`, in order; 0 for all from the start."""
    mine = (run_events.c.run_id == run_id) & (run_events.c.number > number)
    query = select(run_events).where(mine).order_by(run_events.c.number).limit(limit)
    return [
        RunEvent(run_id=row.run_id, number=row.number, stage=row.stage, payload=row.payload, at=row.at)
        for row in tx.connection.execute(query)
    ]
