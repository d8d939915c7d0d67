"""The tables, as SQLAlchemy Core sees them, by room. The migrations make them; `tests/stores` compares the two."""

from __future__ import annotations

from ircopilot.stores.postgres.tables import access, cases, chores, evidence, governance, reports
from ircopilot.stores.postgres.tables.base import Id, metadata
from ircopilot.stores.postgres.tables.spine import (
    api_keys,
    artifact_errors,
    artifacts,
    custody,
    dead_letters,
    deposits,
    incident_artifacts,
    incident_loads,
    incidents,
    jobs,
    loads,
    organisations,
    outbox,
    results,
    run_events,
    runs,
)

ROOMS = (access, cases, chores, evidence, governance, reports)
TENANT_TABLES: tuple[str, ...] = tuple(sorted(name for name, table in metadata.tables.items() if "org_id" in table.c))
# Of people, who may belong to several organisations: bound to `app.account_id` instead.
PEOPLE_TABLES: tuple[str, ...] = tuple(sorted(set(metadata.tables) - set(TENANT_TABLES)))
# Rows that the application may add and read, never change or remove.
APPEND_ONLY: tuple[str, ...] = (
    "custody",
    "results",
    "run_events",
    *(name for room in ROOMS for name in room.APPEND_ONLY),
)

__all__ = [
    "APPEND_ONLY",
    "PEOPLE_TABLES",
    "ROOMS",
    "TENANT_TABLES",
    "Id",
    "api_keys",
    "artifact_errors",
    "artifacts",
    "custody",
    "dead_letters",
    "deposits",
    "incident_artifacts",
    "incident_loads",
    "incidents",
    "jobs",
    "loads",
    "metadata",
    "organisations",
    "outbox",
    "results",
    "run_events",
    "runs",
]
