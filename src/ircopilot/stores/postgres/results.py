"""Results: the document that a stage made, whole, in versions. What is derived is recomputed, never patched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents, results


@dataclass(frozen=True, slots=True)
class Result:
    """One version of a stage's document, and the run that made it."""

    stage: str
    version: int
    run_id: str
    document: dict[str, Any]


def save_result(tx: Tx, incident_id: str, run_id: str, stage: str, document: dict[str, Any]) -> int:
    """Keep a stage's document as the newest version; returns its number (1, 2 …)."""
    # The incident's row serialises writers, so that versions have no gaps and no two are the same.
    tx.connection.execute(select(incidents.c.key).where(incidents.c.incident_id == incident_id).with_for_update())
    mine = (results.c.incident_id == incident_id) & (results.c.stage == stage)
    last = select(func.coalesce(func.max(results.c.version), 0)).where(mine)
    version = int(tx.connection.execute(last).scalar_one()) + 1
    row = {"org_id": tx.org_id, "incident_id": incident_id, "stage": stage, "version": version, "run_id": run_id}
    tx.connection.execute(insert(results).values(row | {"document": document}))
    return version


def latest_result(tx: Tx, incident_id: str, stage: str) -> Result | None:
    """The newest version of a stage's document, if the stage ever ended."""
    mine = (results.c.incident_id == incident_id) & (results.c.stage == stage)
    query = select(results).where(mine).order_by(results.c.version.desc()).limit(1)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        return None
    return Result(stage=row.stage, version=row.version, run_id=row.run_id, document=row.document)


def result_numbers(tx: Tx, incident_id: str, stage: str, after: int = 0) -> list[int]:
    """The versions of a stage's document that are newer than one, oldest first."""
    mine = (results.c.incident_id == incident_id) & (results.c.stage == stage) & (results.c.version > after)
    return list(tx.connection.execute(select(results.c.version).where(mine).order_by(results.c.version)).scalars())


def numbered_result(tx: Tx, incident_id: str, stage: str, version: int) -> Result | None:
    """One version of a stage's document."""
    mine = (results.c.incident_id == incident_id) & (results.c.stage == stage) & (results.c.version == version)
    row = tx.connection.execute(select(results).where(mine)).one_or_none()
    if row is None:
        return None
    return Result(stage=row.stage, version=row.version, run_id=row.run_id, document=row.document)


def result_before(tx: Tx, incident_id: str, stage: str, other: Result) -> Result | None:
    """The newest version of a stage's document that was there when `other` was made."""
    mine = (results.c.incident_id == incident_id) & (results.c.stage == stage)
    made = select(results.c.at).where(
        results.c.incident_id == incident_id, results.c.stage == other.stage, results.c.version == other.version
    )
    query = select(results).where(mine, results.c.at <= made.scalar_subquery())
    row = tx.connection.execute(query.order_by(results.c.version.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Result(stage=row.stage, version=row.version, run_id=row.run_id, document=row.document)


def result_of_run(tx: Tx, run_id: str, stage: str) -> Result | None:
    """The version of a stage's document that this run made, if it made one."""
    query = select(results).where(results.c.run_id == run_id, results.c.stage == stage)
    row = tx.connection.execute(query.order_by(results.c.version.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Result(stage=row.stage, version=row.version, run_id=row.run_id, document=row.document)
