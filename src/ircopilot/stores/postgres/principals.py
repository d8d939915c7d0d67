"""Who can be named in an organisation: as lead, owner of an action, or in a comment."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import api_keys
from ircopilot.stores.postgres.tables.access import accounts, members


def find_principals(tx: Tx, names: Iterable[str]) -> dict[str, str]:
    """The ids of those that there are, by the name that was given: an id, or a person's e-mail address in any case.

    Active members, and keys that were not revoked.
    """
    wanted = set(names)
    by_email = {name.casefold(): name for name in wanted}
    keys = select(api_keys.c.key_id).where(api_keys.c.key_id.in_(wanted), api_keys.c.revoked_at.is_(None))
    found = {row.key_id: row.key_id for row in tx.connection.execute(keys)}
    people = (
        select(members.c.member_id, accounts.c.email)
        .select_from(members.outerjoin(accounts, accounts.c.account_id == members.c.account_id))
        .where(members.c.state == "active", or_(members.c.member_id.in_(wanted), accounts.c.email.in_(by_email)))
    )
    for row in tx.connection.execute(people):
        if row.member_id in wanted:
            found[row.member_id] = row.member_id
        if row.email in by_email:
            found[by_email[row.email]] = row.member_id
    return found
