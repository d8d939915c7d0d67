"""A query whose asker has hung up is stopped in the event store."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.parse import quote

from tests.gateway.events.conftest import commit_events
from tests.stores.events.invented import event

from gateway.conftest import LIMITS, client, serving
from ircopilot.stores import StoreSet

ROUTE = "/v1/incidents/{key}/events/histogram"
PATIENT = LIMITS.model_copy(update={"query_s": 600.0, "scans": 1})
# A hundred patterns, none of which fits: far more work than a test has time for.
SLOW = "/v1/incidents/INC-1/events/histogram?q=" + quote(" OR ".join(f"*0?2?4?6?8?0?2?x{n}*" for n in range(100)))


def eventually(holds: Callable[[], bool], patience_s: float = 60.0) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False


def running(stores: StoreSet) -> int:
    sql = (
        "SELECT count() AS n FROM system.processes WHERE query LIKE '%concat(message%' AND query NOT LIKE '%processes%'"
    )
    return int(stores.events.query_table(sql).to_pylist()[0]["n"])


def test_who_hangs_up_stops_what_runs_and_leaves_the_queue(stores: StoreSet, org: str, key: str) -> None:
    load = commit_events(stores, org, "INC-1", [event(0)])
    stores.events.execute(
        "INSERT INTO events (org_id, load_id, event_id, time, kind, message) SELECT toUUID({org:String}), "
        "toUUID({load:String}), hex(MD5(toString(number))), toDateTime64('2031-05-01 10:00:00', 6, 'UTC'), 'log', "
        "repeat('0123456789', 100) FROM numbers(2000000)",
        {"org": org, "load": load},
    )
    with serving(stores, limits=PATIENT) as served:
        asked = f"GET {SLOW} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        lines = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
        lines[0].sendall(asked)
        assert eventually(lambda: running(stores) == 1)
        lines[1].sendall(asked)
        stopped = served.gate.meters.requests.labels("GET", ROUTE, "422")
        lines[1].close()  # waits for its turn: goes without having asked
        assert eventually(lambda: stopped._value.get() == 1)
        assert running(stores) == 1
        lines[0].close()
        assert eventually(lambda: stopped._value.get() == 2)
        assert running(stores) == 0
        with client(served, key) as http:  # nobody is in the way of who comes next
            assert http.get("/v1/incidents/INC-1/events/histogram").json()["events"] == 2_000_001
