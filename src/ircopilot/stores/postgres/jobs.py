"""Jobs: a row and its outbox row in one transaction, a lease with a fencing token, retries, dead letters.

queued → running → done, or back to queued with the next attempt, or dead. The fence rises with every lease: who
holds an older one can neither renew, complete nor fail the job: a worker stopped and woken later writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Interval, Row, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.contracts.messages import JobMessage, Subject
from ircopilot.stores.postgres.cases import EVERYTHING, Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import OversizeJob, StaleLease, UnknownJob
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import dead_letters, incidents, jobs, outbox

MAX_ATTEMPTS = 5
MAX_MESSAGE_BYTES = 256 << 10  # NATS takes 1 MiB by default
LEASE_S = 20.0
RETRY_BASE_S = 2.0
RETRY_CAP_S = 300.0
OUTBOX_CHANNEL = "ircopilot_outbox"  # notified when something was put into the outbox, or a message was settled

# Made once, like all that is run for every job: to make a statement costs more than to run it.
_NOTIFY = select(func.pg_notify(OUTBOX_CHANNEL, ""))
_PARTS = (
    select(jobs)
    .where(jobs.c.run_id == bindparam("of_run"), jobs.c.step == bindparam("of_step"))
    .order_by(jobs.c.part)
)  # fmt: skip
_LEFT = and_(
    jobs.c.state == "running", jobs.c.lease_until < func.clock_timestamp(), bindparam("from_others", type_=Boolean())
)
_FREE = or_(jobs.c.state == "queued", _LEFT)
_LEASING = (
    update(jobs)
    .where(jobs.c.job_id == bindparam("of_id"), jobs.c.attempt == bindparam("of_attempt"), _FREE)
    .values(
        state="running",
        fence=jobs.c.fence + 1,
        leased_by=bindparam("to_worker"),
        lease_until=func.clock_timestamp() + bindparam("for_long", type_=Interval()),
    )
    .returning(jobs.c.fence)
)
_HELD = (
    select(jobs.c.job_id)
    .where(jobs.c.job_id == bindparam("of_id"), jobs.c.fence == bindparam("of_fence"), jobs.c.state == "running")
    .with_for_update(read=True)
)
_MAKING = insert(jobs).on_conflict_do_nothing().returning(jobs)
_SENDING = insert(outbox).values(publish_after=func.clock_timestamp() + bindparam("delay", type_=Interval()))
_SETTLING = (
    update(outbox)
    .where(outbox.c.job_id == bindparam("of_id"), outbox.c.settled_at.is_(None))
    .values(settled_at=func.now())
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job until it runs out or another worker takes it over. `fence` is the token."""

    job_id: str
    fence: int
    worker: str


@dataclass(frozen=True, slots=True)
class Part:
    """One job of a step of a run: its number in the step, how it stands, and the result if it is done."""

    job_id: str
    part: int
    state: str
    result: dict[str, Any] | None
    error: str | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up, at which attempt and why."""

    job_id: str
    attempt: int
    reason: str
    message: JobMessage


def retry_delay(attempt: int) -> float:
    """Seconds to wait after the failed attempt of that number: 2, 4, 8 … up to 300."""
    return float(min(RETRY_BASE_S * 2 ** (attempt - 1), RETRY_CAP_S))


def enqueue(
    tx: Tx, subject: Subject, message: JobMessage, *, traceparent: str = "", max_attempts: int = MAX_ATTEMPTS,
    step: str = "", part: int = 0, priority: int = 5,
) -> bool:  # fmt: skip
    """Make the job and its outbox row; False when a job of that id was there already, which is left as it is.

    Raises `OversizeJob` for what the bus would refuse: big things travel through the stores, a job names them.
    """
    if len(message.model_dump_json()) > MAX_MESSAGE_BYTES:
        raise OversizeJob(f"job {message.job_id} is larger than {MAX_MESSAGE_BYTES} bytes")
    row = {
        "org_id": tx.org_id,
        "job_id": message.job_id,
        "incident_id": message.incident_id,
        "run_id": message.run_id,
        "subject": subject,
        "payload": message.payload,
        "traceparent": traceparent,
        "state": "queued",
        "attempt": message.attempt,
        "max_attempts": max_attempts,
        "step": step,
        "part": part,
        "priority": priority,
    }
    made = tx.connection.execute(_MAKING, row).one_or_none()
    if made is not None:
        _send(tx, made, delay_s=0.0)
    return made is not None


def lease_job(
    tx: Tx, job_id: str, attempt: int, worker: str, seconds: float = LEASE_S, take_over: bool = True
) -> Lease | None:  # fmt: skip
    """Take the job for this attempt, if it is queued or, with `take_over`, its lease ran out; else None."""
    given = {"of_id": job_id, "of_attempt": attempt, "to_worker": worker, "for_long": timedelta(seconds=seconds)}
    taken = tx.connection.execute(_LEASING, {**given, "from_others": take_over}).scalar()
    return None if taken is None else Lease(job_id, int(taken), worker)


def renew_lease(tx: Tx, lease: Lease, seconds: float = LEASE_S) -> None:
    """Prolong the lease. Raises `StaleLease` when another worker has the job, or it is over."""
    _change(tx, lease, lease_until=_in(seconds))


def check_lease(tx: Tx, lease: Lease) -> None:
    """Hold the lease as it is until the transaction ends, or raise `StaleLease`: fences what a worker makes visible."""
    if tx.connection.execute(_HELD, {"of_id": lease.job_id, "of_fence": lease.fence}).one_or_none() is None:
        raise StaleLease(f"{lease.worker} holds no valid lease on job {lease.job_id}")


def complete_job(tx: Tx, lease: Lease, result: dict[str, Any] | None = None) -> None:
    """Mark the job done, in the transaction that makes its result visible. Raises `StaleLease`: then roll back."""
    over = {"state": "done", "leased_by": None, "lease_until": None, "finished_at": func.now(), "result": result}
    row = _change(tx, lease, **over)
    _settle(tx, row.job_id)


def fail_job(tx: Tx, lease: Lease, reason: str, *, retry: bool = True) -> bool:
    """End this attempt with a reason; True when another will follow, False when the job became a dead letter."""
    row = _change(tx, lease, leased_by=None, lease_until=None, last_error=storable(reason))
    if retry and row.attempt < row.max_attempts:
        _requeue(tx, row, delay_s=retry_delay(row.attempt))
        return True
    _bury(tx, row, reason)
    return False


def give_up_delivery(tx: Tx, job_id: str, attempt: int, reason: str) -> bool:
    """Bury a job whose message ran out of deliveries; False when it is over or went on to another attempt.

    The fence rises, so that a worker that still has it cannot complete it.
    """
    mine = (jobs.c.job_id == job_id) & (jobs.c.attempt == attempt) & jobs.c.state.in_(("queued", "running"))
    row = tx.connection.execute(
        update(jobs).where(mine).values(fence=jobs.c.fence + 1, last_error=storable(reason)).returning(jobs)
    ).one_or_none()
    if row is not None:
        _bury(tx, row, reason)
    return row is not None


def release_job(tx: Tx, lease: Lease, reason: str, delay_s: float = 0.0) -> None:
    """Give the job back unharmed, to be sent again after `delay_s`: its worker is asked to end, or it must wait its turn.

    Costs no attempt of its budget. Raises `StaleLease`.
    """
    row = _change(
        tx, lease, leased_by=None, lease_until=None, last_error=storable(reason), max_attempts=jobs.c.max_attempts + 1
    )
    _requeue(tx, row, delay_s)


def requeue_expired(tx: Tx, job_id: str) -> bool:
    """Begin another attempt of a job whose lease ran out, or bury it when there is none left; False when it did not run out."""
    over = (jobs.c.job_id == job_id) & (jobs.c.state == "running") & (jobs.c.lease_until < func.clock_timestamp())
    reason = "its worker stopped answering"
    row = tx.connection.execute(
        update(jobs)
        .where(over)
        .values(fence=jobs.c.fence + 1, leased_by=None, lease_until=None, last_error=reason)
        .returning(jobs)
    ).one_or_none()
    if row is None:
        return False
    if row.attempt < row.max_attempts:
        _requeue(tx, row, delay_s=0.0)
    else:
        _bury(tx, row, reason)
    return True


def cancel_jobs(tx: Tx, run_id: str, *, running_too: bool = False) -> int:
    """Cancel the run's queued jobs, or all that are open, whose fences then rise; how many."""
    states = ("queued", "running") if running_too else ("queued",)
    mine = (jobs.c.run_id == run_id) & jobs.c.state.in_(states)
    over = {
        "state": "cancelled",
        "fence": jobs.c.fence + 1,
        "leased_by": None,
        "lease_until": None,
        "finished_at": func.now(),
    }
    gone = tx.connection.execute(update(jobs).where(mine).values(over).returning(jobs.c.job_id)).scalars().all()
    for job_id in gone:
        _settle(tx, job_id)
    return len(gone)


def requeue_cancelled(tx: Tx, run_id: str, step: str) -> int:
    """Send the cancelled jobs of a step again, because its run goes on after all; how many."""
    query = select(jobs).where(jobs.c.run_id == run_id, jobs.c.step == step, jobs.c.state == "cancelled")
    rows = tx.connection.execute(query.with_for_update()).all()
    for row in rows:
        tx.connection.execute(
            update(jobs)
            .where(jobs.c.job_id == row.job_id)
            .values(finished_at=None, max_attempts=jobs.c.max_attempts + 1)
        )
        _requeue(tx, row, delay_s=0.0)
    return len(rows)


def cancel_job(tx: Tx, lease: Lease) -> None:
    """End the job as cancelled: its worker saw that its run is to stop. Raises `StaleLease`."""
    row = _change(tx, lease, state="cancelled", leased_by=None, lease_until=None, finished_at=func.now())
    _settle(tx, row.job_id)


def parts_of(tx: Tx, run_id: str, step: str) -> list[Part]:
    """The jobs of a step by part, with their results."""
    found = tx.connection.execute(_PARTS, {"of_run": run_id, "of_step": step})
    return [Part(r.job_id, r.part, r.state, r.result, r.last_error) for r in found]


def count_open(tx: Tx, run_id: str) -> dict[str, int]:
    """How many of the run's jobs are in which state."""
    query = select(jobs.c.state, func.count()).where(jobs.c.run_id == run_id).group_by(jobs.c.state)
    return {state: int(n) for state, n in tx.connection.execute(query)}


def job_run(tx: Tx, job_id: str) -> str:
    """The id of the run that the job belongs to. Raises `UnknownJob`."""
    found: str | None = tx.connection.execute(select(jobs.c.run_id).where(jobs.c.job_id == job_id)).scalar()
    if found is None:
        raise UnknownJob(f"no job {job_id}")
    return found


def trace_of(tx: Tx, run_id: str) -> str:
    """The `traceparent` of the run's newest job, empty when it has none yet."""
    query = select(jobs.c.traceparent).where(jobs.c.run_id == run_id).order_by(jobs.c.created_at.desc()).limit(1)
    return tx.connection.execute(query).scalar() or ""


def redrive_job(tx: Tx, job_id: str, more_attempts: int = MAX_ATTEMPTS) -> None:
    """Send a dead job again, with so many attempts more. Raises `UnknownJob` when it is not dead."""
    dead = (jobs.c.job_id == job_id) & (jobs.c.state == "dead")
    row = tx.connection.execute(
        update(jobs).where(dead).values(max_attempts=jobs.c.attempt + more_attempts, finished_at=None).returning(jobs)
    ).one_or_none()
    if row is None:
        raise UnknownJob(f"no dead job {job_id}")
    waiting = (dead_letters.c.job_id == job_id) & dead_letters.c.redriven_at.is_(None)
    tx.connection.execute(update(dead_letters).where(waiting).values(redriven_at=func.now()))
    _requeue(tx, row, delay_s=0.0)


def list_dead_letters(tx: Tx, viewer: Viewer = EVERYTHING) -> list[DeadLetter]:
    """Dead letters that were not driven again, of incidents that the viewer may know of, oldest first."""
    query = select(dead_letters).where(dead_letters.c.redriven_at.is_(None)).order_by(dead_letters.c.dead_letter_id)
    if not viewer.sees_all:
        mine = (jobs.c.org_id == dead_letters.c.org_id) & (jobs.c.job_id == dead_letters.c.job_id)
        its = (incidents.c.org_id == jobs.c.org_id) & (incidents.c.incident_id == jobs.c.incident_id)
        query = query.select_from(dead_letters.join(jobs, mine).join(incidents, its)).where(in_sight(viewer))
    return [
        DeadLetter(row.job_id, row.attempt, row.reason, JobMessage.model_validate(row.body))
        for row in tx.connection.execute(query)
    ]


def job_state(tx: Tx, job_id: str) -> tuple[str, int, str | None]:
    """(state, attempt, last error) of a job. Raises `UnknownJob`."""
    query = select(jobs.c.state, jobs.c.attempt, jobs.c.last_error).where(jobs.c.job_id == job_id)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise UnknownJob(f"no job {job_id}")
    return row.state, row.attempt, row.last_error


def _change(tx: Tx, lease: Lease, **values: Any) -> Row[Any]:
    held = (jobs.c.job_id == lease.job_id) & (jobs.c.fence == lease.fence) & (jobs.c.state == "running")
    row = tx.connection.execute(update(jobs).where(held).values(values).returning(jobs)).one_or_none()
    if row is None:
        raise StaleLease(f"{lease.worker} holds no valid lease on job {lease.job_id}")
    return row


def _settle(tx: Tx, job_id: str) -> None:
    """No message of the job is under way any more: makes room for others of its organisation."""
    tx.connection.execute(_SETTLING, {"of_id": job_id})
    tx.connection.execute(_NOTIFY)


def _requeue(tx: Tx, row: Row[Any], delay_s: float) -> None:
    _settle(tx, row.job_id)
    again = tx.connection.execute(
        update(jobs)
        .where(jobs.c.job_id == row.job_id)
        .values(state="queued", attempt=jobs.c.attempt + 1)
        .returning(jobs)
    ).one()
    _send(tx, again, delay_s)


def _bury(tx: Tx, row: Row[Any], reason: str) -> None:
    over = {"state": "dead", "leased_by": None, "lease_until": None, "finished_at": func.now()}
    tx.connection.execute(update(jobs).where(jobs.c.job_id == row.job_id).values(over))
    letter = {"org_id": tx.org_id, "job_id": row.job_id, "attempt": row.attempt, "reason": storable(reason)}
    tx.connection.execute(insert(dead_letters).values(letter | {"body": _message(row).model_dump(mode="json")}))
    _settle(tx, row.job_id)


def _send(tx: Tx, row: Row[Any], delay_s: float) -> None:
    letter = {"org_id": tx.org_id, "job_id": row.job_id, "attempt": row.attempt, "subject": row.subject}
    body = {"body": _message(row).model_dump(mode="json"), "traceparent": row.traceparent, "priority": row.priority}
    tx.connection.execute(_SENDING, letter | body | {"delay": timedelta(seconds=delay_s)})
    tx.connection.execute(_NOTIFY)


def _message(row: Row[Any]) -> JobMessage:
    return JobMessage(
        job_id=row.job_id,
        org_id=row.org_id,
        incident_id=row.incident_id,
        run_id=row.run_id,
        attempt=row.attempt,
        payload=row.payload,
    )


def _in(seconds: float) -> ColumnElement[Any]:
    return func.clock_timestamp() + timedelta(seconds=seconds)
