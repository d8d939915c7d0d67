"""The outbox's far end: the relay publishes what was committed, at least once, and marks it after the bus has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select, update

from ircopilot.contracts.messages import JobMessage
from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.tables import outbox


@dataclass(frozen=True, slots=True)
class OutboxLetter:
    """A message on its way to the bus, with its subject and trace."""

    subject: str
    message: JobMessage
    traceparent: str


def relay_outbox(database: Database, publish: Callable[[OutboxLetter], None], batch: int = 100) -> int:
    """Publish what is due, oldest first; how many. Works as the lobby, for all organisations.

    `publish` returns once the bus has stored the message. A crash between that and the mark publishes again under the
    same `Nats-Msg-Id`. Relays side by side take different rows. A raising `publish` leaves its row and those after it.
    """
    here = outbox.c
    due = here.published_at.is_(None) & (here.publish_after <= func.clock_timestamp())
    query = select(outbox).where(due).order_by(here.publish_after, here.outbox_id).limit(batch)
    sent = 0
    with database.lobby() as connection:
        for row in connection.execute(query.with_for_update(skip_locked=True)).all():
            letter = OutboxLetter(
                row.subject, JobMessage.model_validate(row.body | {"org_id": row.org_id}), row.traceparent
            )
            try:
                publish(letter)
            except Exception:
                if not sent:
                    raise
                break
            mark = (here.org_id == row.org_id) & (here.outbox_id == row.outbox_id)
            connection.execute(update(outbox).where(mark).values(published_at=func.now()))
            sent += 1
    return sent
