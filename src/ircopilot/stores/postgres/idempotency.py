"""Answers kept for Idempotency-Key: a claim with a lease, then the answer, for 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, text, update

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import LostClaim
from ircopilot.stores.postgres.tables.governance import idempotency_keys

KEPT_HOURS = 24
_CLAIM = text(
    "INSERT INTO idempotency_keys AS k (org_id, caller, key, request, body_sha256, attempt, lease_until) "
    "VALUES (:org, :caller, :key, :request, :body_sha256, 1, clock_timestamp() + make_interval(secs => :lease_s)) "
    "ON CONFLICT (org_id, caller, key) DO UPDATE SET attempt = CASE WHEN k.claimed_at < now() - interval '24 hours' "
    "THEN 1 ELSE k.attempt + 1 END, request = EXCLUDED.request, body_sha256 = EXCLUDED.body_sha256, "
    "lease_until = EXCLUDED.lease_until, claimed_at = now(), done_at = NULL, status = NULL, headers = NULL, body = NULL, "
    "secret = false "
    "WHERE k.claimed_at < now() - interval '24 hours' OR (k.done_at IS NULL AND k.lease_until < clock_timestamp() "
    "AND k.request = EXCLUDED.request AND (k.body_sha256 IS NULL OR k.body_sha256 IS NOT DISTINCT FROM EXCLUDED.body_sha256)) "
    "RETURNING attempt"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose key it is, and what was asked: method and target, and the body's SHA-256 where it was known beforehand."""

    caller: str
    key: str
    request: str
    body_sha256: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is kept. `secret`: something was left out of the body."""

    status: int
    headers: dict[str, str]
    body: bytes
    secret: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there under a key: who claimed it asked for that, until when, and the answer once there is one."""

    request: str
    body_sha256: str | None
    lease_s: float
    answer: Answer | None


def claim_key(tx: Tx, asked: Asked, lease_s: float) -> int | Kept:
    """Claim the key; the attempt's number. Or what is there already, when nobody may work under it (again) now.

    A claim whose lease ran out is taken over by who asks for the same, one older than 24 hours by anybody.
    """
    values = {
        "org": tx.org_id, "caller": asked.caller, "key": asked.key, "request": asked.request,
        "body_sha256": asked.body_sha256, "lease_s": lease_s,
    }  # fmt: skip
    attempt = tx.connection.execute(_CLAIM, values).scalar()
    if attempt is not None:
        return int(attempt)
    k = idempotency_keys.c
    left = func.extract("epoch", k.lease_until - func.clock_timestamp()).label("left")
    row = tx.connection.execute(select(idempotency_keys, left).where(*_mine(asked))).one()
    answer = None
    if row.done_at is not None:
        answer = Answer(row.status, dict(row.headers), bytes(row.body), row.secret)
    return Kept(row.request, row.body_sha256, float(row.left), answer)


def extend_lease(tx: Tx, asked: Asked, attempt: int, lease_s: float) -> None:
    """The attempt is still at it. Raises `LostClaim` when another took over."""
    until = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, lease_s)
    _change(tx, asked, attempt, {"lease_until": until})


def keep_answer(tx: Tx, asked: Asked, attempt: int, answer: Answer, body_sha256: str | None) -> None:
    """Keep the answer, in the transaction of the work where one does it. Raises `LostClaim`: then all of it rolls back."""
    values: dict[str, Any] = {
        "done_at": func.now(), "status": answer.status, "headers": answer.headers, "body": answer.body,
        "secret": answer.secret, "body_sha256": body_sha256,
    }  # fmt: skip
    _change(tx, asked, attempt, values)


def release_key(tx: Tx, asked: Asked, attempt: int) -> None:
    """Nothing was done: the key may be used as if it never was."""
    mine = (*_mine(asked), idempotency_keys.c.attempt == attempt, idempotency_keys.c.done_at.is_(None))
    tx.connection.execute(delete(idempotency_keys).where(*mine))


def forget_old_answers(database: Database) -> int:
    """Remove what is older than 24 hours, in all organisations."""
    with database.lobby() as connection:
        found = list(connection.execute(select(idempotency_keys.c.org_id).distinct()).scalars())
    removed = 0
    for org_id in found:
        with database.tenant(org_id) as tx:
            old = idempotency_keys.c.claimed_at < func.now() - func.make_interval(0, 0, 0, 0, KEPT_HOURS)
            removed += tx.connection.execute(delete(idempotency_keys).where(old)).rowcount
    return removed


def _change(tx: Tx, asked: Asked, attempt: int, values: dict[str, Any]) -> None:
    k = idempotency_keys.c
    mine = (*_mine(asked), k.attempt == attempt, k.done_at.is_(None))
    if tx.connection.execute(update(idempotency_keys).where(*mine).values(values)).rowcount != 1:
        raise LostClaim("another call has taken the key over", "ask again with the same key")


def _mine(asked: Asked) -> tuple[Any, ...]:
    k = idempotency_keys.c
    return k.caller == asked.caller, k.key == asked.key
