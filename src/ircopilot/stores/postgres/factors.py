"""Second factors of an account, and its recovery codes; seen only while the account is bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.errors import UnknownFactor
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables.access import factors as t
from ircopilot.stores.postgres.tables.access import recovery_codes as codes


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor. `material`: the sealed secret of a `totp`, the public key of a `passkey` (base64url).

    `counter`: the last time step that was used, or the authenticator's count of signatures.
    """

    account_id: str
    factor_id: str
    kind: str
    label: str
    material: str
    credential_id: str | None
    counter: int
    created_at: datetime
    confirmed_at: datetime | None
    last_used_at: datetime | None


def add_totp(connection: Connection, account_id: str, factor_id: str, label: str, sealed: str) -> None:
    """Add the secret of an authenticator app. It counts once it is confirmed; an earlier one that never was is forgotten."""
    connection.execute(t.delete().where(t.c.account_id == account_id, t.c.confirmed_at.is_(None)))
    row = {
        "account_id": account_id, "factor_id": factor_id, "kind": "totp", "label": storable(label), "material": sealed,
    }  # fmt: skip
    connection.execute(t.insert().values(row))


def add_passkey(
    connection: Connection, account_id: str, factor_id: str, label: str, public_key: str, credential_id: str, counter: int
) -> bool:  # fmt: skip
    """Add a passkey; False when that credential is known, here or in another account."""
    row = {
        "account_id": account_id, "factor_id": factor_id, "kind": "passkey", "label": storable(label),
        "material": public_key, "credential_id": credential_id, "counter": counter, "confirmed_at": func.now(),
    }  # fmt: skip
    added = insert(t).values(row).on_conflict_do_nothing().returning(t.c.factor_id)
    return connection.execute(added).one_or_none() is not None


def confirm_factor(connection: Connection, account_id: str, factor_id: str) -> None:
    """From now on it counts."""
    mine = t.update().where(t.c.account_id == account_id, t.c.factor_id == factor_id)
    connection.execute(mine.values(confirmed_at=func.now()))


def use_counter(
    connection: Connection, account_id: str, factor_id: str, counter: int, *, may_stay: bool = False
) -> bool:
    """Note a use; False when the counter does not grow, so that nothing is used twice, not even at the same moment.

    `may_stay`: an authenticator that does not count says 0 each time.
    """
    grows = (t.c.counter < counter) | ((t.c.counter == 0) & (counter == 0) & may_stay)
    mine = t.update().where(t.c.account_id == account_id, t.c.factor_id == factor_id, grows)
    return connection.execute(mine.values(counter=counter, last_used_at=func.now())).rowcount == 1


def list_factors(connection: Connection, account_id: str, kind: str | None = None) -> list[Factor]:
    """The confirmed factors, oldest first."""
    query = select(t).where(t.c.account_id == account_id, t.c.confirmed_at.is_not(None))
    if kind is not None:
        query = query.where(t.c.kind == kind)
    return [_factor(row) for row in connection.execute(query.order_by(t.c.created_at, t.c.factor_id))]


def get_factor(connection: Connection, account_id: str, factor_id: str) -> Factor:
    """One factor, confirmed or not. Raises `UnknownFactor`."""
    query = select(t).where(t.c.account_id == account_id, t.c.factor_id == factor_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownFactor(f"no second factor {factor_id[:100]}", "list them: GET /v1/me/factors")
    return _factor(row)


def find_credential(connection: Connection, account_id: str, credential_id: str) -> Factor | None:
    """The account's passkey of that credential id."""
    query = select(t).where(t.c.account_id == account_id, t.c.credential_id == credential_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _factor(row)


def remove_factor(connection: Connection, account_id: str, factor_id: str) -> None:
    """Remove one."""
    connection.execute(t.delete().where(t.c.account_id == account_id, t.c.factor_id == factor_id))


def replace_codes(connection: Connection, account_id: str, digests: Iterable[str]) -> None:
    """Replace all recovery codes by these SHA-256."""
    connection.execute(codes.delete().where(codes.c.account_id == account_id))
    rows = [{"account_id": account_id, "digest": digest} for digest in digests]
    if rows:
        connection.execute(codes.insert(), rows)


def use_code(connection: Connection, account_id: str, digest: str) -> bool:
    """Use a recovery code up; False when it is none, or was used."""
    mine = (codes.c.account_id == account_id) & (codes.c.digest == digest) & codes.c.used_at.is_(None)
    return connection.execute(codes.update().where(mine).values(used_at=func.now())).rowcount == 1


def codes_left(connection: Connection, account_id: str) -> int:
    """How many recovery codes were not used."""
    mine = (codes.c.account_id == account_id) & codes.c.used_at.is_(None)
    return connection.execute(select(func.count()).select_from(codes).where(mine)).scalar_one()


def _factor(row: Row[Any]) -> Factor:
    return Factor(**row._mapping)
