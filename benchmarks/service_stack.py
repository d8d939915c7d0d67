"""The service as its own processes on a stack in a temporary folder, and the same jobs done in this process instead."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from ircopilot.access.keys import create_key
from ircopilot.access.organisations import create_organisation
from ircopilot.client import Client
from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.incident import OVER, Run, RunParameters
from ircopilot.embedded import running_stack, stack_status
from ircopilot.pipeline.advance import advance, start_run
from ircopilot.pipeline.perform import perform
from ircopilot.pipeline.request import Silent
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.postgres import deposits, incidents, runs
from ircopilot.stores.postgres.outbox import OutboxLetter, relay_outbox
from ircopilot.workers import transitions

KINDS = ("collector", "timeline", "forensic", "report", "export")
COMMAND = str(Path(sys.executable).with_name("ircopilot"))
PATIENCE_S = 900.0
Files = dict[str, Path]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job took: seconds by the clock, and of processor time in the worker, the event store and Postgres."""

    step: str
    wall: float
    worker: float
    events: float
    postgres: float


@dataclass(frozen=True, slots=True)
class JobDone:
    """A line of a worker's log: when it got the message, when it held the lease, and how long all of it took (s, Unix)."""

    run_id: str
    step: str
    arrived: float
    leased: float
    seconds: float


@dataclass
class Process:
    """A process of the service, and where it logs."""

    role: str
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


@dataclass
class Tenant:
    """An organisation with a client of the gateway that shows its key."""

    org_id: str
    client: Client


@dataclass
class Bench:
    """A stack, and the service's processes that were started on it."""

    urls: StackUrls
    stores: StoreSet
    folder: Path
    ports: tuple[int, int, int]
    processes: list[Process] = field(default_factory=list)
    servers: dict[str, int] = field(default_factory=dict)

    def start(self, *roles: str) -> None:
        """Start processes (`gateway`, `orchestrator`, kinds of workers), and wait until they are ready."""
        made = [self._launch(role) for role in roles]
        for one in made:
            _until(lambda one=one: self._ready(one), f"{one.role} is not ready: see {one.log}")

    def start_workers(self, of_a_kind: int) -> None:
        """So many of each kind."""
        self.start(*(kind for kind in KINDS for _ in range(of_a_kind)))

    def stop_workers(self) -> None:
        """End them, as in a rolling restart."""
        for one in (p for p in self.processes if p.role in KINDS):
            one.process.send_signal(signal.SIGTERM)
        self._reap([p for p in self.processes if p.role in KINDS])

    def stop_all(self) -> None:
        """End all processes."""
        for one in self.processes:
            one.process.send_signal(signal.SIGCONT)
            one.process.terminate()
        self._reap(list(self.processes))

    @contextmanager
    def paused(self, *roles: str) -> Iterator[None]:
        """The processes of these roles (all, when none is named) stand still for the length of the block."""
        chosen = [p for p in self.processes if not roles or p.role in roles]
        for one in chosen:
            one.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for one in chosen:
                one.process.send_signal(signal.SIGCONT)

    def jobs_done(self) -> list[JobDone]:
        """All jobs in the logs of all workers, past ones too."""
        found = []
        for log in self.folder.glob("*.log"):
            for line in (json.loads(x) for x in log.read_text().splitlines() if x.startswith("{")):
                if line["event"] == "job" and line["outcome"] == "done":
                    ended = datetime.fromisoformat(line["timestamp"]).timestamp()
                    begun = ended - line["seconds"]
                    found.append(JobDone(line["run"], line["step"], begun, begun + line["waited"], line["seconds"]))
        return found

    def tenant(self, name: str) -> Tenant:
        """A new organisation and a key of it."""
        org_id = create_organisation(self.stores.database, f"{name} {uuid.uuid4().hex[:6]}").org_id
        key = create_key(self.stores.database, org_id, "bench")
        return Tenant(org_id, Client(f"http://127.0.0.1:{self.ports[0]}", key))

    def run_and_wait(self, tenant: Tenant, key: str) -> float:
        """Seconds from POST until the client hears that the run is done."""
        begun = time.perf_counter()
        run_id = tenant.client.start_run(key)["id"]
        last = None
        for event in tenant.client.watch(run_id):
            last = event
        took = time.perf_counter() - begun
        assert last is not None and last.stage == "run" and last.state == "done", last
        return took

    def wait_over(self, tenant: Tenant, run_ids: list[str]) -> list[Run]:
        """The runs, once all of them are over. All must have ended well."""
        found: list[Run] = []

        def over() -> bool:
            with self.stores.database.tenant(tenant.org_id) as tx:
                found[:] = [runs.get_run(tx, run_id) for run_id in run_ids]
            return all(run.state in OVER for run in found)

        _until(over, "runs that do not end", 0.25)
        assert all(run.state == "done" for run in found), [run.error for run in found if run.state != "done"]
        return found

    def start_run_of_parts(self, tenant: Tenant, incident_id: str, parameters: RunParameters) -> str:
        """A run with sizes of parts of our choice, which no route takes; its id."""
        run_id = str(uuid.uuid4())
        with self.stores.database.tenant(tenant.org_id) as tx:
            start_run(tx, incident_id, run_id, parameters)
        return run_id

    def serially(self, org_id: str, incident_id: str, parameters: RunParameters) -> list[Cost]:
        """A run's stage functions one after the other in this process; what each took. The service must be paused."""
        run_id, letters = str(uuid.uuid4()), list[OutboxLetter]()
        with self.stores.database.tenant(org_id) as tx:
            start_run(tx, incident_id, run_id, parameters)
        costs = []
        while relay_outbox(self.stores.database, letters.append):
            costs += [self._in_this_process(letter.message) for letter in letters if letter.message.run_id == run_id]
            letters.clear()
        with self.stores.database.tenant(org_id) as tx:
            run = runs.get_run(tx, run_id)
        assert run.state == "done", run.error
        return costs

    def _in_this_process(self, message: JobMessage) -> Cost:
        hold = transitions.take_job(self.stores, message, "bench", 600.0)
        assert hold is not None
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            before, begun = self._processor(), time.perf_counter()
            result = perform(self.stores, message, Silent(), Path(scratch), self.folder / "data" / "cache")
            wall = time.perf_counter() - begun
            spent = [b - a for a, b in zip(before, self._processor(), strict=True)]
        transitions.settle_job(self.stores, advance, hold, transitions.complete(hold, result))
        return Cost(message.payload["step"], wall, *spent)

    def _processor(self) -> tuple[float, float, float]:
        """Processor seconds so far: of this process, of the event store, of Postgres."""
        own, store, postgres = psutil.Process(), self._server("eventstore"), self._server("postgres")
        family = [postgres, *postgres.children(recursive=True)]
        return sum(own.cpu_times()[:4]), sum(store.cpu_times()[:2]), sum(sum(p.cpu_times()[:2]) for p in family)

    def processor_of_all(self) -> float:
        """Processor seconds so far of this process, the service's and all servers."""
        if not self.servers:
            self._server("postgres")
        pids = {os.getpid(), *(p.process.pid for p in self.processes), *self.servers.values()} - {
            0
        }  # a folder has none
        families = [[psutil.Process(pid), *psutil.Process(pid).children(recursive=True)] for pid in pids]
        return sum({p.pid: sum(p.cpu_times()[:2]) for family in families for p in family}.values())

    def _server(self, name: str) -> psutil.Process:
        pid = self.servers.get(name)
        if pid is None:
            self.servers.update({row.name: row.pid for row in stack_status(self.folder / "data")})
            pid = self.servers[name]
        return psutil.Process(pid)

    def _launch(self, role: str) -> Process:
        log = self.folder / f"{role}-{uuid.uuid4().hex[:6]}.log"
        command = [COMMAND, role] if role in ("gateway", "orchestrator") else [COMMAND, "worker", role]
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=self._environ())
        self.processes.append(Process(role, process, log))
        return self.processes[-1]

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")}
        urls = self.urls.model_dump()
        urls["database_url"] = urls.pop("database_owner_url")
        gateway, rpc, http = (f"127.0.0.1:{port}" for port in self.ports)
        own = {
            "DATA_DIR": str(self.folder / "data"), "GATEWAY_ADDRESS": gateway, "ORCHESTRATOR_ADDRESS": rpc,
            "ORCHESTRATOR_HTTP": http,
        }  # fmt: skip
        given = {name.upper(): url for name, url in urls.items()} | own
        return kept | {f"IRCOPILOT_{name}": value for name, value in given.items()} | {"MALLOC_ARENA_MAX": "2"}

    def _ready(self, one: Process) -> bool:
        if one.process.poll() is not None:
            raise RuntimeError(f"{one.role} ended: {one.log.read_text()[-1500:]}")
        if one.role in KINDS:
            return any(line["event"] == "ready" for line in one.lines())
        port, path = (self.ports[0], "/healthz") if one.role == "gateway" else (self.ports[2], "/healthz")
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _reap(self, gone: list[Process]) -> None:
        for one in gone:
            try:
                one.process.wait(40)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
            self.processes.remove(one)


@contextmanager
def running_bench(folder: Path) -> Iterator[Bench]:
    """A stack without services in `folder`, for the length of the block."""
    folder.chmod(0o711)  # Postgres runs as somebody else when we are root
    with running_stack(folder / "data") as urls, open_stores(urls) as stores:
        bench = Bench(urls, stores, folder, (_free_port(), _free_port(), _free_port()))
        try:
            yield bench
        finally:
            bench.stop_all()


def deposit(stores: StoreSet, org_id: str, files: Files, key: str) -> str:
    """An incident with evidence, past the gateway; its id."""
    with stores.database.tenant(org_id) as tx:
        incident = incidents.upsert_incident(tx, key, key)
    for name, path in files.items():
        with path.open("rb") as stream:
            sha256, size = stores.vault.put(org_id, iter(partial(stream.read, 1 << 20), b""))
        with stores.database.tenant(org_id) as tx:
            deposits.record_deposit(tx, incident.incident_id, sha256, name, size, "bench")
    return incident.incident_id


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _until(condition: Any, what: str, every: float = 0.02) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(every)
