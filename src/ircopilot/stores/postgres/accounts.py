"""Accounts of people: found by the lobby, their secrets seen only while the account is bound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import access as t
from ircopilot.stores.postgres.tables import organisations


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `epoch` grows when all sessions are to end; `home_org` is the organisation that owns the account."""

    account_id: str
    email: str
    name: str
    home_org: str | None
    epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Membership:
    """An organisation that an account belongs to, as the lobby sees it."""

    org_id: str
    org_name: str
    member_id: str
    role: str
    state: str


def named_membership(found: list[Membership], named: str) -> Membership | None:
    """The active one of the organisation of that name or id."""
    wanted = named.strip()
    active = [m for m in found if m.state == "active"]
    return next((m for m in active if wanted == m.org_id or wanted.casefold() == m.org_name.casefold()), None)


def first_active(found: list[Membership]) -> Membership | None:
    """The first organisation that the account may work in."""
    return next((m for m in found if m.state == "active"), None)


def find_account_id(database: Database, email: str) -> str | None:
    """The id of the account that signs in with this address (normal form). Works as the lobby."""
    with database.lobby(email=email) as connection:
        return connection.execute(select(t.accounts.c.account_id).where(t.accounts.c.email == email)).scalar()


def memberships_of(database: Database, account_id: str) -> list[Membership]:
    """The organisations of an account, by name. Works as the lobby."""
    joined = t.members.join(organisations, organisations.c.org_id == t.members.c.org_id)
    columns = (
        t.members.c.org_id, organisations.c.name, t.members.c.member_id, t.members.c.role, t.members.c.state,
    )  # fmt: skip
    query = select(*columns).select_from(joined).where(t.members.c.account_id == account_id)
    with database.lobby(account_id=account_id) as connection:
        return [
            Membership(*row) for row in connection.execute(query.order_by(organisations.c.name, t.members.c.org_id))
        ]


def make_account(
    connection: Connection, account_id: str, email: str, name: str, home_org: str | None = None
) -> bool:  # fmt: skip
    """Make an account that the connection is bound to; False when the address has one."""
    row = {"account_id": account_id, "email": storable(email), "name": storable(name), "home_org": home_org}
    added = insert(t.accounts).values(row).on_conflict_do_nothing().returning(t.accounts.c.account_id)
    return connection.execute(added).one_or_none() is not None


def get_account(connection: Connection, account_id: str) -> Account | None:
    """The account, if the connection may see it."""
    row = connection.execute(select(t.accounts).where(t.accounts.c.account_id == account_id)).one_or_none()
    return None if row is None else Account(**row._mapping)


def rename_account(connection: Connection, account_id: str, name: str) -> None:
    """Change how a person is called."""
    connection.execute(
        t.accounts.update().where(t.accounts.c.account_id == account_id).values(name=storable(name))
    )  # fmt: skip


def end_epoch(connection: Connection, account_id: str) -> int:
    """End all sessions of the account that were begun before; the new epoch."""
    here = t.accounts.update().where(t.accounts.c.account_id == account_id).values(epoch=t.accounts.c.epoch + 1)
    epoch: int = connection.execute(here.returning(t.accounts.c.epoch)).scalar_one()
    return epoch


def password_hash(connection: Connection, account_id: str) -> str | None:
    """The argon2id hash of the account's password, if it has one."""
    return connection.execute(select(t.passwords.c.hash).where(t.passwords.c.account_id == account_id)).scalar()


def set_password_hash(connection: Connection, account_id: str, hash_: str) -> None:
    """Replace the hash."""
    statement = insert(t.passwords).values(account_id=account_id, hash=hash_)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["account_id"], set_={"hash": hash_, "changed_at": func.now()})
    )
