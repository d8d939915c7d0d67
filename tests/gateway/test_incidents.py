"""Incidents and what is handed in to them."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid

import httpx
import pytest

from gateway.conftest import LIMITS, Served, client, new_key
from ircopilot.stores import StoreSet


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """The answer's document, which is that problem."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, object] = answer.json()
    assert (document["type"], document["status"]) == (f"urn:ircopilot:error:{kind}", status)
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


@pytest.fixture
def incident(http: httpx.Client) -> str:
    assert http.post("/v1/incidents", json={"key": "INC-1", "title": "A laptop"}).status_code == 201
    return "INC-1"


def test_an_incident_is_opened_listed_and_looked_at(http: httpx.Client) -> None:
    made = http.post("/v1/incidents", json={"title": "Phished"})
    key = made.json()["key"]
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/incidents/{key}")
    assert [i["key"] for i in http.get("/v1/incidents").json()["items"]] == [key]
    assert http.get(f"/v1/incidents/{key}").json() == {**made.json(), "merged_from": [], "evidence": []}


def test_the_same_incident_again_is_the_same_and_another_title_is_refused(http: httpx.Client, incident: str) -> None:
    again = http.post("/v1/incidents", json={"key": incident, "title": "A laptop"})
    assert (again.status_code, again.json()["key"]) == (200, incident)
    problem(http.post("/v1/incidents", json={"key": incident, "title": "Other"}), 409, "incident-exists")


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x", "org_id": "other"},
        {"title": ""},
        {"title": "a\nb"},
        {"title": "x", "key": "../x"},
        {"title": 3},
        [],
        {},
    ],
)
def test_what_is_no_incident_is_refused_with_the_place(http: httpx.Client, body: object) -> None:
    document = problem(http.post("/v1/incidents", json=body), 422, "invalid-request")
    assert all(str(error["at"]).startswith("body") for error in document["errors"])  # type: ignore[attr-defined]


def test_a_body_that_is_no_json_is_refused(http: httpx.Client) -> None:
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        answer = http.post("/v1/incidents", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_evidence_is_kept_as_sent_and_told_by_hash_and_size(
    http: httpx.Client, incident: str, stores: StoreSet, org: str
) -> None:
    body = bytes(range(256)) * 5000
    answer = http.post(f"/v1/incidents/{incident}/evidence", params={"name": "logs/auth.log"}, content=body)
    deposit = answer.json()["deposit"]
    assert answer.status_code == 201
    assert (deposit["sha256"], deposit["size"]) == (hashlib.sha256(body).hexdigest(), len(body))
    assert deposit["received_from"].startswith("key ")
    with stores.vault.open(org, deposit["sha256"]) as kept:
        assert kept.read() == body
    assert http.get(f"/v1/incidents/{incident}").json()["evidence"] == [deposit]
    # Sent again it is the same deposit.
    again = http.post(f"/v1/incidents/{incident}/evidence", params={"name": "logs/auth.log"}, content=body)
    assert again.json()["deposit"] == deposit


def test_a_chunked_body_is_taken(http: httpx.Client, incident: str) -> None:
    answer = http.post(
        f"/v1/incidents/{incident}/evidence?name=a", content=(b"x" * 1000 for _ in range(700)),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert answer.json()["deposit"]["size"] == 700_000


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../b", "a\\..\\b", "C:\\x", "a\nb", "a\0b", "~/x", "a//b", "x" * 1025])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(http: httpx.Client, incident: str, name: str) -> None:
    answer = http.post(f"/v1/incidents/{incident}/evidence", params={"name": name}, content=b"x")
    problem(answer, 400, "unusable-argument")


def digest(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Content-SHA256": hashlib.sha256(b"body").hexdigest().upper()}, 201),
        ({"X-Content-SHA256": hashlib.sha256(b"other").hexdigest()}, 400),
        ({"X-Content-SHA256": "abc"}, 400),
        ({"Content-Digest": f"sha-256=:{digest(b'body')}:"}, 201),
        ({"Content-Digest": f"md5=:AAAA:, sha-256=:{digest(b'body')}:"}, 201),
        ({"Content-Digest": f"sha-256=:{digest(b'other')}:"}, 400),
        ({"Content-Digest": "sha-256=:???:"}, 400),
        ({"Content-Digest": "sha-512=:AAAA:"}, 201),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400),
    ],
)
def test_announced_digests_are_held_against_what_came(
    http: httpx.Client, incident: str, stores: StoreSet, org: str, headers: dict[str, str], status: int
) -> None:
    answer = http.post(f"/v1/incidents/{incident}/evidence?name=a", content=b"body", headers=headers)
    assert answer.status_code == status, answer.text
    kept = stores.vault.exists(org, hashlib.sha256(b"body").hexdigest())
    assert kept == (status == 201) == bool(http.get(f"/v1/incidents/{incident}").json()["evidence"])


def test_a_body_that_is_too_large_is_refused_announced_or_not(http: httpx.Client, incident: str) -> None:
    url = f"/v1/incidents/{incident}/evidence?name=big"
    problem(http.post(url, content=b"x" * (LIMITS.max_upload + 1)), 413, "too-large")
    problem(http.post(url, content=(b"x" * 65536 for _ in range(200))), 413, "too-large")
    assert http.get(f"/v1/incidents/{incident}").json()["evidence"] == []
    problem(http.post("/v1/incidents", json={"title": "x" * (1 << 20)}), 413, "too-large")


def test_alerts_are_kept_as_received_and_the_same_twice_is_one(
    http: httpx.Client, incident: str, stores: StoreSet, org: str
) -> None:
    body = b'[ {"rule": "Mimikatz", "severity": "high"},\n {"rule": "X", "severity": 3} ]'
    first = http.post(f"/v1/incidents/{incident}/alerts", content=body)
    second = http.post(f"/v1/incidents/{incident}/alerts", content=body)
    assert first.status_code == 201
    assert first.json() == second.json()
    with stores.vault.open(org, first.json()["deposit"]["sha256"]) as kept:
        assert kept.read() == body


@pytest.mark.parametrize("body", [b"", b"3", b"[]", b"[1]", b"{}", b"{", b'"x"', b"[{}]", b"[" * 50_000])
def test_what_is_no_alert_is_refused(http: httpx.Client, incident: str, body: bytes) -> None:
    problem(http.post(f"/v1/incidents/{incident}/alerts", content=body), 400, "unusable-argument")


def test_an_action_becomes_one_canonical_line(
    http: httpx.Client, incident: str, stores: StoreSet, org: str
) -> None:  # fmt: skip
    lines = []
    for state, time in (("open", "2026-03-01T12:00:00+02:00"), ("done", "2026-03-01T11:30:00Z")):
        action = {"title": "Isolate WS07", "state": state, "actor": "dana", "time": time}
        answer = http.post(f"/v1/incidents/{incident}/actions", json=action)
        assert answer.status_code == 201, answer.text
        with stores.vault.open(org, answer.json()["deposit"]["sha256"]) as kept:
            lines.append(kept.read())
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in lines)
    opened, done = map(json.loads, lines)
    assert list(opened) == sorted(opened)
    assert opened["ircopilot_action"] == done["ircopilot_action"]
    assert (opened["time"], done["time"]) == ("2026-03-01T10:00:00.000000Z", "2026-03-01T11:30:00.000000Z")
    assert (opened["state"], done["state"], opened["actor"], opened["title"]) == (
        "open",
        "done",
        "dana",
        "Isolate WS07",
    )


@pytest.mark.parametrize(
    "change", [{"state": "closed"}, {"time": "2026-03-01T12:00:00"}, {"title": "a\u2028b"}, {"id": "x"}]
)  # fmt: skip
def test_what_is_no_action_is_refused(http: httpx.Client, incident: str, change: dict[str, str]) -> None:
    body = {"title": "T", "state": "open"} | change
    problem(http.post(f"/v1/incidents/{incident}/actions", json=body), 422, "invalid-request")


def test_nothing_of_another_organisation_is_there(
    http: httpx.Client, served: Served, incident: str, stores: StoreSet
) -> None:
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        assert other.get("/v1/incidents").json() == {"items": [], "next": None}
        problem(other.get(f"/v1/incidents/{incident}"), 404, "unknown-incident")
        problem(other.post(f"/v1/incidents/{incident}/evidence?name=a", content=b"x"), 404, "unknown-incident")
        problem(other.post(f"/v1/incidents/{incident}/alerts", json={"a": 1}), 404, "unknown-incident")
        problem(other.get("/v1/runs", params={"incident": incident}), 404, "unknown-incident")
        problem(other.post(f"/v1/incidents/{incident}/runs", json={}), 404, "unknown-incident")


def test_paths_and_methods_that_are_none_are_problems(http: httpx.Client) -> None:
    problem(http.get("/v1/nothing"), 404, "no-such-route")
    problem(http.get("/nothing"), 404, "no-such-route")
    answer = http.delete("/v1/incidents")
    problem(answer, 405, "method-not-allowed")
    assert {"GET", "POST"} >= set(answer.headers["allow"].replace(" ", "").split(","))


def test_a_time_may_have_any_offset(http: httpx.Client) -> None:
    assert (
        http.get("/v1/incidents?opened_until=2026-11-27T22:27:46-23:27&detected_since=0125-01-15T14:25:22Z").status_code
        == 200
    )
