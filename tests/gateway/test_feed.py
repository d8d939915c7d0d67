"""The feed of an organisation: every change once, in order, resumed by number, and nothing of what is hidden."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
import redis
from sqlalchemy import text

from gateway.conftest import Served, client, new_key
from gateway.people import caller_with_role
from gateway.test_cases import changed, opened, restrict
from gateway.test_incidents import problem
from gateway.test_upload import eventually
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import runs
from ircopilot.stores.postgres.feed import feed_since, number_feed, tell_feed, trim_feeds
from ircopilot.stores.postgres.held import HeldTransaction, holding
from ircopilot.stores.postgres.progress import add_run_event

Told = dict[str, Any]


def read_feed(http: httpx.Client, after: int | None = None) -> Iterator[Told]:
    """Changes, as they come, each with the event's name."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with http.stream("GET", "/v1/feed", headers=headers) as answer:
        assert answer.status_code == 200, answer.read()
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif "data" in fields:
                told = json.loads(fields["data"])
                assert (int(fields["id"]), fields["event"]) == (told["number"], told["kind"])
                yield told
                fields = {}


def told_until(http: httpx.Client, number: int, after: int = 0) -> list[Told]:
    """The changes up to that number."""
    found = []
    for told in read_feed(http, after):
        found.append(told)
        if told["number"] >= number:
            break
    return found


def test_changes_are_told_as_they_happen(http: httpx.Client) -> None:
    with ThreadPoolExecutor(1) as pool:
        feed = read_feed(http, 0)
        first = pool.submit(next, feed)
        made = opened(http)
        told = first.result(10)
        assert (told["number"], told["kind"], told["incident"], told["by_name"][:4]) == (
            1, "incident.opened", "INC-1", "key ",
        )  # fmt: skip
        second = pool.submit(next, feed)
        changed(http, "INC-1", made["version"], severity="high")
        told = second.result(10)
        assert (told["number"], told["kind"], told["changed"]) == (2, "incident.changed", ["severity"])
        assert told["version"] == made["version"] + 1
        feed.close()


def test_states_of_runs_are_told(http: httpx.Client, stores: StoreSet, org: str) -> None:
    incident, run_id = opened(http), str(uuid.uuid4())
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident["id"], run_id)
    stores.tell_progress(org, run_id, "collect", {"state": "progress"})
    stores.tell_progress(org, run_id, "run", {"state": "running"})
    told = told_until(http, 2)[-1]
    assert (told["kind"], told["run"], told["state"]) == ("run.state", run_id, "running")


def test_many_at_once_are_numbered_without_gap_and_seen_in_order(
    http: httpx.Client, stores: StoreSet, org: str
) -> None:  # fmt: skip
    incident = opened(http)["id"]

    def tell(n: int) -> None:
        with stores.database.tenant(org) as tx:
            tell_feed(tx, incident, "incident.changed", {"n": n})

    with ThreadPoolExecutor(9) as pool:
        found = pool.submit(told_until, http, 81)
        list(pool.map(tell, range(80)))
        told = found.result(30)
    assert [t["number"] for t in told] == list(range(1, 82))
    assert {t["n"] for t in told[1:]} == set(range(80))
    # Who comes back gets what followed, and the numbers stand.
    assert told_until(http, 81, after=60) == told[60:]


def test_a_change_that_commits_late_gets_a_later_number(http: httpx.Client, stores: StoreSet, org: str) -> None:
    incident = opened(http)["id"]
    written, go = threading.Event(), threading.Event()

    def late() -> None:
        with stores.database.tenant(org) as tx:
            tell_feed(tx, incident, "incident.changed", {"who": "late"})
            written.set()
            assert go.wait(20)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(late)
        assert written.wait(20)
        with stores.database.tenant(org) as tx:
            tell_feed(tx, incident, "incident.changed", {"who": "quick"})
        with stores.database.tenant(org) as tx:
            assert number_feed(tx) == 2
        go.set()
        done.result(20)
    with stores.database.tenant(org) as tx:
        assert number_feed(tx) == 3
        assert [e.payload.get("who") for e in feed_since(tx, 0, 10)] == [None, "quick", "late"]


def test_a_change_that_is_rolled_back_is_told_to_nobody(http: httpx.Client, stores: StoreSet, org: str) -> None:
    incident = opened(http)["id"]
    with pytest.raises(ZeroDivisionError), stores.database.tenant(org) as tx:
        tell_feed(tx, incident, "incident.changed", {})
        _ = 1 / 0
    with stores.database.tenant(org) as tx:
        assert number_feed(tx) == 1


def test_redis_emptied_costs_no_change(http: httpx.Client, stack: StackUrls) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(told_until, http, 6)
        version = opened(http)["version"]
        for n in range(5):
            with redis.Redis.from_url(stack.redis_url) as direct:
                direct.flushall()
            version = changed(http, "INC-1", version, title=f"t{n}").json()["version"]
        assert [t["number"] for t in found.result(20)] == list(range(1, 7))


def test_nothing_of_a_restricted_incident_is_told_to_whom_it_is_not(
    http: httpx.Client, served: Served, stores: StoreSet, org: str, key: str
) -> None:
    opened(http, "OPEN")
    opened(http, "SECRET")
    with caller_with_role(served, stores, org, "analyst") as (mine, me):
        live = ThreadPoolExecutor(1)
        found = live.submit(told_until, mine, 6)
        assert restrict(http, "SECRET", True).status_code == 200  # 3
        changed(http, "SECRET", http.get("/v1/incidents/SECRET").json()["version"], title="x")  # 4
        for n in range(2):
            changed(http, "OPEN", http.get("/v1/incidents/OPEN").json()["version"], title=f"t{n}")  # 5, 6
        told = found.result(20)
        assert [(t["number"], t["incident"]) for t in told if t["number"] > 2] == [(5, "OPEN"), (6, "OPEN")]
        # What was told while it was open is not told once more.
        assert [t["incident"] for t in told_until(mine, 6)] == ["OPEN"] * 3
        assert len(told_until(http, 6)) == 6
        restrict(http, "SECRET", True, me)
        assert [t["number"] for t in told_until(mine, 7)] == list(range(1, 8))
        live.shutdown()


def test_a_feed_begins_now_unless_told_and_belongs_to_one_organisation(
    http: httpx.Client, served: Served, stores: StoreSet
) -> None:
    opened(http, "OLD")
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other, ThreadPoolExecutor(2) as pool:
        ours, theirs = pool.submit(next, read_feed(http)), pool.submit(next, read_feed(other))
        assert eventually(lambda: served.gate.meters.watchers._value.get() == 2)
        opened(http, "NEW")
        opened(other, "THEIRS")
        assert (ours.result(10)["incident"], theirs.result(10)["incident"]) == ("NEW", "THEIRS")
    problem(http.get("/v1/feed", headers={"Last-Event-ID": "x"}), 400, "unusable-argument")


def test_run_events_and_feed_are_one_transaction(http: httpx.Client, stores: StoreSet, org: str) -> None:
    incident, run_id = opened(http), str(uuid.uuid4())
    with stores.database.tenant(org) as tx:
        runs.start_run(tx, incident["id"], run_id)
    with pytest.raises(ZeroDivisionError), stores.database.tenant(org) as tx:
        add_run_event(tx, run_id, "run", {"state": "done"})
        _ = 1 / 0
    with stores.database.tenant(org) as tx:
        assert number_feed(tx) == 1


def test_what_is_old_goes_and_who_comes_back_later_reads_anew(
    http: httpx.Client, stores: StoreSet, org: str, served: Served
) -> None:
    for n in range(4):
        opened(http, f"K-{n}")
    assert [t["number"] for t in told_until(http, 4)] == [1, 2, 3, 4]
    eventually(lambda: not served.gate.hub._feeds, 10)  # none of this process remembers them
    age = "UPDATE feed_events SET at = now() - interval '40 days' WHERE number <= 2"
    with stores.database.tenant(org) as tx:
        tx.connection.execute(text(age))
    assert trim_feeds(stores.database, timedelta(days=30)) >= 2
    assert trim_feeds(stores.database, timedelta(days=30)) == 0
    assert [(t["kind"], t["number"]) for t in told_until(http, 4)] == [
        ("reload", 2), ("incident.opened", 3), ("incident.opened", 4),
    ]  # fmt: skip
    assert [t["number"] for t in told_until(http, 4, after=2)] == [3, 4]
    assert [t["number"] for t in told_until(http, 4, after=3)] == [4]
    with stores.database.tenant(org) as tx:
        tx.connection.execute(text("UPDATE feed_events SET at = now() - interval '40 days'"))
    trim_feeds(stores.database, timedelta(days=30))
    opened(http, "K-5")  # numbers go on where they were
    assert [(t["kind"], t["number"]) for t in told_until(http, 5)] == [("reload", 4), ("incident.opened", 5)]


def test_the_feed_is_woken_when_there_is_something_to_see(
    http: httpx.Client, stores: StoreSet, org: str, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    live = served.gate.stores.live
    wake = live.wake_feed

    def look(org_id: str) -> bool:
        with stores.database.tenant(org_id) as tx:
            seen.append(len(feed_since(tx, number_feed(tx) - 1, 10)))
        return wake(org_id)

    monkeypatch.setattr(live, "wake_feed", look)
    made = http.post("/v1/incidents", json={"key": "A", "title": "t"}, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert made.status_code == 201
    assert seen == [1]
    problem(
        http.post("/v1/incidents/A/merge", json={"into": "B"}, headers={"Idempotency-Key": str(uuid.uuid4())}),
        404, "unknown-incident",
    )  # fmt: skip
    assert seen == [1]


def test_what_is_undone_wakes_nobody(stores: StoreSet, org: str) -> None:
    called: list[str] = []
    held = HeldTransaction(org)
    with holding(held), stores.database.tenant(org):
        held.when_committed(lambda: called.append("undone"))
    held.undo()
    held = HeldTransaction(org)
    with holding(held), stores.database.tenant(org):
        held.when_committed(lambda: called.append("done"))
    held.commit()
    held.commit()
    assert called == ["done"]


@pytest.fixture(autouse=True)
def _nothing_left(served: Served) -> Iterator[None]:
    yield
    assert eventually(lambda: served.gate.meters.watchers._value.get() == 0)
