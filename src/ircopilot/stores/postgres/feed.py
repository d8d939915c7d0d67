"""The feed of an organisation: what changed on its incidents, numbered in the order in which it became visible.

A change writes its row without a number, so that no two changes wait for each other; whoever reads numbers what is
committed by then, under a lock. So numbers have no gaps, and none appears below one that was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, literal, select, update

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.tables import incidents, organisations, runs
from ircopilot.stores.postgres.tables.cases import feed_events

_TELLING = insert(feed_events)
_OF_RUN = insert(feed_events).from_select(
    ["org_id", "incident_id", "kind", "payload"],
    select(
        runs.c.org_id,
        runs.c.incident_id,
        literal("run.state"),
        bindparam("of_payload", type_=feed_events.c.payload.type),
    ).where(runs.c.run_id == bindparam("of_run")),
)
_UNNUMBERED = select(feed_events.c.feed_id).where(feed_events.c.number.is_(None)).limit(1)
_LAST = select(organisations.c.feed_last).where(organisations.c.org_id == bindparam("of_org"))
_LOCKED = _LAST.with_for_update(key_share=True)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A change. `number` counts from 1 for each organisation; `incident` is the key of the one it is about."""

    number: int
    incident_id: str
    incident: str
    kind: str
    payload: dict[str, Any]
    at: datetime


def tell_feed(tx: Tx, incident_id: str, kind: str, payload: dict[str, Any]) -> None:
    """Tell of a change (`incident.changed`, `comment.added` …), in the transaction that makes it."""
    row = {"org_id": tx.org_id, "incident_id": incident_id, "kind": kind, "payload": payload}
    tx.connection.execute(_TELLING, row)


def tell_run_state(tx: Tx, run_id: str, payload: dict[str, Any]) -> None:
    """Tell that a run has another state."""
    tx.connection.execute(_OF_RUN, {"of_run": run_id, "of_payload": payload | {"run": run_id}})


def number_feed(tx: Tx) -> int:
    """Number what is committed and has no number yet; the last number given."""
    if tx.connection.execute(_UNNUMBERED).first() is None:
        return int(tx.connection.execute(_LAST, {"of_org": tx.org_id}).scalar() or 0)
    last = int(tx.connection.execute(_LOCKED, {"of_org": tx.org_id}).scalar() or 0)
    # A statement of its own after the lock: it sees what the one before us numbered.
    fresh = (
        select(feed_events.c.feed_id, func.row_number().over(order_by=feed_events.c.feed_id).label("n"))
        .where(feed_events.c.number.is_(None))
        .cte("fresh")
    )
    numbered = (
        update(feed_events).where(feed_events.c.feed_id == fresh.c.feed_id).values(number=literal(last) + fresh.c.n)
    )
    count = tx.connection.execute(numbered).rowcount
    if count:
        mine = organisations.c.org_id == tx.org_id
        tx.connection.execute(update(organisations).where(mine).values(feed_last=last + count))
    return last + count


def feed_start(tx: Tx) -> int:
    """The number up to which the feed is no longer kept; 0 while all of it is."""
    query = select(organisations.c.feed_from).where(organisations.c.org_id == tx.org_id)
    return int(tx.connection.execute(query).scalar() or 0)


def trim_feeds(database: Database, keep: timedelta) -> int:
    """Remove what is older than that, in all organisations; how many events. The newest number stays as it is."""
    cutoff = datetime.now(UTC) - keep
    with database.lobby() as connection:
        old = select(feed_events.c.org_id).where(feed_events.c.at < cutoff).distinct()
        found = list(connection.execute(old).scalars())
    removed = 0
    for org_id in found:
        with database.tenant(org_id) as tx:
            removed += _trim(tx, cutoff)
    return removed


def _trim(tx: Tx, cutoff: datetime) -> int:
    """Remove the oldest numbers, up to the first that is to be kept: so there is never a gap among those that stay."""
    last = number_feed(tx)
    kept = select(func.min(feed_events.c.number)).where(feed_events.c.at >= cutoff)
    first = tx.connection.execute(kept).scalar()
    until = last if first is None else int(first) - 1
    gone = tx.connection.execute(feed_events.delete().where(feed_events.c.number <= until)).rowcount
    if gone:
        mine = update(organisations).where(organisations.c.org_id == tx.org_id)
        tx.connection.execute(mine.values(feed_from=func.greatest(organisations.c.feed_from, until)))
    return gone


def feed_since(tx: Tx, number: int, limit: int) -> list[FeedEvent]:
    """What came after that number, in order."""
    query = (
        select(feed_events, incidents.c.key)
        .select_from(feed_events.join(incidents))
        .where(feed_events.c.number > number)
        .order_by(feed_events.c.number)
        .limit(limit)
    )
    return [
        FeedEvent(row.number, row.incident_id, row.key, row.kind, row.payload, row.at)
        for row in tx.connection.execute(query)
    ]
