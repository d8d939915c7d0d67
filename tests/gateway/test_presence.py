"""Presence: who looks at an incident is told beside the feed, to whom it concerns, and kept nowhere."""

from __future__ import annotations

import json
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.test_cases import opened, restrict
from gateway.test_incidents import problem
from gateway.test_upload import eventually
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import tables
from ircopilot.stores.redis_presence import LIFE_S, PresenceRows, Visit, presence_key

Event = tuple[dict[str, str], dict[str, Any]]


class Watching:
    """What a feed tells, as it comes: (the event's lines, its JSON)."""

    def __init__(self, http: httpx.Client) -> None:
        self.heard: queue.Queue[Event] = queue.Queue()
        self._answer = http.stream("GET", "/v1/feed")
        self._open = self._answer.__enter__()
        assert self._open.status_code == 200
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self._open.iter_lines():
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.removeprefix(" ")
                elif "data" in fields:
                    self.heard.put((fields, json.loads(fields["data"])))
                    fields = {}
        except httpx.HTTPError:
            return  # closed by the test

    def next(self, timeout: float = 15) -> Event:
        return self.heard.get(timeout=timeout)

    def people(self) -> list[dict[str, Any]]:
        """Of the next event, which must be presence."""
        fields, told = self.next()
        assert (fields["event"], told["kind"], "id" in fields) == ("presence", "presence", False)
        people: list[dict[str, Any]] = told["people"]
        return people

    def quiet(self, seconds: float) -> bool:
        time.sleep(seconds)
        return self.heard.empty()


@contextmanager
def watching(http: httpx.Client, served: Served) -> Iterator[Watching]:
    before = served.gate.meters.watchers._value.get()
    watch = Watching(http)
    try:
        yield watch
    finally:
        # In another thread than the one that reads: the connection is shut down under it.
        watch._open.extensions["network_stream"].get_extra_info("socket").shutdown(2)
        watch._thread.join(10)
        watch._answer.__exit__(None, None, None)
        assert eventually(lambda: served.gate.meters.watchers._value.get() == before)


def enter(http: httpx.Client, key: str, visit: str = "0123abcd", **place: Any) -> httpx.Response:
    return http.put(f"/v1/incidents/{key}/presence/{visit}", json={"page": "timeline"} | place)


def test_who_looks_is_told_while_they_do_and_without_a_trace(
    http: httpx.Client, served: Served, stores: StoreSet, org: str
) -> None:
    opened(http, "A")

    def rows() -> tuple[int, int]:
        with stores.database.tenant(org) as tx:
            counts = [
                select(func.count()).select_from(t) for t in (tables.governance.audit_log, tables.cases.feed_events)
            ]
            audit, feed = [int(tx.connection.execute(count).scalar_one()) for count in counts]
        return audit, feed

    before = rows()
    with caller_with_role(served, stores, org, "viewer") as (other, me), watching(http, served) as watch:
        assert enter(other, "A").status_code == 204
        [person] = watch.people()
        assert (person["id"], person["at"]) == (me, [{"page": "timeline", "report": None, "claim": None}])
        assert person["name"].startswith("key ")
        assert enter(other, "A", page="report", report=1, claim="summary-1").status_code == 204
        assert watch.people()[0]["at"] == [{"page": "report", "report": 1, "claim": "summary-1"}]
        # Said again it is nothing new; a second page is of the same person.
        assert enter(other, "A", page="report", report=1, claim="summary-1").status_code == 204
        assert watch.quiet(1)
        enter(other, "A", "89abcdef", page="graph")
        assert [at["page"] for at in watch.people()[0]["at"]] == ["graph", "report"]
        with watching(http, served) as later:
            assert len(later.people()[0]["at"]) == 2  # who comes later is told how it is
        for visit in ("89abcdef", "0123abcd"):
            assert other.delete(f"/v1/incidents/A/presence/{visit}").status_code == 204
        heard = watch.people()
        assert (heard or [{"at": [{"page": "report"}]}])[0]["at"][0]["page"] == "report"
        assert heard == [] or watch.people() == []
    assert rows() == before


def test_who_says_nothing_more_is_forgotten(http: httpx.Client, served: Served, stores: StoreSet, org: str) -> None:
    case = opened(http, "A")
    almost_over = PresenceRows(stores.live.client, lambda: time.time() - LIFE_S + 2)
    with watching(http, served) as watch:
        assert almost_over.enter(org, "0123abcd", Visit(case["id"], "A", "m1", "Ada", "timeline"))
        assert [one["name"] for one in watch.people()] == ["Ada"]
        assert watch.people() == []
        # An emptied Redis knows nobody until they say so again.
        enter(http, "A")
        assert len(watch.people()) == 1
        stores.live.client.delete(presence_key(org))
        assert watch.people() == []


def test_one_person_is_seen_on_a_few_pages_at_most(stores: StoreSet, org: str) -> None:
    clock = [time.time()]
    rows = PresenceRows(stores.live.client, lambda: clock[0])
    for n in range(20):
        clock[0] += 0.01
        rows.enter(org, f"{n:08x}", Visit("i", "A", "m1", "Ada", "timeline"))
    rows.enter(org, "0" * 8, Visit("i", "A", "m2", "Ben", "graph"))
    found = stores.live.client.hkeys(presence_key(org))
    assert sorted(name.decode() for name in found) == [*(f"m1:{n:08x}" for n in range(12, 20)), "m2:00000000"]  # type: ignore[union-attr]


def test_a_restricted_incident_is_entered_and_told_only_where_it_may_be_known(
    http: httpx.Client, served: Served, stores: StoreSet, org: str
) -> None:
    opened(http, "SECRET")
    opened(http, "OPEN")
    assert restrict(http, "SECRET", True).status_code == 200
    with caller_with_role(served, stores, org, "analyst") as (mine, _), watching(mine, served) as watch:
        assert enter(http, "SECRET").status_code == 204
        problem(enter(mine, "SECRET"), 404, "unknown-incident")
        assert watch.quiet(1)
        assert enter(http, "OPEN", "89abcdef").status_code == 204
        assert watch.next()[1]["incident"] == "OPEN"
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other, watching(other, served) as theirs:
        problem(enter(other, "OPEN"), 404, "unknown-incident")
        enter(http, "OPEN", "89abcdef", page="graph")
        assert theirs.quiet(1)


@pytest.mark.parametrize("place", [{"page": ""}, {"page": "<b>"}, {"claim": "a b"}, {"report": 0}, {"more": 1}])
def test_a_place_that_is_none_is_refused(http: httpx.Client, place: dict[str, Any]) -> None:
    opened(http, "A")
    problem(enter(http, "A", **place), 422, "invalid-request")
    problem(enter(http, "A", "not-hex!"), 422, "invalid-request")
