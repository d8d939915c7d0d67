"""API keys: `irc_<key id>_<secret>`, of which only the SHA-256 is kept; the secret has 256 bits, so no salt is needed."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_, update

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownKey
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.reader import Reader
from ircopilot.stores.postgres.tables import api_keys

_SHAPE = re.compile(r"irc_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
# Run for every call. The digest in it is compared in constant time.
_VALID = """
SELECT k.org_id, k.digest, k.role, k.scopes, coalesce(v.version, 0)
  FROM api_keys k LEFT JOIN policy_versions v ON v.org_id = k.org_id
 WHERE k.key_id = $1 AND k.revoked_at IS NULL AND k.suspended_at IS NULL
   AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. `scopes`: the permissions it is narrowed to, None if to none but its role's.

    `member_id`: whose it is, None of one that was made on the machine itself. `suspended_at`: that member is disabled.
    """

    org_id: str
    key_id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    role: str
    scopes: tuple[str, ...] | None
    member_id: str | None
    created_by: str
    suspended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownKey:
    """What a valid key is: whose, and what it may."""

    org_id: str
    key_id: str
    role: str
    scopes: tuple[str, ...] | None
    policy: int


def make_key(
    tx: Tx, name: str, expires_at: datetime | None = None, *, role: str = "service",
    scopes: Iterable[str] | None = None, member_id: str | None = None, created_by: str = "",
) -> str:  # fmt: skip
    """Make a key; returns its text, which is kept nowhere."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    text = f"irc_{key_id}_{secret}"
    row = {
        "org_id": tx.org_id, "key_id": key_id, "name": storable(name), "digest": _digest(text), "role": role,
        "scopes": None if scopes is None else " ".join(sorted(set(scopes))), "member_id": member_id,
        "created_by": storable(created_by), "expires_at": expires_at,
    }  # fmt: skip
    tx.connection.execute(api_keys.insert().values(row))
    return text


def key_id_of(text: str) -> str:
    """The id within a key's text."""
    return text.split("_", 2)[1]


async def check_key(lobby: Reader, text: str) -> ShownKey | None:
    """What the text is the key of; None when it is none, expired, suspended or revoked."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    found = await lobby.rows(None, _VALID, [shape[1]])
    if not found:
        return None
    org_id, digest, role, scopes, policy = (None if value is None else value.decode() for value in found[0])
    if not hmac.compare_digest(str(digest), _digest(text)):
        return None
    return ShownKey(str(org_id), shape[1], str(role), _scopes(scopes), int(policy or 0))


def touch_key(tx: Tx, key_id: str) -> None:
    """Note that the key was used; at most once a minute."""
    old = or_(
        api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    )
    tx.connection.execute(update(api_keys).where(api_keys.c.key_id == key_id, old).values(last_used_at=func.now()))


def revoke_key(tx: Tx, key_id: str) -> None:
    """Make a key useless from now on. Raises `UnknownKey`."""
    mine = (api_keys.c.key_id == key_id) & api_keys.c.revoked_at.is_(None)
    if tx.connection.execute(update(api_keys).where(mine).values(revoked_at=datetime.now(UTC))).rowcount != 1:
        raise UnknownKey(f"no valid key {key_id}", "see `ircopilot admin key list`")


def suspend_keys(tx: Tx, member_id: str, on: bool) -> None:
    """Make a member's keys useless while the member is disabled; or no more."""
    here = update(api_keys).where(api_keys.c.member_id == member_id)
    tx.connection.execute(here.values(suspended_at=func.now() if on else None))


def revoke_keys_of(tx: Tx, member_id: str, but_roles: Iterable[str] = ()) -> list[str]:
    """Revoke a member's keys, except those of these roles; their ids."""
    mine = (api_keys.c.member_id == member_id) & api_keys.c.revoked_at.is_(None)
    gone = update(api_keys).where(mine, api_keys.c.role.not_in(list(but_roles))).values(revoked_at=func.now())
    return list(tx.connection.execute(gone.returning(api_keys.c.key_id)).scalars())


def get_key(tx: Tx, key_id: str) -> ApiKey:
    """One key of the organisation. Raises `UnknownKey`."""
    row = tx.connection.execute(select(*_SEEN).where(api_keys.c.key_id == key_id)).one_or_none()
    if row is None:
        raise UnknownKey(f"no key {key_id[:100]}", "list them: GET /v1/api-keys")
    return _key(row)


def list_keys(
    tx: Tx, limit: int | None = None, after: tuple[datetime, str] | None = None, *, member_id: str | None = None
) -> list[ApiKey]:  # fmt: skip
    """Keys of the organisation, or of one member, oldest first, after a place in that order."""
    query = select(*_SEEN).order_by(api_keys.c.created_at, api_keys.c.key_id).limit(limit)
    if after is not None:
        query = query.where(tuple_(api_keys.c.created_at, api_keys.c.key_id) > tuple_(*after))
    if member_id is not None:
        query = query.where(api_keys.c.member_id == member_id)
    return [_key(row) for row in tx.connection.execute(query)]


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(**{**row._mapping, "scopes": _scopes(row.scopes)})


def _scopes(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(text.split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_SEEN = tuple(api_keys.c[name] for name in ApiKey.__dataclass_fields__)
