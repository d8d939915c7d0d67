"""Members of an organisation: people and service accounts, each with one role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, bindparam, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import NoSuchMember
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import organisations
from ircopilot.stores.postgres.tables.access import accounts, factors, members

_COLUMNS: tuple[Column[Any], ...] = (
    members.c.org_id, members.c.member_id, members.c.account_id, members.c.kind, members.c.name, members.c.role,
    members.c.state, members.c.created_at, members.c.disabled_at, members.c.version, accounts.c.email,
)  # fmt: skip
_SEEN = select(*_COLUMNS).select_from(members.outerjoin(accounts, accounts.c.account_id == members.c.account_id))
# Made once, being run for every call of a session.
_STANDING = (
    select(
        members.c.role, members.c.state, members.c.name, accounts.c.email, accounts.c.epoch, accounts.c.home_org,
        organisations.c.require_mfa, organisations.c.session_idle_s, organisations.c.session_absolute_s,
    )
    .select_from(
        members.join(accounts, accounts.c.account_id == members.c.account_id).join(
            organisations, organisations.c.org_id == members.c.org_id
        )
    )
    .where(members.c.member_id == bindparam("of_member"), members.c.account_id == bindparam("of_account"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A person or service account in an organisation. `email` is None for a service account."""

    org_id: str
    member_id: str
    account_id: str | None
    kind: str
    name: str
    role: str
    state: str
    created_at: datetime
    disabled_at: datetime | None
    version: int
    email: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a session's member may at this moment, and what its organisation asks of sessions (seconds)."""

    role: str
    state: str
    name: str
    email: str
    epoch: int
    home_org: str | None
    require_mfa: bool
    session_idle_s: int
    session_absolute_s: int


def standing_of(tx: Tx, member_id: str, account_id: str) -> Standing | None:
    """How the member stands now; None when there is none of that account."""
    row = tx.connection.execute(_STANDING, {"of_member": member_id, "of_account": account_id}).one_or_none()
    return None if row is None else Standing(*row)


def add_member(
    tx: Tx, member_id: str, name: str, role: str, account_id: str | None = None
) -> bool:  # fmt: skip
    """Add a person, or without an account a service account; False when the account is a member already."""
    row = {
        "org_id": tx.org_id, "member_id": member_id, "account_id": account_id, "name": storable(name), "role": role,
        "kind": "service" if account_id is None else "person",
    }  # fmt: skip
    added = insert(members).values(row).on_conflict_do_nothing().returning(members.c.member_id)
    return tx.connection.execute(added).one_or_none() is not None


def get_member(tx: Tx, member_id: str, *, lock: bool = False) -> Member:
    """One member, held against changes if `lock`. Raises `NoSuchMember`."""
    query = _SEEN.where(members.c.member_id == member_id)
    row = tx.connection.execute(query.with_for_update(of=members) if lock else query).one_or_none()
    if row is None:
        raise NoSuchMember(f"no member {member_id[:100]}", "list them: GET /v1/members")
    return _member(row)


def member_of_account(tx: Tx, account_id: str) -> Member | None:
    """The account's membership in this organisation."""
    row = tx.connection.execute(_SEEN.where(members.c.account_id == account_id)).one_or_none()
    return None if row is None else _member(row)


def member_with_email(tx: Tx, email: str) -> Member | None:
    """A member whose account has this address (normal form)."""
    row = tx.connection.execute(_SEEN.where(accounts.c.email == email).limit(1)).one_or_none()
    return None if row is None else _member(row)


def list_members(
    tx: Tx, limit: int, after: tuple[datetime, str] | None = None, *, kind: str | None = None
) -> list[Member]:  # fmt: skip
    """Members, oldest first, after a place in that order."""
    query = _SEEN.order_by(members.c.created_at, members.c.member_id).limit(limit)
    if after is not None:
        query = query.where(tuple_(members.c.created_at, members.c.member_id) > tuple_(*after))
    if kind is not None:
        query = query.where(members.c.kind == kind)
    return [_member(row) for row in tx.connection.execute(query)]


def active_owners(tx: Tx) -> list[str]:
    """The ids of all owners who can sign in, held against changes: two who go at once cannot both be the last but one."""
    mine = (members.c.role == "owner") & (members.c.state == "active")
    query = select(members.c.member_id).where(mine).order_by(members.c.member_id).with_for_update()
    return list(tx.connection.execute(query).scalars())


def change_member(tx: Tx, member_id: str, **values: Any) -> None:
    """Change columns of a member that was locked: `role`, `name`, `state`."""
    if values.get("state"):
        values["disabled_at"] = func.now() if values["state"] == "disabled" else None
    here = members.update().where(members.c.member_id == member_id)
    tx.connection.execute(here.values(**values, version=members.c.version + 1))


def has_second_factor(tx: Tx, account_id: str) -> bool:
    """Whether the account, which the transaction is bound to, has a confirmed factor."""
    mine = (factors.c.account_id == account_id) & factors.c.confirmed_at.is_not(None)
    return tx.connection.execute(select(factors.c.factor_id).where(mine).limit(1)).first() is not None


def _member(row: Row[Any]) -> Member:
    return Member(**row._mapping)
