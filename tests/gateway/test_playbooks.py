"""Playbooks in versions, applied to incidents; and saved filters."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.test_cases import opened, restrict
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet

STEPS = [
    {"title": "First", "phase": "containment", "due_in_minutes": 30, "role": "analyst"},
    {"title": "Second", "phase": "recovery"},
]
APPLY = "/v1/incidents/INC-1/playbooks"


def written(http: httpx.Client, name: str = "Lost laptop") -> dict[str, Any]:
    answer = http.post("/v1/playbooks", json={"name": name, "steps": STEPS})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def rewritten(http: httpx.Client, playbook: dict[str, Any], name: str) -> httpx.Response:
    tag = {"If-Match": f'"v{playbook["latest"]}"'}
    return http.put(f"/v1/playbooks/{playbook['id']}", json={"name": name, "steps": STEPS[:1]}, headers=tag)


def test_a_version_never_changes_and_of_two_rewrites_one_wins(http: httpx.Client) -> None:
    first = written(http)
    assert (first["version"], first["built_in"]) == (1, False)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: rewritten(http, first, f"n{n}"), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 3
    url = f"/v1/playbooks/{first['id']}"
    latest = http.get(url)
    assert (latest.json()["version"], latest.headers["etag"]) == (2, '"v2"')
    old = http.get(url, params={"version": 1}).json()
    assert (old["name"], old["latest"], len(old["steps"])) == ("Lost laptop", 2, 2)
    assert [v["version"] for v in http.get(f"{url}/versions").json()["items"]] == [2, 1]
    problem(http.get(url, params={"version": 3}), 404, "unknown-playbook")
    listed = http.get("/v1/playbooks").json()["items"]
    assert [p["id"] for p in listed if not p["built_in"]] == [first["id"]]
    assert http.delete(url).status_code == 204
    problem(http.get(url), 404, "unknown-playbook")
    assert http.get(url, params={"version": 1}).json()["name"] == "Lost laptop"


def test_built_in_ones_are_there_and_stay_as_they_are(http: httpx.Client) -> None:
    built_in = [p for p in http.get("/v1/playbooks").json()["items"] if p["built_in"]]
    assert {p["id"] for p in built_in} == {"ransomware", "credential-theft", "phishing", "cloud-key-leak"}
    problem(rewritten(http, built_in[0], "x"), 409, "built-in-playbook")
    problem(http.delete(f"/v1/playbooks/{built_in[0]['id']}"), 409, "built-in-playbook")
    same = {"name": "x", "steps": [STEPS[0], STEPS[0]]}
    problem(http.post("/v1/playbooks", json=same), 400, "unusable-argument")
    problem(http.post("/v1/playbooks", json={"name": "x", "steps": []}), 422, "invalid-request")


def test_applied_once_with_its_version_remembered(http: httpx.Client) -> None:
    opened(http)
    playbook = written(http)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: http.post(APPLY, json={"playbook": playbook["id"]}), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({tuple(a["id"] for a in answer.json()["actions"]) for answer in answers}) == 1
    actions = http.get("/v1/incidents/INC-1/actions").json()["items"]
    assert [(a["title"], a["state"], a["source"], a["phase"], a["role"]) for a in actions] == [
        ("First", "open", "playbook", "containment", "analyst"), ("Second", "open", "playbook", "recovery", ""),
    ]  # fmt: skip
    due = datetime.fromisoformat(actions[0]["due_at"]) - datetime.fromisoformat(actions[0]["created_at"])
    assert abs(due - timedelta(minutes=30)) < timedelta(minutes=1)
    assert actions[1]["due_at"] is None
    # A newer version changes nothing of what was applied.
    rewritten(http, playbook, "Newer")
    again = http.post(APPLY, json={"playbook": playbook["id"]})
    assert (again.status_code, again.json()["playbook"]["version"]) == (200, 1)
    problem(http.post(APPLY, json={"playbook": playbook["id"], "version": 2}), 409, "wrong-state")
    used = http.get(APPLY).json()["items"]
    assert [(u["playbook"], u["version"], u["name"]) for u in used] == [(playbook["id"], 1, "Lost laptop")]
    # What was planned is no evidence.
    assert http.get("/v1/incidents/INC-1").json()["evidence"] == []
    assert http.post(APPLY, json={"playbook": "ransomware"}).status_code == 201
    assert len(http.get("/v1/incidents/INC-1/actions").json()["items"]) > 10
    problem(http.post(APPLY, json={"playbook": "never"}), 404, "unknown-playbook")


def saved(http: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    answer = http.post("/v1/filters", json={"name": name, "kind": "incidents"} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_filters_are_ones_own_unless_shared(http: httpx.Client, served: Served, stores: StoreSet, org: str) -> None:
    own = saved(http, "own", query="severity=high", view={"columns": ["a\u0000", {"b": None}]})
    shared = saved(http, "shared", kind="timeline", query="host:srv*", shared=True)
    assert http.get(f"/v1/filters/{own['id']}").json() == own
    problem(http.post("/v1/filters", json={"name": "own", "kind": "incidents"}), 409, "filter-exists")
    assert [f["name"] for f in http.get("/v1/filters", params={"kind": "timeline"}).json()["items"]] == ["shared"]
    page = http.get("/v1/filters", params={"limit": 1}).json()
    assert [f["name"] for f in http.get("/v1/filters", params={"cursor": page["next"]}).json()["items"]] == ["shared"]
    tag = {"If-Match": '"v1"'}
    with caller_with_role(served, stores, org, "analyst") as (other, _):
        assert [f["name"] for f in other.get("/v1/filters").json()["items"]] == ["shared"]
        problem(other.get(f"/v1/filters/{own['id']}"), 404, "unknown-filter")
        problem(other.patch(f"/v1/filters/{shared['id']}", json={"name": "x"}, headers=tag), 403, "forbidden")
        problem(other.delete(f"/v1/filters/{shared['id']}"), 403, "forbidden")
        saved(other, "own")
    url = f"/v1/filters/{own['id']}"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: http.patch(url, json={"query": f"q{n}"}, headers=tag), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 3
    problem(http.patch(url, json={"query": "q"}), 428, "precondition-required")
    saved(http, "second")
    problem(http.patch(url, json={"name": "second"}, headers={"If-Match": '"v2"'}), 409, "filter-exists")
    assert http.delete(url).status_code == 204
    problem(http.get(url), 404, "unknown-filter")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "kind": "other"}, {"name": "", "kind": "incidents"}, {"name": "x", "kind": "incidents", "view": []},
        {"name": "x", "kind": "incidents", "view": {"a": "x" * (16 << 10)}}, {"name": "x", "kind": "incidents", "owner": "y"},
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(http: httpx.Client, body: dict[str, Any]) -> None:
    problem(http.post("/v1/filters", json=body), 422, "invalid-request")


def test_a_search_that_cannot_be_read_is_not_saved(http: httpx.Client) -> None:
    answer = http.post("/v1/filters", json={"name": "x", "kind": "timeline", "query": 'host:"a'})
    assert answer.json()["type"] == "urn:ircopilot:error:invalid-search"


def test_others_reach_none(http: httpx.Client, served: Served, stores: StoreSet, org: str) -> None:
    opened(http)
    playbook, kept = written(http), saved(http, "own", shared=True)
    restrict(http, "INC-1", True)
    with caller_with_role(served, stores, org, "analyst") as (shut_out, _):
        problem(shut_out.get(APPLY), 404, "unknown-incident")
        problem(shut_out.post(APPLY, json={"playbook": "ransomware"}), 404, "unknown-incident")
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        problem(other.get(APPLY), 404, "unknown-incident")
        problem(other.get(f"/v1/playbooks/{playbook['id']}"), 404, "unknown-playbook")
        problem(other.get(f"/v1/playbooks/{playbook['id']}/versions"), 404, "unknown-playbook")
        problem(rewritten(other, playbook, "x"), 404, "unknown-playbook")
        problem(other.delete(f"/v1/playbooks/{playbook['id']}"), 404, "unknown-playbook")
        problem(other.get(f"/v1/filters/{kept['id']}"), 404, "unknown-filter")
        problem(other.delete(f"/v1/filters/{kept['id']}"), 404, "unknown-filter")
        opened(other)
        problem(other.post(APPLY, json={"playbook": playbook["id"]}), 404, "unknown-playbook")
        assert all(p["built_in"] for p in other.get("/v1/playbooks").json()["items"])
        assert other.get("/v1/filters").json()["items"] == []
