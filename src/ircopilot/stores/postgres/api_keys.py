"""API keys: `irc_<key id>_<secret>`, of which only the SHA-256 is kept; the secret has 256 bits, so no salt is needed."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, or_, select, update

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import UnknownKey
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import api_keys

_SHAPE = re.compile(r"irc_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
# Made once, being run for every call.
_VALID = select(api_keys.c.org_id, api_keys.c.digest).where(
    api_keys.c.key_id == bindparam("of_id"),
    api_keys.c.revoked_at.is_(None),
    or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > func.clock_timestamp()),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret."""

    org_id: str
    key_id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def make_key(tx: Tx, name: str, expires_at: datetime | None = None) -> str:
    """Make a key; returns its text, which is kept nowhere."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    text = f"irc_{key_id}_{secret}"
    row = {"org_id": tx.org_id, "key_id": key_id, "name": storable(name), "digest": _digest(text)}
    tx.connection.execute(api_keys.insert().values(row | {"expires_at": expires_at}))
    return text


def check_key(database: Database, text: str) -> tuple[str, str] | None:
    """(organisation, key id) that the text is the key of; None when it is none, expired or revoked. Works as the lobby."""
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    with database.lobby() as connection:
        row = connection.execute(_VALID, {"of_id": shape[1]}).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, _digest(text)):
        return None
    return row.org_id, shape[1]


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


def list_keys(tx: Tx) -> list[ApiKey]:
    """All keys of the organisation, oldest first."""
    rows = tx.connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id))
    names = tuple(ApiKey.__dataclass_fields__)
    return [ApiKey(**{name: row._mapping[name] for name in names}) for row in rows]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
