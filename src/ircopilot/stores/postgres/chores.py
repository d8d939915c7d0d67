"""Chores: jobs of an organisation that belong to no incident, with a lease and a fencing token as jobs have.

queued → running → done or failed, or back to queued after an attempt that failed for now. Of each kind an organisation
has one open at a time: whoever asks again is shown that one. Steps are small and may be repeated, so a chore that was
begun by a process that died is begun again by another, and goes on with what is left.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.errors import StaleLease
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables.chores import chores
from ircopilot.stores.postgres.tx import Tx

ChoreKind = Literal["rewrap"]
LEASE_S = 60.0
MAX_ATTEMPTS = 5
OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Chore:
    """How a chore stands: `done` of `total` steps, what the last one did, and why it failed, if it did."""

    chore_id: str
    kind: ChoreKind
    state: Literal["queued", "running", "done", "failed"]
    done: int
    total: int
    said: str
    error: str | None
    attempt: int
    asked_at: datetime
    finished_at: datetime | None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in OPEN


@dataclass(frozen=True, slots=True)
class ChoreLease:
    """The right to work on a chore until it runs out."""

    chore_id: str
    kind: ChoreKind
    attempt: int
    fence: int


def ask_chore(tx: Tx, kind: ChoreKind) -> Chore:
    """The organisation's open chore of that kind, made if there is none."""
    row = {"org_id": tx.org_id, "chore_id": str(uuid.uuid4()), "kind": kind}
    tx.connection.execute(insert(chores).values(row).on_conflict_do_nothing())
    mine = select(chores).where(chores.c.kind == kind, chores.c.state.in_(OPEN))
    return _chore_of(tx.connection.execute(mine).one())


def find_chore(tx: Tx, chore_id: str) -> Chore | None:
    """The chore of that id."""
    row = tx.connection.execute(select(chores).where(chores.c.chore_id == chore_id)).one_or_none()
    return None if row is None else _chore_of(row)


def open_chores(database: Database) -> list[tuple[str, str]]:
    """(organisation, chore) of what nobody works on and may be begun now, oldest first. Works as the lobby."""
    query = select(chores.c.org_id, chores.c.chore_id).where(chores.c.free_at <= func.clock_timestamp())
    with database.lobby() as connection:
        return [(row.org_id, row.chore_id) for row in connection.execute(query.order_by(chores.c.free_at))]


def lease_chore(tx: Tx, chore_id: str, worker: str, seconds: float = LEASE_S) -> ChoreLease | None:
    """Begin the chore, or go on with one whose worker fell silent; None when it is over, or somebody has it."""
    here = chores.c
    free = (here.chore_id == chore_id) & here.state.in_(OPEN) & (here.free_at <= func.clock_timestamp())
    begun = {
        "state": "running", "fence": here.fence + 1, "attempt": here.attempt + 1, "leased_by": worker,
        "free_at": _in(seconds),
    }  # fmt: skip
    row = tx.connection.execute(update(chores).where(free).values(begun).returning(chores)).one_or_none()
    return None if row is None else ChoreLease(row.chore_id, row.kind, row.attempt, row.fence)


def note_step(tx: Tx, lease: ChoreLease, done: int, total: int, said: str, seconds: float = LEASE_S) -> None:
    """Say how far it is, and prolong the lease. Raises `StaleLease`: then another has it."""
    _change(tx, lease, done=done, total=total, said=storable(said), free_at=_in(seconds))


def end_chore(tx: Tx, lease: ChoreLease, error: str | None = None, again_in_s: float | None = None) -> None:
    """It is done, or it failed with that error: for good, or to be tried again. Raises `StaleLease`."""
    told = None if error is None else storable(error)
    if again_in_s is not None and lease.attempt < MAX_ATTEMPTS:
        _change(tx, lease, state="queued", leased_by=None, error=told, free_at=_in(again_in_s))
        return
    state = "done" if error is None else "failed"
    _change(tx, lease, state=state, leased_by=None, error=told, finished_at=func.now())


def _change(tx: Tx, lease: ChoreLease, **values: Any) -> None:
    held = (chores.c.chore_id == lease.chore_id) & (chores.c.fence == lease.fence) & (chores.c.state == "running")
    if tx.connection.execute(update(chores).where(held).values(values)).rowcount != 1:
        raise StaleLease(f"another works on chore {lease.chore_id}")


def _chore_of(row: Any) -> Chore:
    return Chore(**{name: getattr(row, name) for name in Chore.__dataclass_fields__})


def _in(seconds: float) -> Any:
    return func.clock_timestamp() + timedelta(seconds=seconds)
