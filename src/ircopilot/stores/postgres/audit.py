"""The audit log's rows: entries are chained in their order of commit, under the lock of the organisation's head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, select, text, update

from ircopilot.domain.audit import Act, AuditEntry, Checkpoint, chain_entry
from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables.governance import audit_checkpoints, audit_heads, audit_log

_ACT = tuple(field.name for field in fields(Act))
_BATCH = 1000
# Locks the head until the transaction ends; `hash` is still that of the entry before.
_TAKE = text(
    "INSERT INTO audit_heads AS h (org_id, seq) VALUES (:org, :count) "
    "ON CONFLICT (org_id) DO UPDATE SET seq = h.seq + :count RETURNING seq, hash, clock_timestamp() AS now"
)
_CLOSE = update(audit_heads).where(audit_heads.c.org_id == bindparam("org")).values(hash=bindparam("newest"))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: an actor's id or label, an act or all of a noun (`incident.`), a target or all that begin so."""

    actor: str | None = None
    act: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditHead:
    """What the head says of the newest entry, and up to where the log is signed."""

    seq: int
    hash: str
    signed_seq: int
    signed_at: datetime | None


def log_act(tx: Tx, did: Act) -> None:
    """Have the act written when the transaction commits, after all that it does: the head is locked for that moment only."""
    clean = replace(did, **{n: storable(v) for n in _ACT if isinstance(v := getattr(did, n), str)})
    tx.at_commit("audit", clean, _append)


def _append(tx: Tx, acts: Sequence[Act]) -> None:
    taken = tx.connection.execute(_TAKE, {"org": tx.org_id, "count": len(acts)}).one()
    seq, previous, at = taken.seq - len(acts), taken.hash, taken.now.astimezone(UTC)
    rows = []
    for did in acts:
        seq += 1
        entry = chain_entry(tx.org_id, seq, at, did, previous)
        previous = entry.hash
        rows.append(_row_of(entry))
    tx.connection.execute(audit_log.insert(), rows)
    tx.connection.execute(_CLOSE, {"org": tx.org_id, "newest": previous})


def page_entries(tx: Tx, wanted: AuditFilter, limit: int, below: int | None = None) -> list[AuditEntry]:
    """Up to `limit` entries, newest first, with numbers under `below`."""
    query = select(audit_log).where(*_conditions(wanted)).order_by(audit_log.c.seq.desc()).limit(limit)
    if below is not None:
        query = query.where(audit_log.c.seq < below)
    return [_entry_of(row) for row in tx.connection.execute(query)]


def entries_after(tx: Tx, after: int, wanted: AuditFilter | None = None, limit: int = _BATCH) -> list[AuditEntry]:
    """Up to `limit` entries in order, with numbers above `after`."""
    query = select(audit_log).where(audit_log.c.seq > after).order_by(audit_log.c.seq).limit(limit)
    if wanted is not None:
        query = query.where(*_conditions(wanted))
    return [_entry_of(row) for row in tx.connection.execute(query)]


def all_entries(database: Database, org_id: str, wanted: AuditFilter | None = None) -> Iterator[AuditEntry]:
    """Every entry in order, read in transactions of its own by the thousand."""
    after = 0
    while True:
        with database.tenant(org_id) as tx:
            found = entries_after(tx, after, wanted)
        yield from found
        if len(found) < _BATCH:
            return
        after = found[-1].seq


def audit_head(tx: Tx, *, lock: bool = False) -> AuditHead | None:
    """The organisation's head; None before its first entry."""
    query = select(audit_heads).where(audit_heads.c.org_id == tx.org_id)
    row = tx.connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else AuditHead(row.seq, row.hash, row.signed_seq, row.signed_at)


def list_checkpoints(tx: Tx) -> list[Checkpoint]:
    """All checkpoints, oldest first."""
    query = select(audit_checkpoints).order_by(audit_checkpoints.c.number)
    return [_checkpoint_of(row) for row in tx.connection.execute(query)]


def last_checkpoint(tx: Tx) -> Checkpoint | None:
    """The newest checkpoint."""
    query = select(audit_checkpoints).order_by(audit_checkpoints.c.number.desc()).limit(1)
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else _checkpoint_of(row)


def add_checkpoint(tx: Tx, point: Checkpoint) -> None:
    """Keep a signed checkpoint, and note in the head up to where the log is signed."""
    tx.connection.execute(audit_checkpoints.insert().values({f.name: getattr(point, f.name) for f in fields(point)}))
    mine = audit_heads.c.org_id == tx.org_id
    tx.connection.execute(update(audit_heads).where(mine).values(signed_seq=point.seq, signed_at=point.at))


def unsigned_logs(database: Database, entries: int, age: timedelta) -> list[str]:
    """Organisations with at least that many unsigned entries, or with some and no checkpoint for that long."""
    open_ = audit_heads.c.seq > audit_heads.c.signed_seq
    due = (audit_heads.c.seq - audit_heads.c.signed_seq >= entries) | (
        func.coalesce(audit_heads.c.signed_at, func.to_timestamp(0)) < func.now() - age
    )
    with database.lobby() as connection:
        return list(connection.execute(select(audit_heads.c.org_id).where(open_, due)).scalars())


def logged_organisations(database: Database) -> list[str]:
    """Every organisation that has a log, also those that were erased."""
    with database.lobby() as connection:
        return list(connection.execute(select(audit_heads.c.org_id).order_by(audit_heads.c.org_id)).scalars())


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    log = audit_log.c
    found: list[ColumnElement[bool]] = []
    if wanted.actor is not None:
        found.append((log.actor_id == wanted.actor) | (log.actor_label == wanted.actor))
    if wanted.act is not None:
        found.append(
            log.act.startswith(wanted.act, autoescape=True) if wanted.act[-1:] == "." else log.act == wanted.act
        )
    if wanted.target is not None:
        found.append((log.target == wanted.target) | log.target.startswith(f"{wanted.target}/", autoescape=True))
    if wanted.since is not None:
        found.append(log.at >= wanted.since)
    if wanted.until is not None:
        found.append(log.at < wanted.until)
    return found


def _row_of(entry: AuditEntry) -> dict[str, Any]:
    head = {"org_id": entry.org_id, "seq": entry.seq, "at": entry.at}
    act = {name: getattr(entry.did, name) for name in _ACT}
    return {**head, **act, "prev_hash": entry.prev_hash, "hash": entry.hash}


def _entry_of(row: Row[Any]) -> AuditEntry:
    did = Act(**{name: row._mapping[name] for name in _ACT})
    return AuditEntry(row.org_id, row.seq, row.at, did, row.prev_hash, row.hash)


def _checkpoint_of(row: Row[Any]) -> Checkpoint:
    point = Checkpoint(row.org_id, row.number, row.seq, row.hash, row.at, row.key_id, row.prev_signature)
    return replace(point, signature=row.signature)
