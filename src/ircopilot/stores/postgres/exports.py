"""Exports that people asked for: the request never changes, its outcome is that of the run that makes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.evidence import Frozen
from ircopilot.domain.incident import RunState
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownExport
from ircopilot.stores.postgres.tables import results, runs
from ircopilot.stores.postgres.tables.reports import exports


class ExportRow(Frozen):
    """An export. `outputs`: what its run made, by file name, each with `sha256` and `size`; empty until it is done."""

    export_id: str
    incident_id: str
    number: int
    format: str
    options: dict[str, Any]
    run_id: str
    by: str
    at: datetime
    state: RunState
    error: str | None
    finished_at: datetime | None
    outputs: dict[str, Any]


def add_export(
    tx: Tx, incident_id: str, export_id: str, run_id: str, number: int, format_: str, options: Mapping[str, Any], by: str,
    by_id: str,
) -> None:  # fmt: skip
    """Note what is asked for; the run is there already."""
    row = {
        "org_id": tx.org_id, "incident_id": incident_id, "export_id": export_id, "run_id": run_id, "number": number,
        "format": format_, "options": dict(options), "by": by, "by_id": by_id,
    }  # fmt: skip
    tx.connection.execute(insert(exports).values(row))


def get_export(tx: Tx, export_id: str) -> ExportRow:
    """One export. Raises `UnknownExport`."""
    row = tx.connection.execute(_whole().where(exports.c.export_id == export_id)).one_or_none()
    if row is None:
        raise UnknownExport(f"no export {export_id[:100]}", "list them: GET /v1/incidents/KEY/exports")
    return _export(row)


def list_exports(tx: Tx, incident_id: str, limit: int, before: tuple[datetime, str] | None = None) -> list[ExportRow]:
    """The incident's exports, newest first; `before`: only those older than this time and id."""
    query = _whole().where(exports.c.incident_id == incident_id)
    if before is not None:
        query = query.where(tuple_(exports.c.at, exports.c.export_id) < before)
    query = query.order_by(exports.c.at.desc(), exports.c.export_id.desc()).limit(limit)
    return [_export(row) for row in tx.connection.execute(query)]


def _whole() -> Select[Any]:
    of_run = and_(results.c.run_id == exports.c.run_id, results.c.stage == "export")
    found = select(exports, runs.c.state, runs.c.error, runs.c.finished_at, results.c.document)
    return found.join(runs, runs.c.run_id == exports.c.run_id).outerjoin(results, of_run)


def _export(row: Row[Any]) -> ExportRow:
    values = {name: row._mapping[name] for name in ExportRow.model_fields if name != "outputs"}
    return ExportRow(**values, outputs=dict((row.document or {}).get("outputs", {})))
