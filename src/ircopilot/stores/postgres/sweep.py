"""What is open in all organisations: the sweep finds it as the lobby, and acts on it as each organisation."""

from __future__ import annotations

from sqlalchemy import func, select

from ircopilot.stores.postgres.database import Database
from ircopilot.stores.postgres.tables import jobs, runs


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
