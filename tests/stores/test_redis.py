"""Redis: fan-out of progress that resumes from Postgres when Redis was emptied, and the cache."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import redis

from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import progress, runs
from ircopilot.stores.postgres.incidents import upsert_incident
from ircopilot.stores.redis import LiveStore
from ircopilot.stores.redis_counts import FailureCounts
from ircopilot.stores.redis_once import OnceStore
from ircopilot.stores.redis_sessions import Session, SessionRows, SessionsUnreachable


@pytest.fixture
def live(stack: StackUrls) -> Iterator[LiveStore]:
    with LiveStore(stack.redis_url) as opened:
        yield opened


@pytest.fixture
def run(stores: StoreSet, org: str) -> str:
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, incident, run := f"r-{uuid.uuid4()}")
    return run


def emit(stores: StoreSet, live: LiveStore, org: str, run: str, payload: dict[str, object]) -> progress.RunEvent:
    with stores.database.tenant(org) as tx:
        number = progress.add_run_event(tx, run, "collect", payload)
        (event,) = progress.run_events_since(tx, run, number - 1)
    live.publish_run_event(org, event)
    return event


def test_a_watcher_is_woken_and_reads_from_where_it_stopped(
    stores: StoreSet, live: LiveStore, org: str, run: str
) -> None:
    assert live.wait_for_run_event(org, run, 0, timeout_s=0.05) is False
    for n in range(3):
        emit(stores, live, org, run, {"n": n})
    assert live.wait_for_run_event(org, run, 2, timeout_s=0.05) is True
    assert live.wait_for_run_event(org, run, 3, timeout_s=0.05) is False
    woken: list[float] = []

    def watch() -> None:
        with LiveStore(stores.urls.redis_url) as other:
            if other.wait_for_run_event(org, run, 3, timeout_s=10):
                woken.append(time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(0.2)
    emit(stores, live, org, run, {"n": 3})
    watcher.join(timeout=10)
    assert len(woken) == 1


def test_saying_an_event_twice_or_late_changes_nothing(stores: StoreSet, live: LiveStore, org: str, run: str) -> None:
    events = [emit(stores, live, org, run, {"n": n}) for n in range(2)]
    for event in reversed(events):
        live.publish_run_event(org, event)
    assert live._redis.xlen(f"{org}:progress:{run}") == 2


def test_nothing_is_lost_when_redis_is_emptied(stores: StoreSet, live: LiveStore, org: str, run: str) -> None:
    emit(stores, live, org, run, {"n": 0})
    live._redis.flushall()
    emit(stores, live, org, run, {"n": 1})
    assert live.wait_for_run_event(org, run, 1, timeout_s=0.05) is True
    with stores.database.tenant(org) as tx:
        assert [e.number for e in progress.run_events_since(tx, run, 0)] == [1, 2]


def test_a_cached_value_belongs_to_one_organisation_and_ends(live: LiveStore, org: str) -> None:
    live.remember(org, "k", {"a": [1, "\0"]})
    assert live.recall(org, "k") == {"a": [1, "\0"]}
    assert live.recall(org + "x", "k") is None
    live.forget(org, "k")
    assert live.recall(org, "k") is None
    live.remember(org, "short", 1, life_s=1)
    time.sleep(1.1)
    assert live.recall(org, "short") is None


def test_an_account_has_no_more_sessions_than_it_may(stack: StackUrls, live: LiveStore) -> None:
    rows, account = SessionRows(live.client), f"a-{uuid.uuid4()}"
    now = time.time()
    blank = Session("", account, "o", "m", 1, "full", False, "password", now, now, now + 600, 600, "", "")
    secrets = [rows.begin(replace(blank, sid=str(n), until=now + 600 + n)) for n in range(52)]
    assert [s.sid for s in rows.sessions_of_account(account)] == [str(n) for n in range(2, 52)]
    assert [rows.find(secrets[n]) is None for n in range(4)] == [True, True, False, False]


def test_a_session_that_was_ended_does_not_come_back(live: LiveStore) -> None:
    rows, now = SessionRows(live.client), time.time()
    session = Session(
        "s", f"a-{uuid.uuid4()}", "o", "m", 1, "full", False, "password", now, now, now + 600, 600, "", ""
    )
    secret = rows.begin(session)
    rows.end(secret)
    rows.touch(secret, session)
    assert rows.find(secret) is None
    assert rows.sessions_of_account(session.account_id) == []


def test_what_is_kept_once_is_taken_once(live: LiveStore) -> None:
    once = OnceStore(live.client)
    ticket = once.put("x", {"a": 1}, 60)
    assert once.take("y", ticket) is None
    with ThreadPoolExecutor(8) as pool:
        taken = [found for found in pool.map(lambda _: once.take("x", ticket), range(16)) if found is not None]
    assert taken == [{"a": 1}]


def test_failures_are_counted_also_without_redis(live: LiveStore) -> None:
    clock = [1000.0]
    counts, key = FailureCounts(live.client, 900, lambda: clock[0]), str(uuid.uuid4())
    assert [counts.add(key) for _ in range(3)] == [1, 2, 3]
    live.client.flushdb()
    assert counts.count(key) == (3, 1000.0)
    other = FailureCounts(live.client, 900, lambda: clock[0])
    assert other.add(key) == 1
    gone = FailureCounts(redis.Redis(unix_socket_path="/nowhere"), 900, lambda: clock[0])
    assert [gone.add(key) for _ in range(2)] == [1, 2]
    assert gone.count(key) == (2, 1000.0)
    gone.forget(key)
    clock[0] += 901
    assert counts.count(key) == other.count(key) == gone.count(key) == (0, 0.0)


def test_without_redis_nobody_is_told_that_the_session_is_wrong(live: LiveStore) -> None:
    nowhere = redis.Redis(unix_socket_path="/nowhere")
    for ask in (
        lambda: SessionRows(nowhere).find("x"),
        lambda: OnceStore(nowhere).take("x", "y"),
        lambda: OnceStore(nowhere).put("x", 1, 1),
    ):
        with pytest.raises(SessionsUnreachable):
            ask()
