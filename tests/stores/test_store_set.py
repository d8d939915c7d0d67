"""The stores opened together, and progress told through them."""

from __future__ import annotations

import uuid

import pytest

from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.postgres import progress, runs
from ircopilot.stores.postgres.errors import UnknownRun
from ircopilot.stores.postgres.incidents import upsert_incident


@pytest.fixture
def run(stores: StoreSet, org: str) -> str:
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, incident, run := f"r-{uuid.uuid4()}")
    return run


def test_every_organisation_has_its_stores(stores: StoreSet, org: str) -> None:
    held = stores.stores_for(org)
    sha256, _ = held.vault.put(org, [b"x"])
    assert held.vault.exists(org, sha256)
    assert held.events is held.events


def test_progress_is_numbered_kept_and_fanned_out(stores: StoreSet, org: str, run: str) -> None:
    assert [stores.tell_progress(org, run, "collect", {"n": n}) for n in range(3)] == [1, 2, 3]
    assert stores.live.wait_for_run_event(org, run, 2, timeout_s=1)
    with stores.database.tenant(org) as tx:
        assert [e.payload for e in progress.run_events_since(tx, run, 1)] == [{"n": 1}, {"n": 2}]
    with pytest.raises(UnknownRun):
        stores.tell_progress(org, "nowhere", "collect", {})


def test_progress_goes_on_without_redis(stack: StackUrls, org: str, run: str) -> None:
    with open_stores(stack.model_copy(update={"redis_url": "redis://127.0.0.1:1"})) as without:
        assert [without.tell_progress(org, run, "collect", {}) for _ in range(2)] == [1, 2]
