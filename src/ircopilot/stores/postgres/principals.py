"""Who can be named in an organisation: as lead, owner of an action, or in a comment."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import or_, select

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import api_keys
from ircopilot.stores.postgres.tables.access import accounts, members


def find_principals(tx: Tx, names: Iterable[str]) -> dict[str, str]:
    """The ids of those that there are, by how they were named: an id of a member or key, or an e-mail address in its
    normal form. Members who are not active and keys that were revoked count as none.
    """
    wanted = list(set(names))
    joined = members.outerjoin(accounts, accounts.c.account_id == members.c.account_id)
    people = (
        select(members.c.member_id, accounts.c.email)
        .select_from(joined)
        .where(members.c.state == "active", or_(members.c.member_id.in_(wanted), accounts.c.email.in_(wanted)))
    )
    found: dict[str, str] = {}
    for row in tx.connection.execute(people):
        found |= {name: row.member_id for name in (row.member_id, row.email) if name in wanted}
    keys = select(api_keys.c.key_id).where(api_keys.c.key_id.in_(wanted), api_keys.c.revoked_at.is_(None))
    return {row.key_id: row.key_id for row in tx.connection.execute(keys)} | found


def name_of_principal(tx: Tx, principal_id: str) -> str:
    """What a member, or a key, of that id is called, whether or not they are still active; its id if there is none."""
    of_member = select(members.c.name).where(members.c.member_id == principal_id)
    of_key = select(api_keys.c.name).where(api_keys.c.key_id == principal_id)
    return tx.connection.execute(of_member.union_all(of_key)).scalars().first() or principal_id
