"""Deposits: what was handed in to an incident, as it was received; a run unpacks it into artifacts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.ids import stable_uuid
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import deposits


@dataclass(frozen=True, slots=True)
class Deposit:
    """Bytes in the vault that somebody handed in under a name."""

    deposit_id: str
    incident_id: str
    sha256: str
    name: str
    size: int
    received_from: str
    received_at: datetime
    unpacked_at: datetime | None
    kind: str


def record_deposit(
    tx: Tx, incident_id: str, sha256: str, name: str, size: int, received_from: str, kind: str = ""
) -> Deposit:  # fmt: skip
    """Note what was handed in, once its bytes are in the vault. The same bytes under the same name are one deposit.

    `kind`: what its events are, where the one who handed it in said so and not its content.
    """
    name = storable(name)
    deposit_id = stable_uuid("deposit", tx.org_id, incident_id, sha256, name)
    row = {
        "org_id": tx.org_id, "deposit_id": deposit_id, "incident_id": incident_id, "sha256": sha256, "name": name,
        "size": size, "received_from": storable(received_from), "kind": kind,
    }  # fmt: skip
    tx.connection.execute(insert(deposits).values(row).on_conflict_do_nothing())
    return next(d for d in _find(tx, incident_id, (deposit_id,)))


def list_deposits(tx: Tx, incident_id: str) -> list[Deposit]:
    """All deposits of the incident, by name and hash."""
    return _find(tx, incident_id, None)


def find_deposits(tx: Tx, incident_id: str, deposit_ids: Iterable[str]) -> list[Deposit]:
    """These deposits of the incident, by name and hash."""
    return _find(tx, incident_id, tuple(deposit_ids))


def said_kinds(tx: Tx, incident_id: str) -> dict[str, str]:
    """The kinds that were said of deposits, by SHA-256."""
    query = select(deposits.c.sha256, deposits.c.kind).where(
        deposits.c.incident_id == incident_id, deposits.c.kind != ""
    )
    return {row.sha256: row.kind for row in tx.connection.execute(query.order_by(deposits.c.name.desc()))}


def mark_unpacked(tx: Tx, deposit_ids: Iterable[str]) -> None:
    """Their artifacts are recorded: no later run needs to look into them again."""
    mine = deposits.c.deposit_id.in_(list(deposit_ids)) & deposits.c.unpacked_at.is_(None)
    tx.connection.execute(update(deposits).where(mine).values(unpacked_at=func.now()))


def _find(tx: Tx, incident_id: str, deposit_ids: tuple[str, ...] | None) -> list[Deposit]:
    query = select(deposits).where(deposits.c.incident_id == incident_id)
    if deposit_ids is not None:
        query = query.where(deposits.c.deposit_id.in_(deposit_ids))
    rows = tx.connection.execute(query.order_by(deposits.c.name, deposits.c.sha256))
    return [deposit_of(row) for row in rows]


def deposit_of(row: Row[Any]) -> Deposit:
    """A row of `deposits`."""
    return Deposit(**{name: row._mapping[name] for name in Deposit.__dataclass_fields__})
