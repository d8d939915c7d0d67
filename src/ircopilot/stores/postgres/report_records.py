"""Records that people cite beyond those of the drafted report, and the numbers of redacted values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.reports import redactions, report_records


def keep_records(tx: Tx, incident_id: str, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep records, by event id; one that is kept already stays as it is."""
    for event_id, record in records.items():
        row = {"org_id": tx.org_id, "incident_id": incident_id, "event_id": event_id, "record": dict(record)}
        tx.connection.execute(insert(report_records).values(row).on_conflict_do_nothing())


def kept_records(tx: Tx, incident_id: str, event_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those of these events whose records are kept."""
    wanted = sorted(set(event_ids))
    if not wanted:
        return {}
    query = select(report_records.c.event_id, report_records.c.record).where(
        report_records.c.incident_id == incident_id, report_records.c.event_id.in_(wanted)
    )
    return {row.event_id: row.record for row in tx.connection.execute(query)}


def number_values(tx: Tx, incident_id: str, values: Iterable[str]) -> dict[str, int]:
    """The incident's number of each value (as it is given: fold its case first); a new value gets the next one."""
    # Numbers have no gaps and none is given twice: whoever numbers waits for others who do.
    tx.connection.execute(select(incidents.c.key).where(incidents.c.incident_id == incident_id).with_for_update())
    numbers, fresh = _numbers(tx, incident_id, values)
    for value in fresh:
        row = {"org_id": tx.org_id, "incident_id": incident_id, "value": value, "number": numbers[value]}
        tx.connection.execute(insert(redactions).values(row))
    return numbers


def foresee_numbers(tx: Tx, incident_id: str, values: Iterable[str]) -> dict[str, int]:
    """What `number_values` would answer now; nothing is given out."""
    return _numbers(tx, incident_id, values)[0]


def _numbers(tx: Tx, incident_id: str, values: Iterable[str]) -> tuple[dict[str, int], list[str]]:
    """Number by value, and the values that are new."""
    wanted = sorted(set(values))
    query = select(redactions.c.value, redactions.c.number).where(redactions.c.incident_id == incident_id)
    known: dict[str, int] = {
        row.value: row.number for row in tx.connection.execute(query.where(redactions.c.value.in_(wanted)))
    }
    last_of = select(func.coalesce(func.max(redactions.c.number), 0)).where(redactions.c.incident_id == incident_id)
    last = int(tx.connection.execute(last_of).scalar_one())
    fresh = [value for value in wanted if value not in known]
    return known | {value: last + 1 + place for place, value in enumerate(fresh)}, fresh
