"""Organisations and incidents: the rows that all others hang on."""

from __future__ import annotations

from sqlalchemy import Row, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.ids import stable_uuid
from ircopilot.domain.incident import Incident
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import incidents, organisations

_OF_ID = select(incidents).where(incidents.c.incident_id == bindparam("of_id"))


def ensure_organisation(tx: Tx, name: str = "", region: str = "local") -> None:
    """Make the row of the transaction's organisation if there is none. An existing row is left as it is."""
    row = {"org_id": tx.org_id, "name": name or tx.org_id, "region": region}
    tx.connection.execute(insert(organisations).values(row).on_conflict_do_nothing())


def upsert_incident(tx: Tx, key: str, title: str) -> Incident:
    """The incident called `key`, made if it is new, with this title. Its id follows from organisation and key."""
    ensure_organisation(tx)
    incident = Incident(
        incident_id=stable_uuid("incident", tx.org_id, key), org_id=tx.org_id, key=storable(key), title=storable(title)
    )
    statement = insert(incidents).values(incident.model_dump())
    tx.connection.execute(
        statement.on_conflict_do_update(index_elements=["org_id", "incident_id"], set_={"title": incident.title})
    )
    return incident


def get_incident(tx: Tx, incident_id: str) -> Incident:
    """The incident of that id. Raises `UnknownIncident`, also when it belongs to another organisation."""
    row = tx.connection.execute(_OF_ID, {"of_id": incident_id}).one_or_none()
    if row is None:
        raise UnknownIncident(f"no incident {incident_id}")
    return _incident(row)


def is_taken(tx: Tx, key: str) -> bool:
    """Whether there is an incident of that key, whoever may know of it."""
    incident_id = stable_uuid("incident", tx.org_id, key)
    return tx.connection.execute(_OF_ID, {"of_id": incident_id}).first() is not None


def list_incidents(tx: Tx) -> list[Incident]:
    """All incidents of the organisation, by key."""
    return [_incident(row) for row in tx.connection.execute(select(incidents).order_by(incidents.c.key))]


def _incident(row: Row[tuple[object, ...]]) -> Incident:
    return Incident(incident_id=row.incident_id, org_id=row.org_id, key=row.key, title=row.title)
