"""What is open in all organisations: the sweep finds it as the lobby, and acts on it as each organisation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.tables import jobs, outbox, runs


def open_runs(database: Database) -> list[tuple[str, str]]:
    """(org_id, run_id) of every service run that is not over, oldest first."""
    query = select(runs.c.org_id, runs.c.run_id).order_by(runs.c.created_at, runs.c.run_id)
    with database.lobby() as connection:
        return [(row.org_id, row.run_id) for row in connection.execute(query)]


def expired_jobs(database: Database, grace_s: float = 0.0) -> list[tuple[str, str]]:
    """(org_id, job_id) of every job whose lease ran out more than `grace_s` ago."""
    late = jobs.c.lease_until < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, grace_s)
    query = select(jobs.c.org_id, jobs.c.job_id).where(jobs.c.state == "running", late).order_by(jobs.c.lease_until)
    with database.lobby() as connection:
        return [(row.org_id, row.job_id) for row in connection.execute(query)]


def overdue_runs(database: Database) -> list[tuple[str, str]]:
    """(org_id, run_id) of every open service run whose deadline has passed."""
    query = select(runs.c.org_id, runs.c.run_id).where(runs.c.deadline < func.clock_timestamp())
    with database.lobby() as connection:
        return [(row.org_id, row.run_id) for row in connection.execute(query)]


def stalled_runs(database: Database) -> list[tuple[str, str]]:
    """(org_id, run_id) of every open service run no job of which waits or runs: it may wait for its turn, or be stuck."""
    mine = (jobs.c.org_id == runs.c.org_id) & (jobs.c.run_id == runs.c.run_id)
    busy = select(jobs.c.job_id).where(mine, jobs.c.state.in_(("queued", "running"))).exists()
    query = select(runs.c.org_id, runs.c.run_id).where(~busy).order_by(runs.c.created_at, runs.c.run_id)
    with database.lobby() as connection:
        return [(row.org_id, row.run_id) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class OpenWork:
    """How much is open in all organisations: runs and jobs by state, messages not yet sent, and seconds since the oldest was due."""

    runs: dict[str, int]
    jobs: dict[str, int]
    unsent: int
    oldest_s: float


def open_work(database: Database) -> OpenWork:
    """Counts of what is not over."""
    here = outbox.c
    waiting = here.published_at.is_(None) & here.settled_at.is_(None)
    age = func.extract("epoch", func.clock_timestamp() - func.min(here.publish_after))
    with database.lobby() as connection:
        by_run = connection.execute(select(runs.c.state, func.count()).group_by(runs.c.state)).all()
        by_job = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
        unsent, oldest = connection.execute(select(func.count(), age).where(waiting)).one()
    return OpenWork(
        {state: int(n) for state, n in by_run},
        {state: int(n) for state, n in by_job},
        int(unsent),
        max(0.0, float(oldest or 0.0)),
    )
