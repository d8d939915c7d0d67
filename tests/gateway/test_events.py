"""Watching runs: no gap, no double, one reader for all, and nobody who does not read is waited for."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis

from gateway.conftest import LIMITS, SETTINGS, Served, client, new_key, serving
from gateway.persons import PASSWORD, person, signed_in
from gateway.test_incidents import problem
from gateway.test_upload import eventually
from ircopilot.client.watching import RunEvent, read_events
from ircopilot.domain.incident import RunState
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import members, runs
from ircopilot.stores.postgres.api_keys import revoke_key
from ircopilot.stores.postgres.incidents import upsert_incident
from ircopilot.stores.postgres.progress import add_run_event


class Running:
    """A run that goes as far as a test lets it."""

    def __init__(self, stores: StoreSet, org: str) -> None:
        self.stores, self.org, self.id = stores, org, str(uuid.uuid4())
        with stores.database.tenant(org) as tx:
            runs.start_run(tx, upsert_incident(tx, "INC-1", "t").incident_id, self.id)

    def tell(self, count: int = 1, **more: Any) -> None:
        for n in range(count):
            self.stores.tell_progress(self.org, self.id, "collect", {"state": "progress", "done": n, **more})

    def tell_many(self, count: int, note: str = "") -> None:
        """Events in one transaction, which nobody is woken for."""
        with self.stores.database.tenant(self.org) as tx:
            for n in range(count):
                add_run_event(tx, self.id, "collect", {"state": "progress", "done": n, "note": note})

    def end(self, state: RunState = "done") -> None:
        with self.stores.database.tenant(self.org) as tx:
            add_run_event(tx, self.id, "run", {"state": state})
            runs.finish_run(tx, self.id, state)


@pytest.fixture
def running(stores: StoreSet, org: str, key: str) -> Running:
    return Running(stores, org)


def watched(http: httpx.Client, run_id: str, after: int | None = None, stop: int | None = None) -> list[RunEvent]:
    """The events of one connection, which is dropped after number `stop`."""
    found: list[RunEvent] = []
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as answer:
        if answer.status_code == 204:
            return []
        assert answer.status_code == 200, answer.read()
        for event in read_events(answer.iter_raw()):
            found.append(event)
            if event.number == stop:
                break
    return found


def test_all_events_come_in_order_and_the_stream_ends_with_the_run(http: httpx.Client, running: Running) -> None:
    running.tell(3, note="a\nb\u2028c", unit="bytes")
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(watched, http, running.id)
        time.sleep(0.2)
        running.tell(2)
        running.end()
        events = found.result(10)
    assert [e.number for e in events] == [1, 2, 3, 4, 5, 6]
    assert [e.state for e in events] == ["progress"] * 5 + ["done"]
    assert events[0].payload["note"] == "a\nb\u2028c"
    assert events[-1].stage == "run"
    # There is nothing more to come: a browser that gets 204 does not come back.
    assert watched(http, running.id, after=6) == []
    assert http.get(f"/v1/runs/{running.id}/events", params={"after": 6}).status_code == 204
    assert [e.number for e in watched(http, running.id, after=4)] == [5, 6]


def test_the_stream_says_what_it_is_and_keeps_the_line_open(http: httpx.Client, running: Running) -> None:
    running.tell()
    with http.stream("GET", f"/v1/runs/{running.id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        assert "no-store" in answer.headers["cache-control"]
        got, begun = b"", time.monotonic()
        for chunk in answer.iter_raw():
            got += chunk
            if got.count(b"\n: \n\n") >= 2:
                break
    assert got.startswith(b"retry: 1000\n\nid: 1\nevent: progress\ndata: {")
    assert time.monotonic() - begun < 10 * SETTINGS.heartbeat_s


def test_an_event_is_there_in_a_blink(http: httpx.Client, running: Running) -> None:
    waits = []
    with http.stream("GET", f"/v1/runs/{running.id}/events") as answer:
        events = read_events(answer.iter_raw())
        for n in range(5):
            time.sleep(0.1)
            begun = time.monotonic()
            running.tell()
            assert next(events).number == n + 1
            waits.append(time.monotonic() - begun)
    assert sorted(waits)[2] < 0.5, waits  # far below the poll's second: Redis woke it


def test_a_client_that_drops_the_line_after_every_event_misses_and_doubles_none(
    http: httpx.Client, running: Running
) -> None:
    seen: list[int] = []

    def tell() -> None:
        for _ in range(30):
            running.tell()
            time.sleep(0.02)
        running.end()

    telling = threading.Thread(target=tell)
    telling.start()
    while True:
        after = seen[-1] if seen else 0
        events = watched(http, running.id, after=after, stop=after + 1)
        if not events:
            break
        seen += [e.number for e in events]
    telling.join()
    assert seen == list(range(1, 32))


def test_two_hundred_watchers_cost_one_reader(
    stores: StoreSet, org: str, key: str, running: Running
) -> None:  # fmt: skip
    with serving(stores) as gateway, client(gateway, key) as http:
        running.tell(5)
        meters = gateway.gate.meters
        lines = [socket.create_connection(("127.0.0.1", gateway.port), timeout=20) for _ in range(200)]
        ask = f"GET /v1/runs/{running.id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
        for line in lines:
            line.sendall(ask.encode())
        assert eventually(lambda: meters.watchers._value.get() == 200, 30)
        assert meters.feeds._value.get() == 1
        before, begun = meters.feed_reads._value.get(), time.monotonic()
        running.tell(20)
        running.end()
        bodies = [read_to_end(line) for line in lines]
        reads, took = meters.feed_reads._value.get() - before, time.monotonic() - begun
        assert all([e.number for e in read_events([body])] == list(range(1, 27)) for body in bodies)
        # One for each event at the most, and the poll's.
        assert reads <= 22 + took + 1
        assert eventually(lambda: meters.watchers._value.get() == meters.feeds._value.get() == 0)
        assert http.get("/healthz").status_code == 200


def read_to_end(line: socket.socket) -> bytes:
    """The body of a chunked answer."""
    got = b""
    with line, line.makefile("rb") as file:
        while file.readline() != b"\r\n":
            pass
        while size := int(file.readline(), 16):
            got += file.read(size)
            file.readline()
    return got


def test_redis_emptied_in_mid_watch_costs_no_event(http: httpx.Client, running: Running, stack: StackUrls) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(watched, http, running.id)
        for _ in range(4):
            running.tell(3)
            with redis.Redis.from_url(stack.redis_url) as direct:
                direct.flushall()
        # Events that were never fanned out at all are found by the poll.
        running.tell_many(3)
        running.end()
        assert [e.number for e in found.result(15)] == list(range(1, 17))


def test_who_comes_late_gets_all_from_the_start(
    http: httpx.Client, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ircopilot.gateway.feed.KEPT", 100)
    monkeypatch.setattr("ircopilot.gateway.hub.PAGE", 40)
    running.tell_many(400)
    running.end()
    assert [e.number for e in watched(http, running.id)] == list(range(1, 402))
    assert [e.number for e in watched(http, running.id, after=123)] == list(range(124, 402))


def test_who_does_not_read_is_cut_off_and_can_come_back(stores: StoreSet, org: str, key: str, running: Running) -> None:
    with serving(stores) as gateway, client(gateway, key) as http:
        meters = gateway.gate.meters
        with socket.socket() as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", gateway.port))
            ask = f"GET /v1/runs/{running.id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
            line.sendall(ask.encode())
            assert eventually(lambda: meters.watchers._value.get() == 1)
            running.tell_many(300, note="x" * 40_000)
            assert eventually(lambda: meters.dropped._value.get() == 1, LIMITS.stall_s + 10)
            assert eventually(lambda: meters.watchers._value.get() == 0)
            line.settimeout(10)
            with pytest.raises(ConnectionResetError):
                while line.recv(1 << 20):
                    pass
        running.end()
        assert len(watched(http, running.id)) == 301


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "9" * 40, "١"])
def test_a_number_that_is_none_is_refused(served: Served, running: Running, key: str, given: str) -> None:
    with client(served, key) as http:
        headers = {"Last-Event-ID": given.encode()}
        answer = http.get(f"/v1/runs/{running.id}/events", headers=headers)  # type: ignore[arg-type]
        problem(answer, 400, "unusable-argument")


def test_a_stream_ends_when_its_key_is_revoked(
    http: httpx.Client, running: Running, stores: StoreSet, org: str, key: str
) -> None:
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(watched, http, running.id)
        time.sleep(0.2)
        with stores.database.tenant(org) as tx:
            revoke_key(tx, key.split("_")[1])
        assert found.result(10 * SETTINGS.heartbeat_s + 5) == []


@pytest.mark.parametrize("end", ["revoked", "demoted", "disabled", "password"])
def test_a_stream_ends_with_its_session_or_its_role(
    served: Served, running: Running, stores: StoreSet, org: str, end: str
) -> None:
    who = person(stores, org, "analyst")
    with signed_in(served, who) as http, signed_in(served, who) as other, ThreadPoolExecutor(1) as pool:
        mine = http.get("/v1/me").json()["session_id"]
        found = pool.submit(watched, http, running.id)
        assert eventually(lambda: served.gate.meters.watchers._value.get() >= 1)
        if end == "revoked":
            assert other.delete(f"/v1/me/sessions/{mine}").status_code == 204
        elif end == "password":
            change = {"old": PASSWORD, "new": "another quiet harbour"}
            assert other.post("/v1/me/password", json=change).status_code == 200
        else:
            with stores.database.tenant(org) as tx:
                values = {"role": "viewer"} if end == "demoted" else {"state": "disabled"}
                members.change_member(tx, who.member_id, **values)
        assert found.result(10 * SETTINGS.heartbeat_s + 10) == []


def test_watching_keeps_no_session_from_growing_idle(
    served: Served, running: Running, stores: StoreSet, org: str
) -> None:  # fmt: skip
    who = person(stores, org)
    with signed_in(served, who) as http, ThreadPoolExecutor(1) as pool:
        secret = http.cookies["ircopilot"]
        session = stores.sessions.find(secret)
        assert session is not None
        pool.submit(watched, http, running.id)
        assert eventually(lambda: served.gate.meters.watchers._value.get() >= 1)
        # As if the last call of its own had been an hour ago: the next look at it ends the stream, and the session.
        stores.sessions.touch(secret, session, at=session.seen - 3601)
        assert eventually(lambda: stores.sessions.find(secret) is None)


def test_another_organisations_run_cannot_be_watched(served: Served, running: Running, stores: StoreSet) -> None:
    with client(served, new_key(stores, f"org-{uuid.uuid4()}")) as other:
        problem(other.get(f"/v1/runs/{running.id}/events"), 404, "unknown-run")
        problem(other.get(f"/v1/runs/{running.id}"), 404, "unknown-run")
        problem(other.get(f"/v1/runs/{running.id}/outputs"), 404, "unknown-run")
        problem(other.get(f"/v1/runs/{running.id}/outputs/report.json"), 404, "unknown-run")
        for act in ("cancel", "retry"):
            problem(other.post(f"/v1/runs/{running.id}/{act}"), 404, "unknown-run")
        assert other.get("/v1/runs").json() == {"items": [], "next": None}


def test_a_gateway_that_ends_lets_its_watchers_end_first(
    stores: StoreSet, org: str, key: str, running: Running
) -> None:  # fmt: skip
    with ThreadPoolExecutor(1) as pool:
        with serving(stores) as gateway, client(gateway, key) as http:
            running.tell()
            found = pool.submit(watched, http, running.id)
            assert eventually(lambda: gateway.gate.meters.watchers._value.get() == 1)
            time.sleep(0.2)
            begun = time.monotonic()
            gateway.stop()
            assert [e.number for e in found.result(10)] == [1]
        assert time.monotonic() - begun < SETTINGS.grace_s


@pytest.fixture(autouse=True)
def _nothing_left(served: Served) -> Iterator[None]:
    yield
    assert eventually(lambda: served.gate.meters.watchers._value.get() == 0)
