"""The day until which an incident is kept: the vault's lock on its evidence, and no destruction before it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import SampleCase
from gateway.conftest import Served, client, new_key
from gateway.copied import Copied
from gateway.test_incidents import problem
from ircopilot.access.errors import EvidenceHeld
from ircopilot.access.vault_keys import destroy_key
from ircopilot.cases.keep import evidence_to_keep, lock_evidence
from ircopilot.domain.evidence import Artifact
from ircopilot.evidence.collect import Collected
from ircopilot.pipeline.collect import record_collected
from ircopilot.pipeline.request import Job, Request
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.cases import EVERYTHING, change_case, find_case

UNTIL = datetime(2071, 3, 1, 23, 59, 59, tzinfo=UTC)
LATER = datetime(2072, 1, 1, tzinfo=UTC)


@pytest.fixture
def org(sample_case: SampleCase) -> str:
    """The sample's organisation."""
    return sample_case.org


def kept_incident(http: httpx.Client, stores: StoreSet, case: Copied, key: str, *contents: bytes) -> str:
    """An incident with artifacts of those bytes; its id."""
    assert http.post("/v1/incidents", json={"key": key, "title": key}).status_code == 201
    add(stores, case.org, key, *contents)
    with stores.database.tenant(case.org) as tx:
        return find_case(tx, key, EVERYTHING).incident_id


def add(stores: StoreSet, org: str, key: str, *contents: bytes) -> list[str]:
    """Evidence as the collector records it; its SHA-256."""
    with stores.database.tenant(org) as tx:
        incident = find_case(tx, key, EVERYTHING)
    found = []
    for content in contents:
        sha256, size = stores.vault.put(org, [content])
        found.append(Collected("a", Artifact(sha256=sha256, size=size, name=sha256[:8])))
    request = Request(org_id=org, evidence=(), title=key, out=Path())
    record_collected(Job(stores, request, incident, "run", datetime.now(UTC)), found)
    return [one.artifact.sha256 for one in found if one.artifact]


def hold(http: httpx.Client, key: str, until: datetime | None) -> httpx.Response:
    tag = http.get(f"/v1/incidents/{key}").headers["etag"]
    body: dict[str, Any] = {"legal_hold": False, "retain_until": until and until.isoformat()}
    return http.put(f"/v1/incidents/{key}/hold", json=body, headers={"If-Match": tag})


def test_the_vault_keeps_the_evidence_until_that_day_and_what_is_added_later(
    http: httpx.Client, stores: StoreSet, case: Copied
) -> None:
    kept_incident(http, stores, case, key := f"K-{case.key}", b"one " + case.key.encode())
    assert hold(http, key, UNTIL).status_code == 200
    later = add(stores, case.org, key, b"two " + case.key.encode())
    items = http.get(f"/v1/incidents/{key}/artifacts").json()["items"]
    assert [item["lock"]["retain_until"] for item in items] == ["2071-03-01T23:59:59Z"] * 2
    line = http.get(f"/v1/incidents/{key}/artifacts/{later[0]}/custody").json()["items"][0]
    assert (line["act"], line["detail"]) == ("retained", {"retain_until": UNTIL.isoformat()})
    assert hold(http, key, LATER).status_code == 200
    assert {stores.vault.lock_of(case.org, item["sha256"]).retain_until for item in items} == {LATER}
    problem(hold(http, key, UNTIL), 409, "wrong-state")
    problem(hold(http, key, None), 409, "wrong-state")


def test_nothing_is_locked_for_shorter_nor_noted_twice(http: httpx.Client, stores: StoreSet, case: Copied) -> None:
    shared = b"three " + case.key.encode()
    first = kept_incident(http, stores, case, one := f"A-{case.key}", shared)
    kept_incident(http, stores, case, other := f"B-{case.key}", shared)
    assert hold(http, one, LATER).status_code == 200
    assert hold(http, other, UNTIL).status_code == 200
    with stores.database.tenant(case.org) as tx:
        until, hashes = evidence_to_keep(tx, first)
    assert until == LATER == stores.vault.lock_of(case.org, hashes[0]).retain_until
    assert lock_evidence(stores.vault, case.org, [*hashes, "0" * 64], UNTIL) == []
    acts = [line["act"] for line in http.get(f"/v1/incidents/{other}/artifacts/{hashes[0]}/custody").json()["items"]]
    assert "retained" not in acts


def test_what_is_merged_is_kept_as_long_as_it_was(http: httpx.Client, stores: StoreSet, case: Copied) -> None:
    kept_incident(http, stores, case, gone := f"C-{case.key}", b"four " + case.key.encode())
    kept_incident(http, stores, case, into := f"D-{case.key}", b"five " + case.key.encode())
    assert hold(http, gone, UNTIL).status_code == 200
    assert http.post(f"/v1/incidents/{gone}/merge", json={"into": into}).status_code == 200
    assert http.get(f"/v1/incidents/{into}").json()["retain_until"] == "2071-03-01T23:59:59Z"
    items = http.get(f"/v1/incidents/{into}/artifacts").json()["items"]
    assert [item["lock"]["retain_until"] for item in items] == ["2071-03-01T23:59:59Z"] * 2


def test_the_organisations_key_is_not_destroyed_before(served: Served, stores: StoreSet) -> None:
    org = str(uuid.uuid4())
    with client(served, new_key(stores, org)) as mine:
        assert mine.post("/v1/incidents", json={"key": "INC-1", "title": "t"}).status_code == 201
        assert hold(mine, "INC-1", UNTIL).status_code == 200
    with pytest.raises(EvidenceHeld, match=r"1 incidents are to be kept, the last until 2071-03-01.*INC-1"):
        destroy_key(stores, org)
    with stores.database.tenant(org) as tx:
        case = find_case(tx, "INC-1", EVERYTHING)
        change_case(tx, case, {"retain_until": datetime.now(UTC)})
    assert destroy_key(stores, org) == 0
