"""The outbox's far end: the relay publishes what was committed, at least once, and marks it after the bus has it.

Which organisation's message goes first is decided here, because the bus itself knows only the order of arrival: the
one with the fewest under way; within an organisation the higher priority, then the older.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import Select, and_, bindparam, func, select, update

from ircopilot.contracts.messages import SUBJECTS, JobMessage
from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.tables import jobs, outbox

BATCH = 100


@dataclass(frozen=True, slots=True)
class OutboxLetter:
    """A message on its way to the bus, with its subject and trace, and for how many seconds it was due."""

    subject: str
    message: JobMessage
    traceparent: str
    waited_s: float = field(default=0.0, compare=False)


def relay_outbox(
    database: Database, publish: Callable[[OutboxLetter], None], room: Callable[[str], int] = lambda _: BATCH
) -> int:
    """Publish what is due, fairly; how many. Works as the lobby, for all organisations.

    `room(subject)` says how many messages the bus should be given now: what waits there has lost its place in the fair
    order. `publish` returns once the bus has stored the message. A crash between that and the mark publishes again
    under the same `Nats-Msg-Id`. Relays side by side take different rows. A raising `publish` leaves its row and those
    after it.
    """
    return sum(_relay_subject(database, publish, subject, room) for subject in _due_subjects(database))


def _due_subjects(database: Database) -> list[str]:
    with database.lobby() as connection:
        found = set(connection.execute(_DUE).scalars())
    return [s for s in SUBJECTS if s in found]


def _relay_subject(
    database: Database, publish: Callable[[OutboxLetter], None], subject: str, room: Callable[[str], int]
) -> int:
    free, sent = room(subject), 0
    if free <= 0:
        return 0
    with database.lobby() as connection:
        wanted = list(connection.execute(_FAIR_ORDER, {"of_subject": subject, "most": free}).scalars())
        rows = connection.execute(_TAKING, {"wanted": wanted}).all()
        for row in sorted(rows, key=lambda r: wanted.index(r.outbox_id)):
            try:
                body = JobMessage.model_validate(row.body | {"org_id": row.org_id})
            except ValidationError:
                # No worker could ever read it: out of the way of the others; its run ends by its deadline.
                connection.execute(_SENT, {"of_org": row.org_id, "of_id": row.outbox_id})
                continue
            try:
                publish(OutboxLetter(row.subject, body, row.traceparent, float(row.waited)))
            except Exception:
                if not sent:
                    raise
                break
            connection.execute(_SENT, {"of_org": row.org_id, "of_id": row.outbox_id})
            sent += 1
    return sent


def _fair_order() -> Select[tuple[int]]:
    """Ids of what is due: the organisation with the fewest messages under way first, in turns."""
    here = outbox.c
    subject = bindparam("of_subject", type_=here.subject.type)
    flying = (
        select(here.org_id, func.count().label("n"))
        .where(here.published_at.is_not(None), here.settled_at.is_(None), here.subject == subject)
        .group_by(here.org_id)
        .subquery()
    )
    turn = func.row_number().over(
        partition_by=here.org_id, order_by=(here.priority.desc(), here.publish_after, here.outbox_id)
    )
    due = (
        select(here.org_id, here.outbox_id, here.publish_after, turn.label("turn"))
        .where(here.published_at.is_(None), here.settled_at.is_(None), here.subject == subject)
        .where(here.publish_after <= func.clock_timestamp())
        .subquery()
    )
    order = (func.coalesce(flying.c.n, 0) + due.c.turn, due.c.publish_after, due.c.outbox_id)
    joined = due.outerjoin(flying, flying.c.org_id == due.c.org_id)
    return select(due.c.outbox_id).select_from(joined).order_by(*order).limit(bindparam("most"))


# Made once: to make a statement costs more than to run it.
_FAIR_ORDER = _fair_order()
_DUE = (
    select(outbox.c.subject)
    .where(outbox.c.published_at.is_(None), outbox.c.settled_at.is_(None))
    .where(outbox.c.publish_after <= func.clock_timestamp())
    .distinct()
)
_TAKING = (
    select(outbox, func.extract("epoch", func.clock_timestamp() - outbox.c.publish_after).label("waited"))
    .where(outbox.c.outbox_id.in_(bindparam("wanted", expanding=True)), outbox.c.published_at.is_(None))
    .with_for_update(skip_locked=True)
)
_SENT = (
    update(outbox)
    .where(outbox.c.org_id == bindparam("of_org"), outbox.c.outbox_id == bindparam("of_id"))
    .values(published_at=func.now())
)


def resend_lost(database: Database, older_than_s: float) -> int:
    """Publish again what was published so long ago and never taken up: the bus may have lost it; how many.

    Messages that the bus still has are published under their old `Nats-Msg-Id`, or find their job taken.
    """
    here = outbox.c
    waiting = select(jobs.c.job_id).where(
        jobs.c.org_id == here.org_id, jobs.c.job_id == here.job_id, jobs.c.state == "queued"
    )
    old = here.published_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, older_than_s)
    with database.lobby() as connection:
        lost = update(outbox).where(and_(old, here.settled_at.is_(None), waiting.exists())).values(published_at=None)
        return connection.execute(lost).rowcount
