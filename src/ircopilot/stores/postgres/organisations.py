"""Organisations: the rows that everything of a tenant hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import organisations


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant: whose evidence it is, and in which region it lies."""

    org_id: str
    name: str
    region: str
    created_at: datetime


def make_organisation(tx: Tx, name: str, region: str = "local") -> bool:
    """Make the transaction's organisation; False when it was there already, which is left as it is."""
    row = {"org_id": tx.org_id, "name": storable(name), "region": region}
    statement = insert(organisations).values(row).on_conflict_do_nothing().returning(organisations.c.org_id)
    return tx.connection.execute(statement).one_or_none() is not None


def find_organisation(tx: Tx) -> Organisation | None:
    """The transaction's organisation, if it was made."""
    row = tx.connection.execute(select(organisations)).one_or_none()
    return None if row is None else Organisation(row.org_id, row.name, row.region, row.created_at)
