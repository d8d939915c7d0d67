"""Organisations: the rows that everything of a tenant hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import organisations


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant: whose evidence it is, in which region it lies, what it asks of its members' sessions (seconds), and how many
    bytes of evidence it allows itself (0: as many as the installation does).
    """

    org_id: str
    name: str
    region: str
    created_at: datetime
    require_mfa: bool = False
    session_idle_s: int = 3600
    session_absolute_s: int = 43200
    max_held: int = 0
    version: int = 1


_SEEN = select(*(organisations.c[name] for name in Organisation.__dataclass_fields__))


def make_organisation(tx: Tx, name: str, region: str = "local") -> bool:
    """Make the transaction's organisation; False when it was there already, which is left as it is."""
    row = {"org_id": tx.org_id, "name": storable(name), "region": region}
    statement = insert(organisations).values(row).on_conflict_do_nothing().returning(organisations.c.org_id)
    return tx.connection.execute(statement).one_or_none() is not None


def find_organisation(tx: Tx) -> Organisation | None:
    """The transaction's organisation, if it was made."""
    row = tx.connection.execute(_SEEN).one_or_none()
    return None if row is None else Organisation(*row)


def find_by_name(database: Database, name: str) -> str | None:
    """The id of the organisation that is called so now, whatever it was made as. Works as the lobby."""
    folded = storable(name.strip().lower())
    query = select(organisations.c.org_id).where(func.lower(organisations.c.name) == folded)
    with database.lobby(organisation=folded) as connection:
        return connection.execute(query.order_by(organisations.c.org_id).limit(1)).scalar()


def lock_organisation(tx: Tx) -> None:
    """Hold the organisation's row: who decides something about all its members does it alone."""
    tx.connection.execute(select(organisations.c.org_id).with_for_update())


def change_organisation(tx: Tx, seen: int, **values: Any) -> bool:
    """Change columns of the organisation if it still has the version that was seen; False when it has not."""
    if values.get("name") is not None:
        values["name"] = storable(values["name"])
    here = update(organisations).where(organisations.c.org_id == tx.org_id, organisations.c.version == seen)
    return tx.connection.execute(here.values(**values, version=seen + 1)).rowcount == 1
