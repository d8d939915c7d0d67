"""What nobody will ever see leaves the event store, also when its incident sees no other run."""

from __future__ import annotations

import uuid

import pytest
from tests.stores.events.invented import event, insert_events

from ircopilot.domain.evidence import Artifact, Load
from ircopilot.domain.incident import RunParameters
from ircopilot.pipeline.tidy import tidy_events
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import artifacts, incidents, loads, runs

SHA = "5a" * 32


@pytest.fixture
def org(stores: StoreSet) -> str:
    """An organisation with incident INC-1 and an artifact."""
    made = str(uuid.uuid4())
    with stores.database.tenant(made) as tx:
        incidents.ensure_organisation(tx)
        incident = incidents.upsert_incident(tx, "INC-1", "t").incident_id
        artifacts.record_artifact(tx, incident, Artifact(sha256=SHA, size=3, name="b.log"))
    return made


def written(stores: StoreSet, org: str) -> tuple[str, Load]:
    """The incident, and a load whose events are there and which nobody has committed."""
    load = Load(load_id=str(uuid.uuid4()), artifact_sha256=SHA, mapping="windows", mapping_version="1")
    with stores.database.tenant(org) as tx:
        incident = incidents.upsert_incident(tx, "INC-1", "t").incident_id
        loads.open_load(tx, incident, load)
    insert_events(stores, org, [event(n) for n in range(3)], load.load_id)
    return incident, load


def stored(stores: StoreSet, org: str) -> set[str]:
    found = {load for owner, load in stores.events.stored_loads() if owner == org}
    table = stores.events.query_table(
        "SELECT DISTINCT toString(load_id) AS load FROM events WHERE org_id = toUUID({org:String})", {"org": org}
    )
    assert found == set(table.column("load").to_pylist())
    return found


def test_what_a_dead_worker_left_goes_and_what_is_seen_stays(stores: StoreSet, org: str) -> None:
    incident, seen = written(stores, org)
    with stores.database.tenant(org) as tx:
        loads.commit_load(tx, incident, seen)
    _, half = written(stores, org)
    late = insert_events(stores, org, [event(n) for n in range(3)])  # by a worker that was woken after it was forgotten
    assert stored(stores, org) == {seen.load_id, half.load_id, late}
    assert tidy_events(stores) >= 2
    assert stored(stores, org) == {seen.load_id}
    with stores.database.tenant(org) as tx:
        assert loads.find_load(tx, half.load_id) is None
        assert [load.load_id for load in loads.committed_loads(tx, incident)] == [seen.load_id]


def test_a_run_that_goes_on_is_left_alone(stores: StoreSet, org: str) -> None:
    incident, half = written(stores, org)
    with runs.hold_incident(stores.database, org, incident, shared=True):
        tidy_events(stores)
        assert stored(stores, org) == {half.load_id}
    with stores.database.tenant(org) as tx:
        runs.ask_run(tx, incident, "r", RunParameters())
    tidy_events(stores)
    assert stored(stores, org) == {half.load_id}, "between two jobs nobody holds the incident"
    with stores.database.tenant(org) as tx:
        runs.finish_run(tx, "r", "cancelled")
    tidy_events(stores)
    assert stored(stores, org) == set()


def test_an_organisation_that_the_database_does_not_know_keeps_its_events(stores: StoreSet) -> None:
    stranger = str(uuid.uuid4())
    load = insert_events(stores, stranger, [event(1)])
    tidy_events(stores)
    assert stored(stores, stranger) == {load}
