"""Mentions reach whom they name, and nobody learns by one of an incident that they may not see."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.persons import Person, person, signed_in
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet


@pytest.fixture
def org() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def http(served: Served, stores: StoreSet, org: str) -> Iterator[httpx.Client]:
    """A key of an organisation with one incident."""
    with client(served, new_key(stores, org)) as made:
        assert made.post("/v1/incidents", json={"key": "INC-1", "title": "Mailbox"}).status_code == 201
        yield made


@pytest.fixture
def pat(stores: StoreSet, http: httpx.Client, org: str) -> Person:
    return person(stores, org)


def say(http: httpx.Client, body: str, **more: object) -> str:
    made = http.post("/v1/incidents/INC-1/comments", json={"body": body, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def test_a_mention_is_listed_until_it_is_read_and_after(http: httpx.Client, served: Served, pat: Person) -> None:
    first = say(http, f"@{pat.email} is this yours?")
    say(http, "nobody is named")
    second = say(http, f"and @{pat.member_id} this?", reply_to=first)
    with signed_in(served, pat) as mine:
        say(mine, f"I, @{pat.email}, name myself")
        found = mine.get("/v1/mentions").json()
        assert [(m["comment"]["id"], m["title"], m["read"]) for m in found["items"]] == [
            (second, "Mailbox", False), (first, "Mailbox", False),
        ]  # fmt: skip
        assert (found["unread"], found["items"][0]["comment"]["incident"]) == (2, "INC-1")
        assert mine.post("/v1/mentions/read", json={"comments": [first, first, "none"]}).status_code == 204
        assert mine.post("/v1/mentions/read", json={"comments": [first]}).status_code == 204
        found = mine.get("/v1/mentions", params={"limit": 1}).json()
        assert (found["unread"], found["items"][0]["read"]) == (1, False)
        rest = mine.get("/v1/mentions", params={"cursor": found["next"]}).json()
        assert ([m["read"] for m in rest["items"]], rest["next"]) == ([True], None)
        problem(mine.get("/v1/mentions", params={"cursor": "x"}), 400, "invalid-cursor")
        assert http.delete(f"/v1/incidents/INC-1/comments/{second}").status_code == 204
        assert mine.get("/v1/mentions").json()["unread"] == 0
    assert http.get("/v1/mentions").json() == {"items": [], "next": None, "unread": 0}


def test_nobody_learns_by_one_of_what_is_restricted(
    http: httpx.Client, served: Served, stores: StoreSet, org: str, pat: Person
) -> None:
    other = person(stores, org)
    comment = say(http, f"@{pat.email} and @{other.email}")
    tag = http.get("/v1/incidents/INC-1").headers["etag"]
    closed = {"restricted": True, "granted": [other.email]}
    assert http.put("/v1/incidents/INC-1/restriction", json=closed, headers={"If-Match": tag}).status_code == 200
    with signed_in(served, pat) as mine, signed_in(served, other) as theirs:
        assert mine.get("/v1/mentions").json() == {"items": [], "next": None, "unread": 0}
        assert mine.post("/v1/mentions/read", json={"comments": [comment]}).status_code == 204
        assert theirs.get("/v1/mentions").json()["unread"] == 1
        tag = http.get("/v1/incidents/INC-1").headers["etag"]
        opened = {"restricted": False, "granted": []}
        assert http.put("/v1/incidents/INC-1/restriction", json=opened, headers={"If-Match": tag}).status_code == 200
        assert mine.get("/v1/mentions").json()["unread"] == 1, "what nobody saw was not read"
