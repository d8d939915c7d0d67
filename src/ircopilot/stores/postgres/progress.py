"""Progress: numbered events per run, without gaps, in the order in which they became visible."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, bindparam, insert, select, update

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownRun
from ircopilot.stores.postgres.feed import tell_run_state
from ircopilot.stores.postgres.tables import run_events, runs


def _adding() -> Insert:
    counted = (
        update(runs)
        .where(runs.c.run_id == bindparam("of_run", type_=runs.c.run_id.type))
        .values(last_event=runs.c.last_event + 1)
        .returning(runs.c.last_event.label("number"))
        .cte("counted")
    )
    columns = run_events.c
    names = ("org_id", "run_id", "stage", "payload")
    bound = [bindparam(f"of_{name.removesuffix('_id')}", type_=columns[name].type) for name in names]
    row = select(*bound, counted.c.number)
    return insert(run_events).from_select([*names, "number"], row).returning(columns.number)


# Made once: it is run several times for each step of a run, and making a statement costs more than running it.
_ADDING = _adding()


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
    given = {"of_run": run_id, "of_org": tx.org_id, "of_stage": stage, "of_payload": payload}
    number = tx.connection.execute(_ADDING, given).scalar()
    if number is None:
        raise UnknownRun(f"no run {run_id}")
    tx.told.setdefault(run_id, int(number))
    if stage == "run":
        tell_run_state(tx, run_id, {"state": payload.get("state", "")})
    return int(number)


def told_in(tx: Tx) -> list[RunEvent]:
    """What this transaction told, of every run that it moved, to be fanned out once it is committed."""
    return [event for run_id, first in tx.told.items() for event in run_events_since(tx, run_id, first - 1)]


def run_events_since(tx: Tx, run_id: str, number: int, limit: int = 1000) -> list[RunEvent]:
    """Events of the run after `number`, in order; 0 for all from the start."""
    mine = (run_events.c.run_id == run_id) & (run_events.c.number > number)
    query = select(run_events).where(mine).order_by(run_events.c.number).limit(limit)
    return [
        RunEvent(run_id=row.run_id, number=row.number, stage=row.stage, payload=row.payload, at=row.at)
        for row in tx.connection.execute(query)
    ]
