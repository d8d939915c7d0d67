"""Artifacts as people look at them: with their deposits, loads, errors and custody, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, tuple_

from ircopilot.domain.evidence import Artifact, Load
from ircopilot.stores.postgres.artifacts import artifact_of
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.deposits import Deposit, deposit_of
from ircopilot.stores.postgres.loads import load_of
from ircopilot.stores.postgres.tables import (
    artifact_errors,
    artifacts,
    custody,
    deposits,
    incident_artifacts,
    incident_loads,
    loads,
)


@dataclass(frozen=True, slots=True)
class ArtifactView:
    """An artifact with what is known of it. `loads` are committed. `other_errors`: how many it has besides theirs."""

    artifact: Artifact
    received_at: datetime
    stored_at: datetime
    deposits: tuple[Deposit, ...]
    loads: tuple[Load, ...]
    other_errors: int
    members: int


@dataclass(frozen=True, slots=True)
class CustodyLine:
    """What was done with an artifact, by whom and when."""

    custody_id: int
    act: str
    actor: str
    detail: dict[str, Any]
    at: datetime


def page_of_artifacts(
    tx: Tx, incident_id: str, after: tuple[str, str] | None, limit: int, parent: str | None = None
) -> list[ArtifactView]:
    """Up to `limit` artifacts of the incident behind (name, hash), by name and hash; of one parent only, if named."""
    here = incident_artifacts.c
    query = _artifacts(incident_id).order_by(here.name, here.sha256).limit(limit)
    if after is not None:
        query = query.where(tuple_(here.name, here.sha256) > tuple_(*after))
    if parent is not None:
        query = query.where(here.parent_sha256 == parent)
    return _viewed(tx, incident_id, tx.connection.execute(query).all())


def view_artifact(tx: Tx, incident_id: str, sha256: str) -> ArtifactView | None:
    """The incident's artifact of that hash, if it has one."""
    rows = tx.connection.execute(_artifacts(incident_id).where(incident_artifacts.c.sha256 == sha256)).all()
    return next(iter(_viewed(tx, incident_id, rows)), None)


def error_lines(tx: Tx, incident_id: str, sha256: str, found: Iterable[Load]) -> list[tuple[str, str]]:
    """What of the artifact could not be read, as far as it was kept: (locator, reason), by locator."""
    kept = {(error.locator, error.reason) for load in found for error in load.parse_errors}
    here = artifact_errors.c
    query = select(here.locator, here.reason).where(here.incident_id == incident_id, here.sha256 == sha256)
    return sorted(kept | {(row.locator, row.reason) for row in tx.connection.execute(query)})


def custody_page(tx: Tx, incident_id: str, sha256: str, before: int | None, limit: int) -> list[CustodyLine]:
    """Lines of the chain of custody, the latest first, those before a line's number."""
    here = custody.c
    query = select(custody).where(here.incident_id == incident_id, here.sha256 == sha256)
    if before is not None:
        query = query.where(here.custody_id < before)
    rows = tx.connection.execute(query.order_by(here.custody_id.desc()).limit(limit))
    return [CustodyLine(row.custody_id, row.act, row.actor, row.detail, row.at) for row in rows]


def time_span(tx: Tx, incident_id: str) -> tuple[datetime, datetime] | None:
    """The time of the first and the last event of the incident's committed loads; None without events."""
    query = (
        select(func.min(loads.c.first_time), func.max(loads.c.last_time))
        .select_from(loads.join(incident_loads))
        .where(incident_loads.c.incident_id == incident_id, loads.c.state == "committed", loads.c.events > 0)
    )
    first, last = tx.connection.execute(query).one()
    return None if first is None or last is None else (first, last)


def _artifacts(incident_id: str) -> Any:
    return (
        select(incident_artifacts, artifacts.c.size, artifacts.c.media_type, artifacts.c.stored_at)
        .select_from(incident_artifacts.join(artifacts))
        .where(incident_artifacts.c.incident_id == incident_id)
    )


def _viewed(tx: Tx, incident_id: str, rows: Iterable[Row[Any]]) -> list[ArtifactView]:
    """The artifacts of these rows, with four statements for all of them."""
    rows = list(rows)
    hashes = [row.sha256 for row in rows]
    if not hashes:
        return []
    mine: dict[str, list[Deposit]] = defaultdict(list)
    query = select(deposits).where(deposits.c.incident_id == incident_id, deposits.c.sha256.in_(hashes))
    for row in tx.connection.execute(query.order_by(deposits.c.received_at, deposits.c.name)):
        mine[row.sha256].append(deposit_of(row))
    read: dict[str, list[Load]] = defaultdict(list)
    committed = (
        select(loads)
        .select_from(loads.join(incident_loads))
        .where(incident_loads.c.incident_id == incident_id, loads.c.state == "committed")
        .where(loads.c.artifact_sha256.in_(hashes))
    )
    for row in tx.connection.execute(committed.order_by(loads.c.load_id)):
        read[row.artifact_sha256].append(load_of(row))
    failed = _counted(tx, artifact_errors, artifact_errors.c.sha256, incident_id, hashes)
    inside = _counted(tx, incident_artifacts, incident_artifacts.c.parent_sha256, incident_id, hashes)
    return [
        ArtifactView(
            artifact_of(row), row.received_at, row.stored_at, tuple(mine[row.sha256]), tuple(read[row.sha256]),
            failed.get(row.sha256, 0), inside.get(row.sha256, 0),
        )
        for row in rows
    ]  # fmt: skip


def _counted(tx: Tx, table: Any, column: Any, incident_id: str, hashes: list[str]) -> dict[str, int]:
    query = select(column, func.count()).where(table.c.incident_id == incident_id, column.in_(hashes)).group_by(column)
    return {row[0]: int(row[1]) for row in tx.connection.execute(query)}
