"""The list of incidents under load, beside the least that the same server can do; and a thousand open event streams.

    python -m benchmarks.api_list [--incidents 10000] [--rate 200] [--seconds 20] [--streams 1000]

A stack of its own in a temporary folder, the gateway as its own process, and as the floor an application with one bare
FastAPI route on the same server, in the same run. Requests are sent when they are due, whether or not earlier ones were
answered, and timed from when they were due: a server that falls behind cannot hide it (open loop). The streams are opened
on the organisation's feed before the list is asked for and held until the end, when all hear of one change. Whoever asks shares the
cores with what it measures, so it speaks HTTP by itself, and the table says what it took of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import psutil
import psycopg
import uvloop

from benchmarks.service_stack import Bench, Tenant, running_bench
from ircopilot.access.keys import create_key
from ircopilot.domain.incident import PHASES
from ircopilot.stores.postgres.tables import incidents

FLOOR = """
import sys, uvicorn
from fastapi import FastAPI
app = FastAPI()
@app.get("/floor")
async def floor() -> dict[str, int]:
    return {"n": 1}
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="error")
"""
CONNECTIONS = 32
_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)


def fill(bench: Bench, tenant: Tenant, count: int) -> None:
    """So many incidents of all severities and states, opened over three years."""
    begun = datetime(2028, 1, 1, tzinfo=UTC)
    rows = [
        {
            "org_id": tenant.org_id, "incident_id": str(uuid.uuid4()), "key": f"INC-{n}", "title": f"Incident {n} of many",
            "summary": "What happened, in a few sentences. " * 4, "severity": 1 + n % 5,
            "status": (*PHASES, "closed", "closed", "closed")[n % 8], "tags": [f"team-{n % 7}", f"kind-{n % 13}"],
            "close_reason": "resolved" if n % 8 > 4 else None, "created_at": begun + timedelta(hours=2.6 * n),
            "updated_at": begun + timedelta(hours=2.6 * n + n % 50), "restricted": n % 100 == 0,
        }
        for n in range(count)
    ]  # fmt: skip
    with bench.stores.database.tenant(tenant.org_id) as tx:
        for at in range(0, count, 1000):
            tx.connection.execute(incidents.insert(), rows[at : at + 1000])
    with psycopg.connect(bench.urls.database_owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("ANALYZE incidents")  # as Postgres does by itself within a minute


class Line(asyncio.Protocol):
    """A connection that carries one request at a time; `ready` is told when the answer to it is whole."""

    def __init__(self, ready: Callable[[Line, int], None]) -> None:
        self._ready, self._got, self._end = ready, bytearray(), 0
        self.transport: asyncio.Transport | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where to write."""
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, due: float) -> None:
        """Send a request."""
        assert self.transport is not None
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer."""
        self._got += data
        if not self._end and (head := self._got.find(b"\r\n\r\n")) >= 0:
            size = _LENGTH.search(self._got, 0, head + 2)
            self._end = head + 4 + int(size[1] if size else 0)
        if self._end and len(self._got) >= self._end:
            status = int(self._got[9:12])
            self._got.clear()
            self._end = 0
            self._ready(self, status)


class Load:
    """Requests to one server, so many a second, over a few connections; how long each took from when it was due, in ms."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = requests
        self._idle, self._waiting = deque[Line](), deque[tuple[bytes, float]]()
        self._taken: list[float] = []
        self._all, self._wanted = asyncio.Event(), 0

    async def connect(self, port: int) -> None:
        """Open the connections."""
        for _ in range(CONNECTIONS):
            _, line = await asyncio.get_running_loop().create_connection(lambda: Line(self._ready), "127.0.0.1", port)
            self._idle.append(line)

    async def run(self, rate: int, seconds: float) -> list[float]:
        """Ask `rate` times a second."""
        self._taken, self._wanted = [], int(rate * seconds)
        self._all.clear()
        begun = time.perf_counter() + 0.1
        for number in range(self._wanted):
            due = begun + number / rate
            await asyncio.sleep(due - time.perf_counter())
            request = self._requests[number % len(self._requests)]
            if self._idle:
                self._idle.popleft().ask(request, due)
            else:
                self._waiting.append((request, due))
        await asyncio.wait_for(self._all.wait(), 120)
        return sorted(self._taken)

    def _ready(self, line: Line, status: int) -> None:
        if status != 200:
            raise RuntimeError(f"answered with {status}")
        self._taken.append((time.perf_counter() - line.due) * 1000)
        if len(self._taken) == self._wanted:
            self._all.set()
        if self._waiting:
            line.ask(*self._waiting.popleft())
        else:
            self._idle.append(line)


def told(name: str, taken: list[float], *spent: float) -> str:
    """A row of the table. `spent`: processor time of a request, in ms."""
    quantiles = [taken[min(len(taken) - 1, int(len(taken) * q))] for q in (0.5, 0.9, 0.99, 1.0)]
    return (
        f"| {name} | {len(taken)} | "
        + " | ".join(f"{q:.1f}" for q in quantiles)
        + "".join(f" | {x:.2f}" for x in spent)
        + " |"
    )


class Streams:
    """Open streams of an organisation's feed, that all wait for a change."""

    def __init__(self, port: int, key: str, streams: int) -> None:
        self._port, self._streams = port, streams
        self._ask = f"GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
        self._gate, self._ready = asyncio.Semaphore(50), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = 0
        self.heard: list[float] = []
        self.lost = 0

    async def open(self) -> None:
        """Open them all."""
        self._tasks = [asyncio.create_task(self._watch()) for _ in range(self._streams)]
        if self._streams:
            await asyncio.wait_for(self._ready.wait(), 120)

    async def _watch(self) -> None:
        async with self._gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 16)
            writer.write(self._ask)
            await reader.readuntil(b"retry: 1000")
        self._opened += 1
        if self._opened == self._streams:
            self._ready.set()
        try:
            await reader.readuntil(b"event: incident.opened")
        except asyncio.IncompleteReadError:
            self.lost += 1
        else:
            self.heard.append(time.perf_counter())
        writer.close()

    async def hear(self, change: Callable[[], object]) -> float:
        """Change something; in how many seconds the last has heard of it."""
        begun = time.perf_counter()
        await asyncio.to_thread(change)
        await asyncio.wait(self._tasks, timeout=30)
        for task in self._tasks:
            task.cancel()
        return max(self.heard, default=begun) - begun


async def measure(
    bench: Bench, tenant: Tenant, key: str, floor: subprocess.Popen[bytes], options: argparse.Namespace
) -> None:
    """Print the table."""
    print(
        "| GET | requests | p50 ms | p90 | p99 | max | server's CPU ms | stores' | ours |\n|---|---|---|---|---|---|---|---|---|"
    )
    servers = [bench.processes[0].process.pid, floor.pid]
    streams = Streams(bench.ports[0], key, options.streams)
    queries = (
        "sort=-severity", "status=containment&open=true", "tag=team-3", "text=Incident%2077", "sort=-updated",
        "severity=critical&severity=high&sort=key", "limit=20", "opened_since=2030-01-01T00:00:00Z&sort=opened",
    )  # fmt: skip
    rows = (
        ("the floor: a bare FastAPI route", 1, ("/floor",)),
        ("/v1/incidents", 0, ("/v1/incidents",)),
        (f"/v1/incidents, {options.streams:,} event streams held", 0, ("/v1/incidents",)),
        ("the same, eight kinds of filter and order", 0, tuple(f"/v1/incidents?{query}" for query in queries)),
    )
    for at, (name, which, paths) in enumerate(rows):
        if at == 2:
            await streams.open()
        load = Load(
            [
                f"GET {p} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
                for p in paths
            ]
        )
        await load.connect(bench.ports[which])
        await load.run(options.rate, 2)
        before = _spent(bench, servers[which])
        taken = await load.run(options.rate, options.seconds)
        spent = [(b - a) * 1000 / len(taken) for a, b in zip(before, _spent(bench, servers[which]), strict=True)]
        print(told(name, taken, *spent), flush=True)
    took = await streams.hear(lambda: tenant.client.open_incident("new"))
    print(
        f"\n{len(streams.heard)} of {options.streams} streams, held throughout ({streams.lost} lost), heard of a change; "
        f"the last {took:.2f} s after it was sent."
    )


def _spent(bench: Bench, server: int) -> tuple[float, float, float]:
    """Processor seconds so far: of that server, of Postgres, Redis and the event store, of this program."""
    own = sum(psutil.Process().cpu_times()[:2])
    served = sum(psutil.Process(server).cpu_times()[:2])
    return (
        served,
        bench.processor_of_all()
        - own
        - sum(sum(psutil.Process(p.process.pid).cpu_times()[:2]) for p in bench.processes),
        own,
    )


def main() -> None:
    """Make the stack, fill it, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--streams", type=int, default=1000)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384) if hard > 0 else 16_384, hard))
    with tempfile.TemporaryDirectory(prefix="irc-") as name, running_bench(Path(name)) as bench:
        bench.start("gateway")
        tenant = bench.tenant("list")
        key = create_key(bench.stores.database, tenant.org_id, "load")
        fill(bench, tenant, options.incidents)
        floor_port = bench.ports[1]
        with subprocess.Popen([sys.executable, "-c", FLOOR, str(floor_port)]) as floor:
            try:
                _wait_for(f"http://127.0.0.1:{floor_port}/floor")
                uvloop.run(measure(bench, tenant, key, floor, options))
            finally:
                floor.terminate()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            json.loads(httpx.get(url, trust_env=False).text)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


if __name__ == "__main__":
    main()
