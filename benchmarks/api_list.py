"""The list of incidents under load, beside the least that the same server can do; and a thousand open event streams.

    python -m benchmarks.api_list [--incidents 10000] [--rate 200] [--seconds 20] [--streams 1000]

A stack of its own in a temporary folder, the gateway as its own process, and as the floor an application with one bare
FastAPI route on the same uvicorn, in the same run. Requests are sent when they are due, whether or not earlier ones were
answered, and timed from when they were due: a server that falls behind cannot hide it (open loop). The streams are opened
on the organisation's feed, and all hear of one change.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

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


async def load(client: httpx.AsyncClient, url: Callable[[int], str], rate: int, seconds: float) -> list[float]:
    """Ask `rate` times a second; how long each took from when it was due, in ms."""
    taken: list[float] = []
    begun = time.perf_counter() + 0.1

    async def ask(number: int) -> None:
        due = begun + number / rate
        await asyncio.sleep(due - time.perf_counter())
        answer = await client.get(url(number))
        answer.raise_for_status()
        taken.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            tasks.create_task(ask(number))
    return sorted(taken)


def told(name: str, taken: list[float]) -> str:
    """A row of the table."""
    quantiles = [taken[min(len(taken) - 1, int(len(taken) * q))] for q in (0.5, 0.9, 0.99, 1.0)]
    return f"| {name} | {len(taken)} | " + " | ".join(f"{q:.1f}" for q in quantiles) + " |"


async def listen(port: int, key: str, streams: int, change: Callable[[], object]) -> tuple[int, float]:
    """Hold so many streams of the feed and change something once all stand: how many heard, and in how many seconds all."""
    opened, gate = 0, asyncio.Semaphore(50)
    ready, heard = asyncio.Event(), list[float]()
    ask = f"GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()

    async def watch() -> None:
        nonlocal opened
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
            writer.write(ask)
            await reader.readuntil(b"retry: 1000")
        opened += 1
        if opened == streams:
            ready.set()
        await reader.readuntil(b"event: incident.opened")
        heard.append(time.perf_counter())
        writer.close()

    tasks = [asyncio.create_task(watch()) for _ in range(streams)]
    await asyncio.wait_for(ready.wait(), 120)
    begun = time.perf_counter()
    await asyncio.to_thread(change)
    await asyncio.wait(tasks, timeout=30)
    for task in tasks:
        task.cancel()
    return len(heard), max(heard, default=begun) - begun


async def measure(bench: Bench, tenant: Tenant, key: str, floor_port: int, options: argparse.Namespace) -> None:
    """Print the table."""
    print("| GET | requests | p50 ms | p90 | p99 | max |\n|---|---|---|---|---|---|")
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    headers = {"Authorization": f"Bearer {key}"}
    asked = {
        "the floor: a bare FastAPI route": ("floor", ("/floor",)),
        "/v1/incidents": ("list", ("/v1/incidents",)),
        "/v1/incidents, eight kinds of filter and order": (
            "filtered",
            tuple(
                f"/v1/incidents?{query}"
                for query in (
                    "sort=-severity", "status=containment&open=true", "tag=team-3", "text=Incident%2077", "sort=-updated",
                    "severity=critical&severity=high&sort=key", "limit=20", "opened_since=2030-01-01T00:00:00Z&sort=opened",
                )
            ),
        ),
    }  # fmt: skip
    for name, (kind, paths) in asked.items():
        base = f"http://127.0.0.1:{floor_port if kind == 'floor' else bench.ports[0]}"
        async with httpx.AsyncClient(base_url=base, headers=headers, limits=limits, trust_env=False) as client:
            await load(client, lambda n, paths=paths: paths[n % len(paths)], options.rate, 2)  # type: ignore[misc]
            taken = await load(client, lambda n, paths=paths: paths[n % len(paths)], options.rate, options.seconds)  # type: ignore[misc]
        print(told(name, taken), flush=True)
    number = itertools.count()
    heard, took = await listen(
        bench.ports[0], key, options.streams, lambda: tenant.client.open_incident(f"new {next(number)}")
    )  # fmt: skip
    print(f"\n{heard} of {options.streams} open streams heard of a change; the last {took:.2f} s after it was sent.")


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
                asyncio.run(measure(bench, tenant, key, floor_port, options))
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
