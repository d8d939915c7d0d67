"""Incidents as people work on them: every field, who may see a restricted one, and changes that lose no other's change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.ids import stable_uuid
from ircopilot.domain.incident import SEVERITIES, Case
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.cases import incident_grants

CASE_FIELDS = tuple(name for name in Case.model_fields if name not in ("severity",))


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a principal, and whether it sees every restricted incident of its organisation."""

    principal: str
    sees_all: bool


def in_sight(viewer: Viewer, of: Any = incidents) -> ColumnElement[bool]:
    """The condition on rows of `incidents` (or an alias of it) under which the viewer may know of them: for every list,
    count and search.
    """
    if viewer.sees_all:
        return true()
    granted = exists().where(
        incident_grants.c.org_id == of.c.org_id,
        incident_grants.c.incident_id == of.c.incident_id,
        incident_grants.c.principal == viewer.principal,
    )
    return or_(~of.c.restricted, of.c.lead == viewer.principal, granted)


def find_case(tx: Tx, key: str, viewer: Viewer, *, lock: bool = False) -> Case:
    """The incident of that key, if the viewer may know of it. Raises `UnknownIncident`, telling no reason apart."""
    return _find(tx, incidents.c.incident_id == stable_uuid("incident", tx.org_id, key), key, viewer, lock)


def find_case_by_id(tx: Tx, incident_id: str, viewer: Viewer, *, lock: bool = False) -> Case:
    """The incident of that id, if the viewer may know of it. Raises `UnknownIncident`."""
    return _find(tx, incidents.c.incident_id == incident_id, incident_id, viewer, lock)


def change_case(tx: Tx, case: Case, changed: dict[str, Any]) -> Case:
    """Set fields of a case whose row the caller has locked (`find_case(lock=True)`); its version grows by one."""
    values = {name: value for name, value in changed.items() if name != "severity"}
    if "severity" in changed:
        values["severity"] = SEVERITIES.index(changed["severity"]) + 1
    if "tags" in values:
        values["tags"] = list(values["tags"])
    statement = (
        update(incidents)
        .where(incidents.c.incident_id == case.incident_id)
        .values(**values, version=incidents.c.version + 1, updated_at=func.clock_timestamp())
        .returning(*incidents.c)
    )
    return case_of(tx.connection.execute(statement).one())


def granted_to(tx: Tx, incident_id: str) -> list[str]:
    """The principals that a restricted incident was opened to, in order."""
    query = select(incident_grants.c.principal).where(incident_grants.c.incident_id == incident_id)
    return list(tx.connection.execute(query.order_by(incident_grants.c.principal)).scalars())


def set_grants(tx: Tx, incident_id: str, principals: Iterable[str], by: str) -> None:
    """Open the incident to these principals and no others."""
    wanted = sorted(set(principals))
    gone = (incident_grants.c.incident_id == incident_id) & incident_grants.c.principal.not_in(wanted)
    tx.connection.execute(incident_grants.delete().where(gone))
    rows = [{"org_id": tx.org_id, "incident_id": incident_id, "principal": p, "granted_by": by} for p in wanted]
    if rows:
        tx.connection.execute(insert(incident_grants).on_conflict_do_nothing(), rows)


def hidden_cases(tx: Tx) -> dict[str, frozenset[str]]:
    """All restricted incidents of the organisation, by id, with the principals that may know of each."""
    query = (
        select(
            incidents.c.incident_id,
            func.array_remove(func.array_agg(incident_grants.c.principal), None).label("granted"),
            incidents.c.lead,
        )
        .select_from(incidents.outerjoin(incident_grants))
        .where(incidents.c.restricted)
        .group_by(incidents.c.incident_id, incidents.c.lead)
    )
    return {
        row.incident_id: frozenset(row.granted) | ({row.lead} if row.lead else set())
        for row in tx.connection.execute(query)
    }


def held_cases(tx: Tx) -> list[str]:
    """Keys of the organisation's incidents under a legal hold, in order."""
    query = select(incidents.c.key).where(incidents.c.legal_hold).order_by(incidents.c.key)
    return list(tx.connection.execute(query).scalars())


def kept_cases(tx: Tx) -> dict[str, datetime]:
    """The organisation's incidents that are kept until a day to come: that time by key, the latest first."""
    until = incidents.c.retain_until
    query = select(incidents.c.key, until).where(until > func.now()).order_by(until.desc(), incidents.c.key)
    return {row.key: row.retain_until for row in tx.connection.execute(query)}


def kept_until(tx: Tx, incident_id: str) -> datetime | None:
    """Until when the incident is kept, if somebody said so."""
    query = select(incidents.c.retain_until).where(incidents.c.incident_id == incident_id)
    found: datetime | None = tx.connection.execute(query).scalar()
    return found


def key_in_sight(tx: Tx, incident_id: str, viewer: Viewer) -> str | None:
    """The key of an incident, if the viewer may know of it."""
    query = select(incidents.c.key).where(incidents.c.incident_id == incident_id, in_sight(viewer))
    found: str | None = tx.connection.execute(query).scalar()
    return found


def keys_of(tx: Tx, incident_ids: Iterable[str]) -> dict[str, str]:
    """The keys of incidents of the organisation, by id."""
    query = select(incidents.c.incident_id, incidents.c.key).where(incidents.c.incident_id.in_(list(incident_ids)))
    return {row.incident_id: row.key for row in tx.connection.execute(query)}


def case_of(row: Row[Any]) -> Case:
    """A case of a row of `incidents`."""
    values = row._mapping
    fields = {name: values[name] for name in CASE_FIELDS} | {"severity": SEVERITIES[values["severity"] - 1]}
    # What is in the table was checked when it went in.
    return Case.model_construct(**fields | {"tags": tuple(values["tags"])})


def _find(tx: Tx, which: ColumnElement[bool], said: str, viewer: Viewer, lock: bool) -> Case:
    query = select(incidents).where(and_(which, in_sight(viewer)))
    # Weaker than FOR UPDATE: rows that merely point at the incident may be added meanwhile.
    row = tx.connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise UnknownIncident(f"no incident {said[:200]}", "list them: GET /v1/incidents")
    return case_of(row)


EVERYTHING = Viewer("", sees_all=True)
