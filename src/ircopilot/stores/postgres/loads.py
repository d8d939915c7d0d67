"""Loads: events become visible when their load is committed here, and not before.

writing → committed → replaced, the last two changes in one transaction. A run that died leaves `writing` loads behind;
whoever holds the incident (`runs.hold_incident`) lists them by `abandoned_loads`, drops their events, forgets them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.evidence import Clock, Load, ParseError
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import LoadConflict
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import incident_loads, loads

KEPT_ERRORS = 100


def open_load(tx: Tx, incident_id: str, load: Load) -> None:
    """Announce a load before its first event is written. A load that is still `writing` may be opened again.

    Raises `LoadConflict` when a load of that id was committed already.
    """
    statement = insert(loads).values({"org_id": tx.org_id} | _row(load) | {"state": "writing"})
    opened = tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "load_id"],
            set_=_row(load) | {"opened_at": func.now()},
            where=(loads.c.state == "writing"),
        ).returning(loads.c.load_id)
    ).first()
    if opened is None:
        raise LoadConflict(f"load {load.load_id} is committed already")
    link_load(tx, incident_id, load.load_id)


def link_load(tx: Tx, incident_id: str, load_id: str) -> None:
    """Let an incident see a load of another incident: nothing is rewritten."""
    row = {"org_id": tx.org_id, "incident_id": incident_id, "load_id": load_id}
    tx.connection.execute(insert(incident_loads).values(row).on_conflict_do_nothing())


def commit_load(tx: Tx, incident_id: str, load: Load, replaces: str | None = None) -> None:
    """Make the load's events visible, and in the same transaction those of `replaces` invisible.

    Every incident that saw the old load sees the new one. Raises `LoadConflict` when the load is not `writing`, or
    the one to replace is not `committed`.
    """
    changed = tx.connection.execute(
        update(loads)
        .where(loads.c.load_id == load.load_id, loads.c.state == "writing")
        .values(_row(load) | {"state": "committed", "committed_at": func.now()})
    )
    if changed.rowcount != 1:
        raise LoadConflict(f"load {load.load_id} is not being written")
    link_load(tx, incident_id, load.load_id)
    if replaces is not None:
        _replace(tx, replaces, load.load_id)


def _replace(tx: Tx, old: str, new: str) -> None:
    changed = tx.connection.execute(
        update(loads)
        .where(loads.c.load_id == old, loads.c.state == "committed", loads.c.load_id != new)
        .values(state="replaced", replaced_by=new)
    )
    if changed.rowcount != 1:
        raise LoadConflict(f"load {old} is not committed, so it cannot be replaced")
    seen_by = select(incident_loads.c.incident_id).where(incident_loads.c.load_id == old)
    for (incident_id,) in tx.connection.execute(seen_by).all():
        link_load(tx, incident_id, new)


def committed_loads(tx: Tx, incident_id: str) -> list[Load]:
    """The loads whose events the incident sees, by artifact and id: the scope of every reader."""
    return _loads(tx, _of_incident(incident_id, "committed").order_by(loads.c.artifact_sha256, loads.c.load_id))


def committed_load_ids(tx: Tx, incident_id: str) -> tuple[str, ...]:
    """Their ids alone, in order."""
    query = (
        select(incident_loads.c.load_id)
        .join(loads, (loads.c.org_id == incident_loads.c.org_id) & (loads.c.load_id == incident_loads.c.load_id))
        .where(incident_loads.c.incident_id == incident_id, loads.c.state == "committed")
    )
    return tuple(tx.connection.execute(query.order_by(incident_loads.c.load_id)).scalars())


def abandoned_loads(tx: Tx, incident_id: str) -> list[Load]:
    """Loads that nobody will finish. Right only while the caller holds the incident and has opened none itself."""
    return _loads(tx, _of_incident(incident_id, "writing").order_by(loads.c.load_id))


def replaced_loads(tx: Tx, incident_id: str) -> list[Load]:
    """Loads whose events may be dropped because a newer load stands in their place."""
    return _loads(tx, _of_incident(incident_id, "replaced").order_by(loads.c.load_id))


def unknown_loads(tx: Tx, load_ids: Sequence[str]) -> list[str]:
    """Those of these loads that the organisation does not know."""
    known: set[str] = set()
    for at in range(0, len(load_ids), 1000):
        query = select(loads.c.load_id).where(loads.c.load_id.in_(load_ids[at : at + 1000]))
        known.update(tx.connection.execute(query).scalars())
    return [load_id for load_id in load_ids if load_id not in known]


def incidents_to_tidy(tx: Tx) -> list[str]:
    """The incidents that have loads which were replaced, or are not finished yet."""
    joined = loads.join(incident_loads)
    query = select(incident_loads.c.incident_id).select_from(joined).where(loads.c.state != "committed").distinct()
    return list(tx.connection.execute(query.order_by(incident_loads.c.incident_id)).scalars())


def find_load(tx: Tx, load_id: str) -> Load | None:
    """The load of that id, in whatever state."""
    return next(iter(_loads(tx, select(loads).where(loads.c.load_id == load_id))), None)


def find_committed_load(tx: Tx, artifact_sha256: str, mapping: str, mapping_version: str) -> Load | None:
    """A committed load of these bytes under this mapping, from any incident of the organisation, to be linked."""
    here = loads.c
    query = select(loads).where(
        here.artifact_sha256 == artifact_sha256,
        here.mapping == mapping,
        here.mapping_version == mapping_version,
        here.state == "committed",
    )
    return next(iter(_loads(tx, query.order_by(here.load_id).limit(1))), None)


def forget_load(tx: Tx, load_id: str) -> None:
    """Remove a load whose events were dropped. Raises `LoadConflict` for a committed one."""
    gone = tx.connection.execute(loads.delete().where(loads.c.load_id == load_id, loads.c.state != "committed"))
    if gone.rowcount != 1:
        raise LoadConflict(f"load {load_id} is committed or unknown")


def _of_incident(incident_id: str, state: str) -> Select[Any]:
    joined = loads.join(incident_loads)
    query = select(loads).select_from(joined)
    return query.where(incident_loads.c.incident_id == incident_id, loads.c.state == state)


def _loads(tx: Tx, query: Select[Any]) -> list[Load]:
    return [load_of(row) for row in tx.connection.execute(query)]


def _row(load: Load) -> dict[str, Any]:
    """The columns that the caller decides; `state` is the lifecycle's."""
    errors = [{"locator": storable(e.locator), "reason": storable(e.reason)} for e in load.parse_errors[:KEPT_ERRORS]]
    row = load.model_dump(exclude={"state", "parse_errors", "clock"})
    return row | {"clock": load.clock.model_dump(mode="json"), "parse_errors": errors}


def load_of(row: Row[Any]) -> Load:
    """A row of `loads`."""
    fields = {name: row._mapping[name] for name in Load.model_fields if name not in ("clock", "parse_errors")}
    errors = tuple(ParseError(**e) for e in row.parse_errors)
    return Load(**fields, clock=Clock.model_validate(row.clock), parse_errors=errors)
