"""Invitations: links that work once, of which only the SHA-256 is kept; the secret has 256 bits, so no salt is needed.

A link's token is `iri_<invitation id>_<secret>`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import UnknownInvitation
from ircopilot.stores.postgres.tables.access import invitations as t

_SHAPE = re.compile(r"iri_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation without its secret. `email` is None in a link that whoever holds it may use."""

    invitation_id: str
    kind: str
    email: str | None
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


_SEEN = tuple(t.c[name] for name in Invitation.__dataclass_fields__)


def make_invitation(
    tx: Tx, role: str, expires_at: datetime, created_by: str, email: str | None = None, kind: str = "member"
) -> tuple[str, str]:  # fmt: skip
    """Make one; (its id, its token, which is kept nowhere)."""
    invitation_id = secrets.token_hex(8)
    token = f"iri_{invitation_id}_{secrets.token_urlsafe(32)}"
    row = {
        "org_id": tx.org_id, "invitation_id": invitation_id, "kind": kind, "email": email, "role": role,
        "digest": _digest(token), "created_by": created_by, "expires_at": expires_at,
    }  # fmt: skip
    tx.connection.execute(t.insert().values(row))
    return invitation_id, token


def organisation_of_token(database: Database, token: str) -> tuple[str, str] | None:
    """(organisation, invitation id) of a token that can be used now; None when there is none. Works as the lobby."""
    shape = _SHAPE.fullmatch(token)
    if shape is None:
        return None
    query = select(t.c.org_id, t.c.digest).where(
        t.c.invitation_id == shape[1], t.c.expires_at > func.clock_timestamp()
    )  # fmt: skip
    with database.lobby(invitation_id=shape[1]) as connection:
        row = connection.execute(query).one_or_none()
    if row is None or not hmac.compare_digest(row.digest, _digest(token)):
        return None
    return row.org_id, shape[1]


def use_invitation(tx: Tx, invitation_id: str) -> Invitation:
    """Use it up, if nobody has. Raises `UnknownInvitation`."""
    open_ = t.c.used_at.is_(None) & t.c.revoked_at.is_(None) & (t.c.expires_at > func.clock_timestamp())
    used = t.update().where(t.c.invitation_id == invitation_id, open_).values(used_at=func.now()).returning(*_SEEN)
    row = tx.connection.execute(used).one_or_none()
    if row is None:
        raise UnknownInvitation("that link cannot be used any more", "ask for another one")
    return _invitation(row)


def find_invitation(tx: Tx, invitation_id: str) -> Invitation | None:
    """One invitation of the organisation."""
    row = tx.connection.execute(select(*_SEEN).where(t.c.invitation_id == invitation_id)).one_or_none()
    return None if row is None else _invitation(row)


def revoke_invitation(tx: Tx, invitation_id: str) -> None:
    """Make it useless. Raises `UnknownInvitation` when there is none that could be used."""
    open_ = (t.c.invitation_id == invitation_id) & t.c.used_at.is_(None) & t.c.revoked_at.is_(None)
    if tx.connection.execute(t.update().where(open_).values(revoked_at=func.now())).rowcount != 1:
        raise UnknownInvitation(f"no open invitation {invitation_id[:100]}", "list them: GET /v1/invitations")


def revoke_first(tx: Tx) -> None:
    """Make every open link for a first owner useless."""
    open_ = (t.c.kind == "first") & t.c.used_at.is_(None) & t.c.revoked_at.is_(None)
    tx.connection.execute(t.update().where(open_).values(revoked_at=func.now()))


def list_invitations(tx: Tx, limit: int, after: tuple[datetime, str] | None = None) -> list[Invitation]:
    """Invitations, newest first, after a place in that order."""
    query = select(*_SEEN).order_by(t.c.created_at.desc(), t.c.invitation_id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(t.c.created_at, t.c.invitation_id) < tuple_(*after))
    return [_invitation(row) for row in tx.connection.execute(query)]


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(**row._mapping)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
