"""Postgres: incidents, evidence, loads, runs and jobs, one organisation per transaction under row-level security."""

from ircopilot.stores.postgres.database import Database, DatabaseUrls, Tx
from ircopilot.stores.postgres.migrate import migrate

__all__ = ["Database", "DatabaseUrls", "Tx", "migrate"]
