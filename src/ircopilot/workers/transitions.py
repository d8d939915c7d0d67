"""What a worker writes down about a job: each a transaction of its own, its run's row locked before the job's.

The numbered rows that a transaction made are fanned out after it was committed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.incident import OVER, Run, Stage
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, jobs, runs
from ircopilot.stores.postgres.errors import UnknownRun
from ircopilot.stores.postgres.progress import RunEvent, add_run_event, told_in
from ircopilot.workers.progress import JobProgress

Advance = Callable[[Tx, str], None]
Row = tuple[Stage, dict[str, Any]]

CANCELLED = "the run is cancelled"
OVER_ALREADY = "the run is over"


@dataclass(frozen=True, slots=True)
class Hold:
    """A job in a worker's hands; `stop` says why there is nothing to do for it any more, if there is not."""

    message: JobMessage
    lease: jobs.Lease
    stop: str = ""


def take_job(stores: StoreSet, message: JobMessage, worker: str, lease_s: float) -> Hold | None:
    """Lease the job of the message; None when it is done, gone, or somebody else's."""
    with stores.database.tenant(message.org_id) as tx:
        try:
            run = runs.lock_run(tx, message.run_id)
        except UnknownRun:
            return None
        lease = jobs.lease_job(tx, message.job_id, message.attempt, worker, lease_s, take_over=False)
        if lease is None:
            # A message that comes again because its worker died is not that attempt once more: each death counts as one.
            jobs.requeue_expired(tx, message.job_id)
        return None if lease is None else Hold(message, lease, _stop_of(run))


def keep_job(stores: StoreSet, hold: Hold, progress: JobProgress, renew_s: float) -> str:
    """Write the progress that was not told yet, prolong the lease by `renew_s` if that is not 0; why to stop, or "".

    Raises `StaleLease`: then nothing was written.
    """
    rows, message = progress.untold(), hold.message
    with stores.database.tenant(message.org_id) as tx:
        numbers = [add_run_event(tx, message.run_id, stage, payload) for stage, payload in rows]
        run = runs.get_run(tx, message.run_id)
        if renew_s:
            jobs.renew_lease(tx, hold.lease, renew_s)
        elif rows:
            jobs.check_lease(tx, hold.lease)
    at = datetime.now(UTC)
    for number, (stage, payload) in zip(numbers, rows, strict=True):
        stores.live.publish_run_event(message.org_id, RunEvent(message.run_id, number, stage, payload, at))
    return _stop_of(run)


def settle_job(
    stores: StoreSet, advance: Advance, hold: Hold, end: Callable[[Tx], None], rows: list[Row] | None = None
) -> None:
    """End the job by `end(tx)` and move its run on, in one transaction. Raises `StaleLease`: then nothing was written."""
    message = hold.message
    with stores.database.tenant(message.org_id) as tx:
        runs.lock_run(tx, message.run_id)
        for stage, payload in rows or []:
            add_run_event(tx, message.run_id, stage, payload)
        end(tx)
        advance(tx, message.run_id)
        news = told_in(tx)  # also of the incident's next run, which begins when this one ends
    for event in news:
        stores.live.publish_run_event(message.org_id, event)


def complete(hold: Hold, result: dict[str, Any]) -> Callable[[Tx], None]:
    """The job is done."""
    return lambda tx: jobs.complete_job(tx, hold.lease, result)


def cancel(hold: Hold) -> Callable[[Tx], None]:
    """The job ends because its run is to."""
    return lambda tx: jobs.cancel_job(tx, hold.lease)


def release(hold: Hold, reason: str, delay_s: float = 0.0) -> Callable[[Tx], None]:
    """The job goes back, no attempt lost."""
    return lambda tx: jobs.release_job(tx, hold.lease, reason, delay_s)


def fail(hold: Hold, stage: Stage, reason: str, *, retry: bool) -> Callable[[Tx], None]:
    """The attempt failed; a numbered row says why, and whether there will be another (`again`)."""

    def end(tx: Tx) -> None:
        again = jobs.fail_job(tx, hold.lease, reason, retry=retry)
        given: dict[str, Any] = {
            name: hold.message.payload[name] for name in ("step", "part", "of") if name in hold.message.payload
        }
        told: dict[str, Any] = {
            "state": "failed",
            **given,
            "attempt": hold.message.attempt,
            "error": reason,
            "again": again,
        }
        add_run_event(tx, hold.message.run_id, stage, told)

    return end


def _stop_of(run: Run) -> str:
    if run.state == "cancelling":
        return CANCELLED
    return OVER_ALREADY if run.state in OVER else ""
