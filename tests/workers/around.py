"""Around the workers under test: an orchestrator's relay and sweep in a thread, workers as processes, a small incident."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nats.errors import Error as NatsError
from sqlalchemy import select

from ircopilot.domain.errors import ProblemError
from ircopilot.domain.incident import OVER, Run, RunParameters
from ircopilot.pipeline.advance import advance, start_run
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import open_bus
from ircopilot.stores.postgres import deposits, incidents, jobs, results, runs, tables
from ircopilot.stores.postgres.outbox import resend_lost
from ircopilot.stores.postgres.passing import is_passing
from ircopilot.stores.postgres.progress import RunEvent, run_events_since
from ircopilot.stores.postgres.sweep import expired_jobs, open_runs

COMMAND = str(Path(sys.executable).with_name("ircopilot"))
KINDS = ("collector", "timeline", "forensic", "report", "export")
LEASE_S = 4.0


def eventually(condition: Callable[[], Any], patience: float = 60.0, what: str = "") -> Any:
    """The first true value of the condition; servers may be away meanwhile."""
    deadline = time.monotonic() + patience
    while True:
        found = None
        try:
            found = condition()
        except Exception as error:
            if not is_passing(error):
                raise
        if found:
            return found
        assert time.monotonic() < deadline, what or "it never came true"
        time.sleep(0.02)


class Relay:
    """What the orchestrator does for the workers: outbox to bus, jobs of dead workers again, runs moved on."""

    def __init__(self, urls: StackUrls, stores: StoreSet, resend_after_s: float = 2.0) -> None:
        self.urls, self.stores, self.resend_after_s = urls, stores, resend_after_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Relay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    async def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(NatsError, ProblemError, TimeoutError, OSError):
                async with open_bus(self.urls) as bus:
                    await self._serve(bus)
            await asyncio.sleep(0.2)

    async def _serve(self, bus: Any) -> None:
        swept = 0.0
        while not self._stop.is_set():
            try:
                if time.monotonic() - swept > 0.5:
                    await asyncio.to_thread(self._sweep)
                    swept = time.monotonic()
                if not await bus.relay(self.stores.database):
                    await asyncio.sleep(0.02)
            except Exception as error:
                if not is_passing(error):
                    raise
                await asyncio.sleep(0.2)

    def _sweep(self) -> None:
        database = self.stores.database
        for org, job in expired_jobs(database):
            with database.tenant(org) as tx:
                run = jobs.job_run(tx, job)
                runs.lock_run(tx, run)
                jobs.requeue_expired(tx, job)
                advance(tx, run)
        for org, run in open_runs(database):
            with database.tenant(org) as tx:
                advance(tx, run)
        resend_lost(database, self.resend_after_s)


@dataclass
class Process:
    """`ircopilot worker KIND` as a process of its own."""

    kind: str
    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def said(self) -> list[dict[str, Any]]:
        """Its log, line by line."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def outcomes(self) -> list[str]:
        """What became of its jobs."""
        return [line["outcome"] for line in self.said() if line["event"] == "job"]

    def wait_until_ready(self) -> Process:
        def ready() -> bool:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            return any(line["event"] == "ready" for line in self.said())

        try:
            eventually(ready)
        except AssertionError:
            raise AssertionError(self.log.read_text()[-3000:] or "it said nothing") from None
        return self

    def wait(self, patience: float = 30.0) -> int:
        return self.process.wait(patience)


@dataclass
class Service:
    """A stack with a relay, and the workers started on it."""

    urls: StackUrls
    stores: StoreSet
    folder: Path
    processes: list[Process] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")}
        urls = self.urls.model_dump()
        urls["database_url"] = urls.pop("database_owner_url")
        given = {f"IRCOPILOT_{name.upper()}": value for name, value in urls.items()}
        own = {"IRCOPILOT_DATA_DIR": str(self.folder), "IRCOPILOT_LEASE_S": str(LEASE_S), "IRCOPILOT_ACK_WAIT_S": "3"}
        return {**kept, **given, **own, **more}

    def worker(self, kind: str, **more: str) -> Process:
        log = self.folder / f"{kind}-{uuid.uuid4().hex[:6]}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [COMMAND, "worker", kind],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=self.environment(**more),
            )
        self.processes.append(Process(kind, process, log))
        return self.processes[-1]

    def workers(self, *kinds: str, **more: str) -> list[Process]:
        return [self.worker(kind, **more) for kind in kinds or KINDS]

    @contextmanager
    def tidied(self) -> Iterator[Service]:
        try:
            yield self
        finally:
            for one in self.processes:
                if one.process.poll() is None:
                    one.process.kill()
                one.process.wait(10)
            self.processes.clear()


class Case:
    """An incident with evidence handed in."""

    def __init__(self, stores: StoreSet, files: dict[str, bytes]) -> None:
        self.stores, self.org = stores, str(uuid.uuid4())
        with stores.database.tenant(self.org) as tx:
            incidents.ensure_organisation(tx)
            self.incident = incidents.upsert_incident(tx, "CASE", "Small").incident_id
        for name, data in files.items():
            sha256, size = stores.vault.put(self.org, io.BytesIO(data))
            with stores.database.tenant(self.org) as tx:
                deposits.record_deposit(tx, self.incident, sha256, name, size, "test")

    def start(self, **parameters: Any) -> str:
        run_id = str(uuid.uuid4())
        with self.stores.database.tenant(self.org) as tx:
            start_run(tx, self.incident, run_id, RunParameters(**parameters))
        return run_id

    def drop(self) -> None:
        """End its runs, so that no worker of a later test gets their jobs."""
        with self.stores.database.tenant(self.org) as tx:
            for run in runs.list_runs(tx):
                runs.lock_run(tx, run.run_id)
                jobs.cancel_jobs(tx, run.run_id, running_too=True)
                if run.state not in OVER:
                    runs.finish_run(tx, run.run_id, "cancelled")

    def run(self, run_id: str) -> Run:
        with self.stores.database.tenant(self.org) as tx:
            return runs.get_run(tx, run_id)

    def wait_over(self, run_id: str, patience: float = 90.0) -> Run:
        eventually(lambda: self.run(run_id).state in OVER, patience, f"not over: {run_id}")
        return self.run(run_id)

    def report(self, run_id: str) -> dict[str, Any]:
        with self.stores.database.tenant(self.org) as tx:
            found = results.result_of_run(tx, run_id, "export")
        assert found is not None
        with self.stores.vault.open(self.org, found.document["outputs"]["report.json"]["sha256"]) as stream:
            return {k: v for k, v in json.loads(stream.read()).items() if k != "run"}

    def events(self, run_id: str) -> list[RunEvent]:
        with self.stores.database.tenant(self.org) as tx:
            return run_events_since(tx, run_id, 0)

    def jobs(self, run_id: str) -> list[Any]:
        with self.stores.database.tenant(self.org) as tx:
            return list(tx.connection.execute(select(tables.jobs).where(tables.jobs.c.run_id == run_id)))

    def versions(self, run_id: str) -> dict[str, int]:
        """How many results each stage of the run has."""
        with self.stores.database.tenant(self.org) as tx:
            found = list(
                tx.connection.execute(select(tables.results.c.stage).where(tables.results.c.run_id == run_id)).scalars()
            )
        return {stage: found.count(stage) for stage in found}
