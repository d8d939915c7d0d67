"""Actions: the board, and the lines of evidence that its changes become."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.test_cases import opened, restrict
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import results, runs

URL = "/v1/incidents/INC-1/actions"


def noted(http: httpx.Client, title: str, state: str = "open", **more: Any) -> dict[str, Any]:
    """An action of that title."""
    answer = http.post(URL, json={"title": title, "state": state} | more)
    assert answer.status_code == 201, answer.text
    action: dict[str, Any] = answer.json()["action"]
    assert answer.headers["etag"] == f'"v{action["version"]}"'
    return action


def moved(http: httpx.Client, action: dict[str, Any], **to: Any) -> httpx.Response:
    return http.post(f"{URL}/{action['id']}/move", json=to, headers={"If-Match": f'"v{action["version"]}"'})


def changed(http: httpx.Client, action: dict[str, Any], **to: Any) -> httpx.Response:
    return http.patch(f"{URL}/{action['id']}", json=to, headers={"If-Match": f'"v{action["version"]}"'})


def board(http: httpx.Client, state: str = "open") -> list[str]:
    items = http.get(URL, params={"state": state}).json()["items"]
    assert [i["rank"] for i in items] == sorted(i["rank"] for i in items)
    return [item["title"] for item in items]


def lines(http: httpx.Client, stores: StoreSet, org: str) -> list[dict[str, Any]]:
    """What was handed in, in the order of what happened."""
    found = []
    for deposit in http.get("/v1/incidents/INC-1").json()["evidence"]:
        with stores.vault.open(org, deposit["sha256"]) as kept:
            found.append(json.loads(kept.read()))
    return sorted(found, key=lambda line: str(line["time"]))


def test_an_action_and_its_changes_of_state_are_evidence(http: httpx.Client, stores: StoreSet, org: str) -> None:
    opened(http)
    action = noted(http, "Isolate WS07", time="2026-03-10T10:00:00Z", phase="containment", owner=None)
    assert (action["state"], action["source"], action["incident"]) == ("open", "hand", "INC-1")
    done = changed(http, action, state="done", time="2026-03-10T11:00:00Z", actor="dana")
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["done_at"]) == ("done", "2026-03-10T11:00:00Z")
    # Another title and description is no evidence; the id stays.
    renamed = changed(http, done.json(), title="Isolate FIN-WS07", description="by the switch", state="done")
    assert (renamed.json()["title"], renamed.json()["id"]) == ("Isolate FIN-WS07", action["id"])
    told = lines(http, stores, org)
    assert [(line["state"], line["title"], line["ircopilot_action"]) for line in told] == [
        ("open", "Isolate WS07", action["id"]),
        ("done", "Isolate WS07", action["id"]),
    ]
    assert told[1]["actor"] == "dana"
    reopened = moved(http, renamed.json(), state="in-progress")
    assert reopened.json()["done_at"] is None
    assert lines(http, stores, org)[-1]["state"] == "in-progress"


def test_the_same_title_again_is_the_same_action(http: httpx.Client, stores: StoreSet, org: str) -> None:
    opened(http)
    first = noted(http, "Isolate", time="2026-03-10T10:00:00Z")
    again = noted(http, "Isolate", "done", time="2026-03-10T11:00:00Z")
    assert (again["id"], again["state"], again["version"]) == (first["id"], "done", first["version"] + 1)
    assert len(http.get(URL).json()["items"]) == 1
    assert [line["state"] for line in lines(http, stores, org)] == ["open", "done"]


def test_the_board_keeps_the_order_that_it_is_given(http: httpx.Client) -> None:
    opened(http)
    a, b, c, d = (noted(http, title) for title in "ABCD")
    assert board(http) == ["A", "B", "C", "D"]
    d = moved(http, d, before=a["id"]).json()
    assert board(http) == ["D", "A", "B", "C"]
    a = moved(http, a, after=b["id"]).json()
    assert board(http) == ["D", "B", "A", "C"]
    d = moved(http, d).json()
    assert board(http) == ["B", "A", "C", "D"]
    c = moved(http, c, after=b["id"]).json()
    assert board(http) == ["B", "C", "A", "D"]
    b = moved(http, b, state="blocked").json()
    c = moved(http, c, state="blocked", before=b["id"]).json()
    assert (board(http), board(http, "blocked")) == (["A", "D"], ["C", "B"])
    problem(moved(http, a, before=b["id"]), 400, "unusable-argument")
    problem(moved(http, a, before=a["id"]), 400, "unusable-argument")
    problem(moved(http, a, before=b["id"], after=c["id"]), 422, "invalid-request")
    problem(moved(http, a | {"version": 1}, before=d["id"]), 412, "precondition-failed")
    page = http.get(URL, params={"limit": 3}).json()
    rest = http.get(URL, params={"limit": 3, "cursor": page["next"]}).json()
    assert [i["title"] for i in (*page["items"], *rest["items"])] == ["C", "B", "A", "D"]
    assert rest["next"] is None


def test_moves_at_the_same_time_give_no_two_the_same_rank(http: httpx.Client) -> None:
    opened(http)
    first = noted(http, "first")
    others = [noted(http, f"t{n}") for n in range(12)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda action: moved(http, action, after=first["id"]), others))
    assert [answer.status_code for answer in answers] == [200] * 12
    ranks = [item["rank"] for item in http.get(URL).json()["items"]]
    assert ranks == sorted(set(ranks))
    assert board(http)[0] == "first"


def test_of_changes_of_one_version_exactly_one_wins(http: httpx.Client, stores: StoreSet, org: str) -> None:
    opened(http)
    action = noted(http, "A")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: changed(http, action, state="done", actor=f"p{n}"), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert len(lines(http, stores, org)) == 2
    problem(http.patch(f"{URL}/{action['id']}", json={"state": "done"}), 428, "precondition-required")


def suggest(stores: StoreSet, org: str, incident_id: str, *titles: str) -> str:
    """A run whose report suggests these; its id."""
    run_id = str(uuid.uuid4())
    suggested = [
        {"id": f"action-{n}", "title": t, "phase": "recovery", "why": "w", "evidence": ["e" * 32], "state": "suggested"}
        for n, t in enumerate(titles)
    ]
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident_id, run_id)
        results.save_result(tx, incident_id, run_id, "report", {"document": {"actions": suggested}})
    return run_id


def test_suggestions_are_taken_up_once_each(http: httpx.Client, stores: StoreSet, org: str) -> None:
    incident = opened(http)
    noted(http, "By hand")
    assert http.post(f"{URL}/suggest").json() == {"items": [], "next": None}
    run_id = suggest(stores, org, incident["id"], "Rebuild", "By hand", "Block")
    taken = http.post(f"{URL}/suggest").json()["items"]
    assert [(t["title"], t["state"], t["source"], t["phase"]) for t in taken] == [
        ("Rebuild", "suggested", "report", "recovery"), ("Block", "suggested", "report", "recovery"),
    ]  # fmt: skip
    assert taken[0]["citations"] == [{"type": "event", "id": "e" * 32}]
    assert taken[0]["source_ref"] == run_id
    assert http.post(f"{URL}/suggest").json()["items"] == []
    # A dismissed one is not suggested again, a new one is.
    assert changed(http, taken[0], state="dismissed").status_code == 200
    suggest(stores, org, incident["id"], "Rebuild", "Patch")
    assert [t["title"] for t in http.post(f"{URL}/suggest").json()["items"]] == ["Patch"]
    # What was only suggested is no evidence; that it was dismissed is.
    assert [line["state"] for line in lines(http, stores, org)] == ["open", "dismissed"]


def test_ones_own_tasks_everywhere(http: httpx.Client, served: Served, stores: StoreSet, org: str, key: str) -> None:
    me = key.split("_")[1]
    for name in ("INC-1", "INC-2"):
        opened(http, name)
        http.post(
            f"/v1/incidents/{name}/actions", json={"title": f"of {name}", "owner": me, "due_at": "2026-03-10T10:00:00Z"}
        )
    noted(http, "nobody's")
    mine = http.get("/v1/actions", params={"owner": me, "limit": 1}).json()
    rest = http.get("/v1/actions", params={"owner": me, "cursor": mine["next"]}).json()
    assert [(i["title"], i["incident"]) for i in (*mine["items"], *rest["items"])] == [
        ("of INC-1", "INC-1"), ("of INC-2", "INC-2"),
    ]  # fmt: skip
    assert len(http.get("/v1/actions", params={"due_before": "2026-03-11T00:00:00Z"}).json()["items"]) == 2
    problem(http.post(URL, json={"title": "x", "owner": "nobody"}), 422, "unknown-member")
    with caller_with_role(served, stores, org, "analyst") as (theirs, _):
        restrict(http, "INC-1", True)
        assert [i["title"] for i in theirs.get("/v1/actions").json()["items"]] == ["of INC-2"]
        problem(theirs.get(URL), 404, "unknown-incident")


def test_another_organisation_reaches_none(http: httpx.Client, served: Served, stores: StoreSet) -> None:
    opened(http)
    action = noted(http, "A")
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        for answer in (
            other.get(URL), other.post(URL, json={"title": "x"}), other.get(f"{URL}/{action['id']}"),
            other.post(f"{URL}/suggest"), changed(other, action, title="x"), moved(other, action),
        ):  # fmt: skip
            problem(answer, 404, "unknown-incident")
        opened(other)
        problem(other.get(f"{URL}/{action['id']}"), 404, "unknown-action")
        problem(changed(other, action, title="x"), 404, "unknown-action")
        assert other.get("/v1/actions").json()["items"] == []


def test_actions_go_on_with_the_incident_that_theirs_is_merged_into(http: httpx.Client) -> None:
    opened(http, "A")
    opened(http)
    theirs = http.post("/v1/incidents/A/actions", json={"title": "theirs"}).json()["action"]
    noted(http, "ours")
    assert http.post("/v1/incidents/A/merge", json={"into": "INC-1"}).status_code == 200
    assert board(http) == ["ours", "theirs"]
    assert http.get("/v1/incidents/A/actions").json()["items"] == []
    assert http.get(f"{URL}/{theirs['id']}").json()["incident"] == "INC-1"
    problem(http.post("/v1/incidents/A/actions", json={"title": "x"}), 409, "incident-merged")
