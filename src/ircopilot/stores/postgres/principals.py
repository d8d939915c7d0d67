"""Who can be named in an organisation: as lead, owner of an action, or in a comment."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import api_keys


def find_principals(tx: Tx, names: Iterable[str]) -> dict[str, str]:
    """The ids of those that there are, by the name that was given: an id."""
    wanted = set(names)
    query = select(api_keys.c.key_id).where(api_keys.c.key_id.in_(wanted), api_keys.c.revoked_at.is_(None))
    return {row.key_id: row.key_id for row in tx.connection.execute(query)}
