"""Comments: threads on anything, mentions, edited and taken back by their author alone."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.test_cases import opened, restrict
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet

URL = "/v1/incidents/INC-1/comments"


def task(http: httpx.Client, key: str = "INC-1") -> dict[str, str]:
    """An action of the incident, to say something of."""
    made = http.post(f"/v1/incidents/{key}/actions", json={"title": "Look at it", "state": "open"})
    return {"type": "action", "id": made.json()["action"]["id"]}


def said(http: httpx.Client, body: str, **more: Any) -> dict[str, Any]:
    answer = http.post(URL, json={"body": body} | more)
    assert answer.status_code == 201, answer.text
    comment: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"v{comment["version"]}"'
    return comment


def edited(http: httpx.Client, comment: dict[str, Any], body: str) -> httpx.Response:
    tag = {"If-Match": f'"v{comment["version"]}"'}
    return http.patch(f"{URL}/{comment['id']}", json={"body": body}, headers=tag)


def bodies(http: httpx.Client, **asked: Any) -> list[str]:
    return [item["body"] for item in http.get(URL, params=asked).json()["items"]]


def test_threads_on_anything_in_order_and_counted(http: httpx.Client) -> None:
    incident = opened(http)
    whole = said(http, "of all <script>alert(1)</script>")
    assert whole["anchor"] == {"type": "incident", "id": incident["id"]}
    assert whole["body"] == "of all <script>alert(1)</script>"
    anchor = task(http)
    event = said(http, "of an action", anchor=anchor)
    answer = said(http, "an answer", reply_to=event["id"])
    assert (answer["thread"], answer["anchor"]) == (event["id"], anchor)
    again = said(http, "to the answer", reply_to=answer["id"])
    assert again["thread"] == event["id"]
    said(http, "a second thread", anchor=anchor)
    assert bodies(http, anchor_type="action", anchor_id=anchor["id"], limit=3) == [
        "of an action", "an answer", "to the answer",
    ]  # fmt: skip
    assert bodies(http, thread=event["id"]) == ["of an action", "an answer", "to the answer"]
    page = http.get(URL, params={"limit": 4}).json()
    assert [i["body"] for i in http.get(URL, params={"cursor": page["next"]}).json()["items"]] == ["a second thread"]
    resolved = http.post(f"{URL}/{event['id']}/resolve")
    assert resolved.json()["resolved_at"] is not None
    assert http.post(f"{URL}/{event['id']}/resolve").json() == resolved.json()
    problem(http.post(f"{URL}/{answer['id']}/resolve"), 409, "wrong-state")
    assert bodies(http, resolved=True) == ["of an action", "an answer", "to the answer"]
    assert len(bodies(http, resolved=False)) == 2
    counts = http.get(f"{URL}/counts").json()["items"]
    assert counts == [
        {"anchor": anchor, "comments": 4, "open_threads": 1},
        {"anchor": whole["anchor"], "comments": 1, "open_threads": 1},
    ]
    assert http.post(f"{URL}/{event['id']}/reopen").json()["resolved_at"] is None


def test_anchors_belong_to_the_incident(http: httpx.Client) -> None:
    opened(http)
    opened(http, "INC-2")
    action = http.post("/v1/incidents/INC-2/actions", json={"title": "t"}).json()["action"]
    for anchor in (
        {"type": "incident", "id": "INC-2"}, {"type": "event", "id": "x"}, {"type": "event"},
        {"type": "claim", "id": "x"}, {"type": "entity", "id": "x"},
        {"type": "report", "id": "1"},
        {"type": "action", "id": action["id"]}, {"type": "artifact", "id": "0" * 64},
    ):  # fmt: skip
        problem(http.post(URL, json={"body": "b", "anchor": anchor}), 422, "unknown-anchor")
    problem(http.post(URL, json={"body": "b", "anchor": {"type": "other", "id": "x"}}), 422, "invalid-request")
    theirs = http.post("/v1/incidents/INC-2/comments", json={"body": "b"}).json()
    problem(http.post(URL, json={"body": "b", "reply_to": theirs["id"]}), 404, "unknown-comment")
    mine = http.post(
        "/v1/incidents/INC-2/comments", json={"body": "b", "anchor": {"type": "action", "id": action["id"]}}
    )
    assert mine.status_code == 201


def test_mentions_are_members(http: httpx.Client, key: str) -> None:
    opened(http)
    me = key.split("_")[1]
    assert said(http, f"@{me} look, @{me}")["mentions"] == [me]
    told = problem(http.post(URL, json={"body": "well, @nobody@corp.example"}), 422, "unknown-member")
    assert "character 7" in str(told["detail"])
    assert said(http, "`@nobody@corp.example`")["mentions"] == []


def test_edited_and_taken_back_by_the_author_alone(
    http: httpx.Client, served: Served, stores: StoreSet, org: str
) -> None:
    opened(http)
    first = said(http, "one")
    said(http, "two", reply_to=first["id"])
    with caller_with_role(served, stores, org, "owner") as (other, _):
        problem(edited(other, first, "x"), 403, "forbidden")
        problem(other.delete(f"{URL}/{first['id']}"), 403, "forbidden")
        assert other.post(f"{URL}/{first['id']}/resolve").status_code == 200
    first = http.get(f"{URL}/{first['id']}").json()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: edited(http, first, f"edit {n}"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    assert http.get(f"{URL}/{first['id']}").json()["edited_at"] is not None
    problem(http.patch(f"{URL}/{first['id']}", json={"body": "x"}), 428, "precondition-required")
    assert http.delete(f"{URL}/{first['id']}").status_code == 204
    # Its place in the thread stays, its text does not.
    assert bodies(http) == ["", "two"]
    problem(http.delete(f"{URL}/{first['id']}"), 404, "unknown-comment")
    problem(edited(http, http.get(f"{URL}/{first['id']}").json(), "x"), 404, "unknown-comment")
    assert http.get(f"{URL}/counts").json()["items"][0]["comments"] == 1


@pytest.mark.parametrize("body", ["", "x" * 20_001, None, 3])
def test_what_is_no_comment_is_refused(http: httpx.Client, body: object) -> None:
    opened(http)
    problem(http.post(URL, json={"body": body}), 422, "invalid-request")


def test_comments_go_on_with_the_incident_that_theirs_is_merged_into(http: httpx.Client) -> None:
    opened(http, "A")
    kept = opened(http)
    http.post("/v1/incidents/A/comments", json={"body": "of A"})
    anchor = task(http, "A")
    http.post("/v1/incidents/A/comments", json={"body": "of its action", "anchor": anchor})
    assert http.post("/v1/incidents/A/merge", json={"into": "INC-1"}).status_code == 200
    items = http.get(URL).json()["items"]
    assert [(i["body"], i["anchor"]["id"]) for i in items] == [("of A", kept["id"]), ("of its action", anchor["id"])]
    assert http.get("/v1/incidents/A/comments").json()["items"] == []


def test_others_reach_none(http: httpx.Client, served: Served, stores: StoreSet, org: str) -> None:
    opened(http)
    comment = said(http, "secret")
    restrict(http, "INC-1", True)
    with (
        client(served, new_key(stores, f"org-{uuid.uuid4()}")) as foreign,
        caller_with_role(served, stores, org, "analyst") as (shut_out, _),
    ):
        for other in (foreign, shut_out):
            for answer in (
                other.get(URL), other.get(f"{URL}/counts"), other.post(URL, json={"body": "x"}),
                other.get(f"{URL}/{comment['id']}"), edited(other, comment, "x"), other.delete(f"{URL}/{comment['id']}"),
                other.post(f"{URL}/{comment['id']}/resolve"), other.post(f"{URL}/{comment['id']}/reopen"),
            ):  # fmt: skip
                problem(answer, 404, "unknown-incident")
        opened(foreign)
        problem(foreign.get(f"{URL}/{comment['id']}"), 404, "unknown-comment")
