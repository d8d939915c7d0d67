"""Incidents with committed loads of invented events."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.stores.events.invented import insert_events

from gateway.conftest import new_key
from ircopilot.domain.evidence import Artifact, Clock, Load
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import loads
from ircopilot.stores.postgres.artifacts import record_artifact
from ircopilot.stores.postgres.incidents import upsert_incident

SHA = "5a" * 32


@pytest.fixture
def org(stores: StoreSet) -> str:
    """An organisation whose id the event store takes."""
    return str(uuid.uuid4())


def commit_events(
    stores: StoreSet, org: str, key: str, events: list[dict[str, Any]], committed: bool = True, **load: Any
) -> str:  # fmt: skip
    """Events of a load of the incident, which is made if it is new; returns the load's id."""
    load_id = insert_events(stores, org, events)
    of = Load(load_id=load_id, artifact_sha256=SHA, mapping="invented", mapping_version="1", events=len(events), **load)
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, key, "An incident")
        record_artifact(tx, incident.incident_id, Artifact(sha256=SHA, size=3, name="a.log"))
        loads.open_load(tx, incident.incident_id, of)
        if committed:
            loads.commit_load(tx, incident.incident_id, of)
    return load_id


__all__ = ["SHA", "Clock", "commit_events", "new_key"]
