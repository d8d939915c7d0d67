"""The timeline over HTTP: committed loads count and nothing else does, searches point at their mistakes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.gateway.events.conftest import SHA, commit_events
from tests.stores.events.invented import START, event, insert_events

from gateway.conftest import Served, client, new_key
from gateway.test_incidents import problem
from ircopilot.domain.evidence import Clock
from ircopilot.stores import StoreSet
from ircopilot.stores.events import scanning

URL = "/v1/incidents/INC-1/events"


@pytest.fixture
def events(stores: StoreSet, org: str, key: str) -> list[dict[str, Any]]:
    """Twenty events a minute apart, the last one an alert; beside them what must not count."""
    made = [
        event(
            60.0 * n, host_name=f"it0{n % 2}", user_name="alice" if n % 4 else "SYSTEM", message=f"number {n}",
            fields={"Image": f"p{n}.exe"}, kind="alert" if n == 19 else "log", process_name=f"p{n}.exe",
        )
        for n in range(20)
    ]  # fmt: skip
    commit_events(stores, org, "INC-1", made, clock=Clock(offset_s=3600.0, method="said-by-user"))
    commit_events(stores, org, "INC-1", made, committed=False)
    commit_events(stores, org, "INC-2", made)
    insert_events(stores, str(uuid.uuid4()), made)
    return made


def get(http: httpx.Client, path: str = "", **params: Any) -> dict[str, Any]:
    answer = http.get(URL + path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def messages(page: dict[str, Any]) -> list[str]:
    return [item["message"] for item in page["items"]]


@pytest.mark.usefixtures("events")
def test_a_histogram_counts_committed_events_of_the_incident(http: httpx.Client) -> None:
    whole = get(http, "/histogram", by="kind", resolution=600)
    assert (whole["events"], whole["values"], whole["resolution"]) == (20, ["log", "alert"], 600)
    assert [bucket["by_value"] for bucket in whole["buckets"]] == [{"log": 10}, {"log": 9, "alert": 1}]
    until = (START + timedelta(minutes=5)).isoformat()
    assert get(http, "/histogram", until=until, q="user:SYSTEM")["events"] == 2
    assert get(http, "/histogram", buckets=4)["resolution"] == 300
    assert get(http, "/histogram", q="nothing")["buckets"] == []


@pytest.mark.usefixtures("events")
def test_a_histogram_tells_what_it_has_when_patience_is_at_its_end(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "FIRST_STRETCH", 1)
    monkeypatch.setattr(scanning, "LONGEST", 1)
    asked = {"q": "NOT user:nobody", "resolution": 60}
    so_far = [get(http, "/histogram", patience=0, **asked)]
    while not so_far[-1]["whole"]:
        so_far.append(get(http, "/histogram", patience=0, **asked))
    assert len(so_far) > 1
    assert so_far[0]["counted_from"] > so_far[-2]["counted_from"]
    assert so_far[-1] == get(http, "/histogram", **asked)
    assert [one["events"] for one in so_far] == sorted(one["events"] for one in so_far)


@pytest.mark.usefixtures("events")
def test_pages_go_in_both_directions_from_either_end_and_from_a_time(http: httpx.Client) -> None:
    first = get(http, limit=8)
    assert messages(first) == [f"number {n}" for n in range(19, 11, -1)]
    assert first["previous"] is None
    second = get(http, limit=8, cursor=first["next"])
    assert messages(second) == [f"number {n}" for n in range(11, 3, -1)]
    assert messages(get(http, limit=8, cursor=second["previous"])) == messages(first)
    last = get(http, limit=8, cursor=second["next"])
    assert (messages(last), last["next"]) == ([f"number {n}" for n in range(3, -1, -1)], None)
    at = (START + timedelta(minutes=5)).isoformat()
    oldest = get(http, order="oldest", at=at, limit=3)
    assert messages(oldest) == ["number 5", "number 6", "number 7"]
    assert messages(get(http, order="oldest", cursor=oldest["previous"], limit=2)) == ["number 3", "number 4"]
    assert messages(get(http, at=at, limit=3)) == ["number 4", "number 3", "number 2"]


@pytest.mark.usefixtures("events")
def test_a_page_shows_the_fields_that_are_asked_for(http: httpx.Client) -> None:
    (item,) = get(http, q="number:19 OR Image:p19.exe", fields="host,Image")["items"]
    assert (item["fields"], item["original"]) == ({"host.name": "it01"}, {"Image": "p19.exe"})
    assert (item["artifact"], item["locator"], item["kind"]) == (SHA, "line:19", "alert")
    assert "process.name" in get(http, fields="*", limit=1)["items"][0]["fields"]
    problem(http.get(URL, params={"fields": ",".join(f"f{n}" for n in range(41))}), 400, "unusable-argument")


@pytest.mark.usefixtures("events")
def test_values_are_counted_within_a_search(http: httpx.Client) -> None:
    found = get(http, "/values", field="user.name", q="host:it00")
    assert found["values"] == [{"value": "SYSTEM", "events": 5}, {"value": "alice", "events": 5}]
    assert (found["distinct"], found["events"]) == (2, 10)
    assert get(http, "/values", field="Image", limit=1)["distinct"] == 20
    problem(http.get(URL + "/values", params={"field": "ip"}), 400, "unusable-argument")


@pytest.mark.usefixtures("events")
def test_an_event_is_shown_whole_with_its_clock_and_what_is_around_it(http: httpx.Client) -> None:
    item = get(http, q='message:"number 7"')["items"][0]
    whole = get(http, f"/{item['id']}")
    assert whole["fields"]["host.name"] == "it01"
    assert whole["original"] == {"Image": "p7.exe"}
    assert (whole["clock"]["offset_s"], whole["clock"]["method"]) == (3600.0, "said-by-user")
    assert whole["artifact_of"]["name"] == "a.log"
    assert whole["record"] is None
    assert "The vault does not hold that" in whole["record_missing"]
    around = get(http, f"/{item['id']}/around", before=2, after=2, same_host=True, time=item["time"])
    assert [e["message"] for e in (*around["before"], around["event"], *around["after"])] == [
        f"number {n}" for n in (3, 5, 7, 9, 11)
    ]
    further = get(http, cursor=around["later"], order="oldest", limit=1, q="host:it01")
    assert messages(further) == ["number 13"]
    problem(http.get(f"{URL}/{'0' * 32}"), 404, "unknown-event")


def test_what_is_another_organisations_is_not_there(
    served: Served, stores: StoreSet, http: httpx.Client, events: list[dict[str, Any]]
) -> None:
    event_id = get(http, limit=1)["items"][0]["id"]
    other = str(uuid.uuid4())
    with client(served, new_key(stores, other)) as stranger:
        for path in ("", "/histogram", "/values?field=host", "/fields", f"/{event_id}", f"/{event_id}/around"):
            problem(stranger.get(URL + path), 404, "unknown-incident")
        commit_events(stores, other, "INC-1", events[:1])
        problem(stranger.get(f"{URL}/{event_id}"), 404, "unknown-event")


@pytest.mark.usefixtures("events")
def test_a_search_that_cannot_be_read_points_at_the_character(http: httpx.Client) -> None:
    wrong = problem(http.get(URL, params={"q": "host:it01 AND ("}), 400, "invalid-search")
    assert wrong["position"] == 15
    assert wrong["expected"]
    assert str(wrong["pointer"]).endswith("^")
    checked = http.post(f"{URL}/search/check", json={"q": "host:it01 AND"}).json()
    assert (checked["valid"], checked["problem"]["position"]) == (False, 13)
    fine = http.post(f"{URL}/search/check", json={"q": "host:it01 us", "at": 12}).json()
    assert (fine["valid"], fine["problem"]) == (True, None)
    assert {"text": "user:", "kind": "field", "about": "the account that acted", "start": 10, "end": 12} in fine[
        "suggestions"
    ]


@pytest.mark.usefixtures("events")
def test_fields_are_told_with_examples(http: httpx.Client) -> None:
    fields = {(f["group"], f["name"]): f for f in get(http, "/fields")["items"]}
    assert fields["short", "host"]["columns"] == ["host.name"]
    assert set(fields["ecs", "host.name"]["examples"]) == {"it00", "it01"}
    assert fields["original", "Image"]["examples"][0].endswith(".exe")


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("path", "params", "status", "kind"),
    [
        ("", {"cursor": "x"}, 400, "invalid-cursor"),
        ("", {"cursor": "lMTox"}, 400, "unusable-argument"),
        ("", {"limit": 0}, 422, "invalid-request"),
        ("", {"since": "2031-05-01T10:00:00"}, 422, "invalid-request"),
        ("", {"since": "0001-01-01T00:00:00Z"}, 422, "invalid-request"),
        ("/histogram", {"by": "user"}, 422, "invalid-request"),
        ("/histogram", {"q": "x" * 5000}, 400, "invalid-search"),
        ("/xyz", {}, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(
    http: httpx.Client, path: str, params: dict[str, Any], status: int, kind: str
) -> None:
    problem(http.get(URL + path, params=params), status, kind)


def test_an_incident_without_events_has_an_empty_timeline(http: httpx.Client, stores: StoreSet, org: str) -> None:
    http.post("/v1/incidents", json={"key": "INC-1", "title": "t"})
    assert get(http, "/histogram")["events"] == 0
    assert get(http) == {"items": [], "next": None, "previous": None, "whole": True, "searched_to": None}
    assert get(http, "/values", field="host")["values"] == []
    assert all(not f["examples"] for f in get(http, "/fields")["items"])


def test_times_are_utc_with_a_zone(http: httpx.Client, events: list[dict[str, Any]]) -> None:
    item = get(http, limit=1)["items"][0]
    assert datetime.fromisoformat(item["time"]) == START + timedelta(minutes=19)
    assert item["time"].endswith("Z")
