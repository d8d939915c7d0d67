"""Pins, tags and notes on events: kept, found by searches, counted beside histograms, and theirs who made them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.gateway.events.conftest import SHA, commit_events
from tests.gateway.events.test_timeline import URL, get, messages
from tests.stores.events.invented import START, event, insert_events

from gateway.conftest import Served, client, new_key
from gateway.test_incidents import problem
from ircopilot.domain.evidence import Load
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import loads
from ircopilot.stores.postgres.incidents import upsert_incident


@pytest.fixture
def load(stores: StoreSet, org: str, key: str) -> str:
    """Ten events, a minute apart."""
    return commit_events(stores, org, "INC-1", [event(60.0 * n, message=f"number {n}") for n in range(10)])


@pytest.fixture
def ids(http: httpx.Client, load: str) -> list[str]:
    return [item["id"] for item in get(http, order="oldest")["items"]]


def test_an_event_is_pinned_and_tagged_once_and_shown_so(http: httpx.Client, ids: list[str]) -> None:
    for _ in range(2):
        marked = http.put(f"{URL}/{ids[3]}/pin").json()
        tagged = http.put(f"{URL}/{ids[3]}/tags/Lateral-Movement").json()
    assert marked["pinned"] is True
    assert tagged == {"event": ids[3], "pinned": True, "tags": ["lateral-movement"]}
    http.put(f"{URL}/{ids[5]}/tags/lateral-movement", params={"time": (START + timedelta(minutes=5)).isoformat()})
    assert http.get(f"{URL}/marks").json() == {"pinned": 1, "tags": [{"tag": "lateral-movement", "events": 2}]}
    shown = {item["id"]: (item["pinned"], item["tags"]) for item in get(http)["items"]}
    assert shown[ids[3]] == (True, ["lateral-movement"])
    assert shown[ids[4]] == (False, [])
    assert get(http, f"/{ids[3]}")["pinned"] is True
    assert get(http, f"/{ids[4]}/around")["before"][-1]["tags"] == ["lateral-movement"]
    assert http.delete(f"{URL}/{ids[3]}/pin").json()["pinned"] is False
    assert http.delete(f"{URL}/{ids[3]}/tags/LATERAL-MOVEMENT").json()["tags"] == []
    assert http.delete(f"{URL}/{ids[3]}/pin").status_code == 200


def test_searches_find_what_is_marked(http: httpx.Client, ids: list[str]) -> None:
    http.put(f"{URL}/{ids[2]}/pin")
    http.put(f"{URL}/{ids[2]}/tags/initial-access")
    http.put(f"{URL}/{ids[7]}/tags/impact")

    def found(q: str) -> list[str]:
        return messages(get(http, q=q, order="oldest"))

    assert found("pinned:true") == ["number 2"]
    assert len(found("pinned:false")) == 9
    assert found("tag:impact") == found("TAG:Impact") == ["number 7"]
    assert found("tag:i*") == ["number 2", "number 7"]
    assert found("tag:*") == ["number 2", "number 7"]
    assert found("tag:none") == []
    assert len(found("NOT tag:*")) == 8
    assert found('tag:(impact OR initial-access) "number 7"') == ["number 7"]
    assert get(http, "/histogram", q="tag:*")["events"] == 2
    assert get(http, "/values", field="kind", q="pinned:true")["events"] == 1
    wrong = problem(http.get(URL, params={"q": "pinned:maybe"}), 400, "invalid-search")
    assert (wrong["position"], wrong["expected"]) == (7, ["true", "false"])
    problem(http.get(URL, params={"q": "tag:[a TO b]"}), 400, "invalid-search")


def test_which_of_some_events_meet_a_search(http: httpx.Client, ids: list[str]) -> None:
    http.put(f"{URL}/{ids[2]}/pin")

    def among(q: str, *events: str) -> list[str]:
        answer = http.post(f"{URL}/among", json={"q": q, "events": events})
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    some = [ids[7], ids[2], ids[5], "0" * 32]
    assert among("", *some) == [ids[2], ids[5], ids[7]], "by time; what is no event of the incident is left out"
    assert among('"number 5" OR "number 6"', *some) == [ids[5]]
    assert among("pinned:true", *some) == [ids[2]]
    assert among("NOT pinned:true", *some) == [ids[5], ids[7]]
    assert among("") == []
    item = http.post(f"{URL}/among", json={"events": [ids[5]]}).json()["items"][0]
    assert item["time"] == get(http, f"/{ids[5]}")["time"]
    problem(http.post(f"{URL}/among", json={"q": "host:", "events": [ids[5]]}), 400, "invalid-search")
    problem(http.post(f"{URL}/among", json={"events": ["x"]}), 422, "invalid-request")


def test_marks_are_counted_beside_a_histogram_within_its_search(http: httpx.Client, ids: list[str]) -> None:
    http.put(f"{URL}/{ids[1]}/pin")
    http.put(f"{URL}/{ids[1]}/tags/a")
    http.put(f"{URL}/{ids[2]}/tags/a")
    http.put(f"{URL}/{ids[8]}/tags/b")
    whole = get(http, "/histogram", resolution=300, marks=True)
    assert [(m["pinned"], m["tags"]) for m in whole["marked"]] == [(1, {"a": 2}), (0, {"b": 1})]
    assert whole["marked"][0]["start"] == whole["buckets"][0]["start"]
    some = get(http, "/histogram", resolution=300, marks=True, q='"number 1" OR "number 8"')
    assert [(m["pinned"], m["tags"]) for m in some["marked"]] == [(1, {"a": 1}), (0, {"b": 1})]
    early = get(http, "/histogram", resolution=300, marks=True, until=(START + timedelta(minutes=2)).isoformat())
    assert [(m["pinned"], m["tags"]) for m in early["marked"]] == [(1, {"a": 1})]
    assert get(http, "/histogram")["marked"] is None


def test_a_mark_follows_its_event_into_another_load(
    http: httpx.Client, stores: StoreSet, org: str, load: str, ids: list[str]
) -> None:
    http.put(f"{URL}/{ids[4]}/pin")
    moved = [event(3600 + 60.0 * n, message=f"number {n}", event_id=ids[n]) for n in range(10)]
    newer = Load(
        load_id=insert_events(stores, org, moved), artifact_sha256=SHA, mapping="m", mapping_version="2", events=10
    )
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "An incident")
        loads.open_load(tx, incident.incident_id, newer)
        loads.commit_load(tx, incident.incident_id, newer, replaces=load)
    (item,) = get(http, q="pinned:true")["items"]
    assert (item["message"], item["pinned"]) == ("number 4", True)
    marked = get(http, "/histogram", resolution=60, marks=True)["marked"]
    assert [m["start"] for m in marked] == ["2031-05-01T11:04:00Z"]


def test_notes_are_written_listed_and_removed(http: httpx.Client, ids: list[str]) -> None:
    url = f"{URL}/{ids[0]}/notes"
    made = [http.post(url, json={"body": f"note {n}"}).json() for n in range(3)]
    assert made[0]["made_by"].startswith("key ")
    first = http.get(url, params={"limit": 2}).json()
    assert [note["body"] for note in first["items"]] == ["note 0", "note 1"]
    rest = http.get(url, params={"cursor": first["next"]}).json()
    assert (rest["items"], rest["next"]) == ([made[2]], None)
    assert get(http, f"/{ids[0]}")["notes"] == 3
    assert http.delete(f"{url}/{made[1]['id']}").status_code == 204
    problem(http.delete(f"{url}/{made[1]['id']}"), 404, "unknown-note")
    problem(http.delete(f"{URL}/{ids[1]}/notes/{made[0]['id']}"), 404, "unknown-note")
    assert len(http.get(url).json()["items"]) == 2
    for body in ("", "   ", "x" * 4001):
        problem(http.post(url, json={"body": body}), 422, "invalid-request")
    problem(http.post(url, json={"body": "x", "made_by": "somebody"}), 422, "invalid-request")


@pytest.mark.parametrize("tag", ["a b", "a%22", "a:b", "x" * 61, "a*", "%0aX", "(a)"])
def test_what_is_no_tag_is_refused(http: httpx.Client, ids: list[str], tag: str) -> None:
    problem(http.put(f"{URL}/{ids[0]}/tags/{tag}"), 422, "invalid-request")


def test_another_organisations_events_and_marks_are_not_there(
    served: Served, stores: StoreSet, http: httpx.Client, ids: list[str]
) -> None:
    http.put(f"{URL}/{ids[0]}/pin")
    note = http.post(f"{URL}/{ids[0]}/notes", json={"body": "ours"}).json()
    other = str(uuid.uuid4())
    calls: list[tuple[str, str, Any]] = [
        ("PUT", "/pin", None), ("PUT", "/tags/x", None), ("POST", "/notes", {"body": "x"}),
    ]  # fmt: skip
    with client(served, new_key(stores, other)) as stranger:
        for method, path, body in calls:
            problem(stranger.request(method, f"{URL}/{ids[0]}{path}", json=body), 404, "unknown-incident")
        commit_events(stores, other, "INC-1", [event(0)])
        for method, path, body in calls:
            problem(stranger.request(method, f"{URL}/{ids[0]}{path}", json=body), 404, "unknown-event")
        assert stranger.get(f"{URL}/marks").json() == {"pinned": 0, "tags": []}
        assert stranger.get(f"{URL}/{ids[0]}/notes").json()["items"] == []
        problem(stranger.delete(f"{URL}/{ids[0]}/notes/{note['id']}"), 404, "unknown-note")
        assert get(stranger, q="pinned:true")["items"] == []
    assert http.get(f"{URL}/marks").json()["pinned"] == 1
