"""Rows of report versions, their claims, and what was done to them. Rows that people edit carry `version`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.contracts.report import ReportState
from ircopilot.domain.evidence import Frozen
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.reports import report_acts, report_claims, report_policies, report_versions


class VersionRow(Frozen):
    """A version of an incident's report. `basis` is the number of the stage's result that it rests on."""

    incident_id: str
    number: int
    basis: int
    run_id: str
    parent: int | None
    origin: str
    state: ReportState
    unfit: tuple[dict[str, Any], ...] = ()
    made_at: datetime
    version: int


class ClaimRow(Frozen):
    """A claim of a version: as drafted and gated (None: a person added it), as it stands, and what was decided."""

    claim_id: str
    section: str
    position: int
    drafted: dict[str, Any] | None
    claim: dict[str, Any]
    draft: dict[str, Any]
    decision: str = "none"
    reason: str | None = None
    decided_by: str | None = None
    decided_by_id: str | None = None
    decided_at: datetime | None = None
    version: int = 1


class ActRow(Frozen):
    """Something that was done to a version or to one of its claims."""

    act_id: int
    claim_id: str | None
    act: str
    by: str
    by_id: str
    detail: dict[str, Any] = Field(default={})
    at: datetime


def lock_reports(tx: Tx, incident_id: str) -> None:
    """Whoever makes a version of the incident's report waits here for others who do."""
    tx.connection.execute(select(incidents.c.key).where(incidents.c.incident_id == incident_id).with_for_update())


def list_versions(tx: Tx, incident_id: str) -> list[VersionRow]:
    """All versions, newest first."""
    query = select(report_versions).where(report_versions.c.incident_id == incident_id)
    return [_version(r) for r in tx.connection.execute(query.order_by(report_versions.c.number.desc()))]


def newest_basis(tx: Tx, incident_id: str) -> int:
    """The highest result that a version rests on; 0 without versions."""
    query = select(func.coalesce(func.max(report_versions.c.basis), 0))
    return int(tx.connection.execute(query.where(report_versions.c.incident_id == incident_id)).scalar_one())


def find_version(tx: Tx, incident_id: str, number: int, *, lock: bool = False) -> VersionRow | None:
    """One version, its row locked until the transaction ends if asked for."""
    query = select(report_versions).where(
        report_versions.c.incident_id == incident_id, report_versions.c.number == number
    )
    row = tx.connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _version(row)


def add_version(
    tx: Tx, incident_id: str, *, basis: int, run_id: str, parent: int | None, origin: str,
    unfit: Iterable[Mapping[str, Any]], claims: Iterable[ClaimRow],
) -> int:  # fmt: skip
    """A new version with its claims; its number. The caller has `lock_reports`."""
    query = select(func.coalesce(func.max(report_versions.c.number), 0))
    last = int(tx.connection.execute(query.where(report_versions.c.incident_id == incident_id)).scalar_one())
    number = last + 1
    row = {
        "org_id": tx.org_id, "incident_id": incident_id, "number": number, "basis": basis, "run_id": run_id,
        "parent": parent, "origin": origin, "unfit": list(unfit),
    }  # fmt: skip
    tx.connection.execute(insert(report_versions).values(row))
    rows = [c.model_dump(exclude={"version"}) for c in claims]
    for values in rows:
        values |= {"org_id": tx.org_id, "incident_id": incident_id, "number": number}
    if rows:
        tx.connection.execute(insert(report_claims), rows)
    return number


def set_state(tx: Tx, incident_id: str, number: int, seen: int, state: ReportState) -> bool:
    """Move a version on; False if its row is no longer the one seen."""
    mine = (report_versions.c.incident_id == incident_id) & (report_versions.c.number == number)
    changed = update(report_versions).where(mine, report_versions.c.version == seen)
    values = {"state": state, "version": report_versions.c.version + 1}
    return tx.connection.execute(changed.values(values)).rowcount == 1


def claims_of(tx: Tx, incident_id: str, number: int) -> list[ClaimRow]:
    """All claims of a version in reading order within their sections, those struck out included."""
    query = select(report_claims).where(report_claims.c.incident_id == incident_id, report_claims.c.number == number)
    query = query.order_by(report_claims.c.section, report_claims.c.position, report_claims.c.claim_id)
    return [_claim(r) for r in tx.connection.execute(query)]


def has_claim(tx: Tx, incident_id: str, claim_id: str) -> bool:
    """Whether any version of the incident's report has a claim of that id."""
    mine = (report_claims.c.incident_id == incident_id) & (report_claims.c.claim_id == claim_id)
    return tx.connection.execute(select(report_claims.c.claim_id).where(mine).limit(1)).first() is not None


def find_claim(tx: Tx, incident_id: str, number: int, claim_id: str) -> ClaimRow | None:
    """One claim, its row locked until the transaction ends."""
    query = select(report_claims).where(
        report_claims.c.incident_id == incident_id,
        report_claims.c.number == number,
        report_claims.c.claim_id == claim_id,
    )
    row = tx.connection.execute(query.with_for_update()).one_or_none()
    return None if row is None else _claim(row)


def add_claim(tx: Tx, incident_id: str, number: int, claim: ClaimRow) -> None:
    """A claim more."""
    row = {"org_id": tx.org_id, "incident_id": incident_id, "number": number}
    values = claim.model_dump(exclude={"version"}) | {"decided_at": func.now()}
    tx.connection.execute(insert(report_claims).values(row | values))


def change_claim(tx: Tx, incident_id: str, number: int, claim_id: str, seen: int, values: Mapping[str, Any]) -> bool:
    """Change a claim's row; False if it is no longer the one seen."""
    mine = (report_claims.c.incident_id == incident_id) & (report_claims.c.number == number)
    changed = update(report_claims).where(mine, report_claims.c.claim_id == claim_id, report_claims.c.version == seen)
    counted = {**values, "version": report_claims.c.version + 1}
    if "decision" in values:
        counted["decided_at"] = None if values["decision"] == "none" else func.now()
    return tx.connection.execute(changed.values(counted)).rowcount == 1


def set_positions(tx: Tx, incident_id: str, number: int, positions: Mapping[str, int]) -> None:
    """Place claims anew, by id."""
    mine = (report_claims.c.incident_id == incident_id) & (report_claims.c.number == number)
    for claim_id, position in positions.items():
        changed = update(report_claims).where(mine, report_claims.c.claim_id == claim_id)
        tx.connection.execute(changed.values(position=position))


def add_act(
    tx: Tx, incident_id: str, number: int, *, claim_id: str | None, act: str, by: str, by_id: str,
    detail: Mapping[str, Any],
) -> None:  # fmt: skip
    """Note what was done to a version, by whom; such rows are never changed."""
    row = {
        "org_id": tx.org_id, "incident_id": incident_id, "number": number, "claim_id": claim_id, "act": act,
        "by": storable(by), "by_id": by_id, "detail": dict(detail),
    }  # fmt: skip
    tx.connection.execute(report_acts.insert().inline().values(row))


def acts_of(
    tx: Tx, incident_id: str, number: int, claim_id: str | None = None, after: int = 0, limit: int | None = None
) -> list[ActRow]:
    """What was done to a version, or to one of its claims, oldest first; of acts with higher ids than `after`."""
    query = select(report_acts).where(report_acts.c.incident_id == incident_id, report_acts.c.number == number)
    if claim_id is not None:
        query = query.where(report_acts.c.claim_id == claim_id)
    if after:
        query = query.where(report_acts.c.act_id > after)
    rows = tx.connection.execute(query.order_by(report_acts.c.act_id).limit(limit))
    return [ActRow(**{name: row._mapping[name] for name in ActRow.model_fields}) for row in rows]


def read_policy(tx: Tx, name: str, default: bool) -> tuple[bool, int]:
    """A policy of the organisation and its row's version; 0 where none was ever set."""
    query = select(report_policies).where(report_policies.c.name == name)
    row = tx.connection.execute(query).one_or_none()
    return (default, 0) if row is None else (row.value, row.version)


def write_policy(tx: Tx, name: str, value: bool, seen: int) -> bool:
    """Set a policy; False if it is no longer as seen."""
    if seen == 0:
        row = {"org_id": tx.org_id, "name": name, "value": value}
        made = insert(report_policies).values(row).on_conflict_do_nothing().returning(report_policies.c.name)
        return tx.connection.execute(made).one_or_none() is not None
    changed = update(report_policies).where(report_policies.c.name == name, report_policies.c.version == seen)
    return tx.connection.execute(changed.values(value=value, version=seen + 1)).rowcount == 1


def _version(row: Row[Any]) -> VersionRow:
    return VersionRow(**{name: row._mapping[name] for name in VersionRow.model_fields})


def _claim(row: Row[Any]) -> ClaimRow:
    return ClaimRow(**{name: row._mapping[name] for name in ClaimRow.model_fields})
