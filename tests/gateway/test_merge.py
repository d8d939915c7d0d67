"""Merging incidents: whatever people did on the one is found at the other, or is linked from there."""

from __future__ import annotations

import base64
import uuid

import httpx
import pytest

from conftest import SampleCase
from gateway.copied import Copied
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import analyst_words

pytestmark = pytest.mark.timeout(300)
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def org(sample_case: SampleCase) -> str:
    """The sample's organisation."""
    return sample_case.org


def said(http: httpx.Client, url: str, kind: str, id_: str) -> str:
    answer = http.post(f"{url}/comments", json={"body": f"of the {kind}", "anchor": {"type": kind, "id": id_}})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def test_nothing_is_lost_from_sight(http: httpx.Client, case: Copied, stores: StoreSet) -> None:
    into = f"INTO-{uuid.uuid4()}"
    kept_id = http.post("/v1/incidents", json={"key": into, "title": "kept"}).json()["id"]
    kept = f"/v1/incidents/{into}"
    event = http.get(f"{case.url}/events").json()["items"][0]["id"]
    entity = http.get(f"{case.url}/entities").json()["items"][0]
    claim = next(c["id"] for s in http.get(f"{case.url}/reports/1").json()["sections"] for c in s["claims"])
    assert http.put(f"{case.url}/events/{event}/pin").is_success
    assert http.put(f"{case.url}/events/{event}/tags/lateral").is_success
    assert http.post(f"{case.url}/events/{event}/notes", json={"body": "odd"}).is_success
    role = http.patch(
        f"{case.url}/entities/{entity['id']}", json={"role": "victim"}, headers={"If-Match": entity["etag"]}
    )
    assert role.is_success, role.text
    added = http.post(f"{case.url}/indicators", json={"type": "domain", "value": "evil.example", "why": "a partner"})
    action = http.post(f"{case.url}/actions", json={"title": "Isolate", "state": "open"}).json()["action"]["id"]
    of_event, of_claim = said(http, case.url, "event", event), said(http, case.url, "claim", claim)
    length = {"Upload-Length": "3", "Upload-Metadata": f"filename {base64.b64encode(b'x.log').decode()}"}
    upload = http.post(f"{case.url}/uploads", headers=TUS | length).headers["location"].rpartition("/")[2]

    assert http.post(f"{case.url}/merge", json={"into": into}).status_code == 200

    assert http.get(f"{kept}/events/marks").json() == {"pinned": 1, "tags": [{"tag": "lateral", "events": 1}]}
    assert [i["id"] for i in http.get(f"{kept}/events", params={"q": "pinned:true"}).json()["items"]] == [event]
    assert [n["body"] for n in http.get(f"{kept}/events/{event}/notes").json()["items"]] == ["odd"]
    assert [a["id"] for a in http.get(f"{kept}/actions").json()["items"]] == [action]
    assert [c["id"] for c in http.get(f"{kept}/comments").json()["items"]] == [of_event]
    # A sentence keeps what was said of it: the other incident's claims have the same names and say something else.
    assert [c["id"] for c in http.get(f"{case.url}/comments").json()["items"]] == [of_claim]
    assert http.get(kept).json()["merged_from"] == [case.key]
    assert http.get(case.url).json()["merged_from"] == []
    assert http.get(f"{case.url}/reports/1").status_code == 200
    with stores.database.tenant(case.org) as tx:
        assert analyst_words.entity_words_of(tx, kept_id)[entity["id"]].role == "victim"
        assert added.json()["id"] in analyst_words.indicator_words_of(tx, kept_id)
    piece = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert http.patch(f"{case.url}/uploads/{upload}", content=b"abc", headers=piece).status_code in (404, 409)
    assert http.patch(f"{kept}/uploads/{upload}", content=b"abc", headers=piece).status_code == 204
    assert "x.log" in [d["name"] for d in http.get(kept).json()["evidence"]]
