"""The whole service: four servers under the embedded supervisor, gateway, orchestrators, two workers of each kind."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
from tests.prepared import prepare

from faults.service.members import Member, eventually, free_address, own_environment
from ircopilot.embedded import running_stack, stack_status
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet, open_stores

KINDS = ("collector", "timeline", "forensic", "report", "export")
SERVERS = ("postgres", "eventstore", "nats", "redis")
JUMPING = ("orchestrator-1", "collector", "forensic")  # whose wall clocks jump by hours, see clock/sitecustomize.py
LEASE_S = 2.0
QUICK = {
    "IRCOPILOT_LEASE_S": str(LEASE_S),
    "IRCOPILOT_ACK_WAIT_S": "2",
    "IRCOPILOT_SWEEP_S": "0.3",
    "IRCOPILOT_RESEND_AFTER_S": "2",
    "IRCOPILOT_HEARTBEAT_S": "1",
    "IRCOPILOT_GRACE_S": "0.2",
}


@dataclass
class Servers:
    """Postgres, event store, NATS and Redis. Their supervisor starts again what dies, unless it is held."""

    folder: Path
    urls: StackUrls

    def pid(self, name: str) -> int:
        """Of a server that runs; its supervisor may be about to start it."""
        return int(eventually(lambda: {row.name: row.pid for row in stack_status(self.folder)}[name], name))

    def living(self, name: str) -> int:
        """Its process id, 0 while it is dead and the supervisor has not noticed yet."""
        pid = self.pid(name)
        return 0 if _dead(pid) else pid

    def up(self, name: str) -> bool:
        """Whether the server answers."""
        return {row.name: row.state for row in stack_status(self.folder)}[name] == "running" and bool(self.living(name))

    def kill(self, name: str) -> None:
        """Not an error when it died just now."""
        with suppress(ProcessLookupError):
            os.kill(self.pid(name), signal.SIGKILL)

    @contextmanager
    def down(self, *names: str) -> Iterator[None]:
        """The servers are killed and stay down for the length of the block."""
        supervisor = psutil.Process(self.pid("supervisor"))
        victims = self._hold(supervisor, names)
        try:
            for pid in victims:
                os.kill(pid, signal.SIGKILL)
                eventually(lambda pid=pid: _dead(pid))
            yield
        finally:
            supervisor.resume()

    def _hold(self, supervisor: psutil.Process, names: tuple[str, ...]) -> list[int]:
        """The supervisor stands still while all of these live; their process ids."""
        while True:
            pids = [eventually(lambda name=name: self.living(name), name) for name in names]
            supervisor.suspend()
            eventually(lambda: supervisor.status() == psutil.STATUS_STOPPED)
            if not any(_dead(pid) for pid in pids):
                return pids
            supervisor.resume()

    def lose_nats(self) -> None:
        """NATS dies, and its directory is gone when it comes back."""
        with self.down("nats"):
            shutil.rmtree(self.folder / "nats")

    def empty_redis(self) -> None:
        with redis.Redis.from_url(self.urls.redis_url) as client:
            client.flushall()


def _dead(pid: int) -> bool:
    """Whether there is no such process, or only what is left of one."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@dataclass
class Cluster:
    """All of it. `stores` is the test's own way to look."""

    servers: Servers
    stores: StoreSet
    gateway: Member
    orchestrators: list[Member]
    workers: dict[str, list[Member]]
    crash: Path
    spare: list[Member] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.gateway.environ['IRCOPILOT_GATEWAY_ADDRESS']}"

    @property
    def members(self) -> list[Member]:
        """All that is to run."""
        workers = [worker for pair in self.workers.values() for worker in pair]
        return [m for m in (self.gateway, *self.orchestrators, *workers) if m not in self.spare]

    def arm(self, whose: str, *points: str) -> None:
        """The next process of that kind that passes the point dies there; each point once."""
        (self.crash / whose).write_text("".join(f"{point}\n" for point in points))

    def armed(self) -> list[str]:
        """Points that nobody has died at yet."""
        return [f"{p.name}: {point}" for p in self.crash.iterdir() for point in p.read_text().split()]

    def revive(self) -> None:
        """Start again whatever is dead, as a machine's init would."""
        for member in self.members:
            if not member.alive:
                member.start()

    def settle(self) -> None:
        """All of it runs and waits for work; nothing is armed."""
        for file in self.crash.iterdir():
            file.unlink()
        for member in self.members:
            if member.stopped:
                member.signal(signal.SIGCONT)
        self.revive()
        for name in SERVERS:
            eventually(lambda name=name: self.servers.up(name), name)
        for member in self.members:
            eventually(member.is_ready, member.tail)

    def close(self) -> None:
        for member in (self.gateway, *self.orchestrators, *(w for pair in self.workers.values() for w in pair)):
            member.kill()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Everything on a folder of its own, ready; ended with the block."""
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        folder = prepare(Path(name) / "data")
        with running_stack(folder) as urls, open_stores(urls) as stores:
            cluster = _made(Path(name), Servers(folder, urls), stores)
            try:
                cluster.settle()
                yield cluster
            finally:
                cluster.close()


def _made(root: Path, servers: Servers, stores: StoreSet) -> Cluster:
    urls = servers.urls.model_dump()
    urls["database_url"] = urls.pop("database_owner_url")
    addresses = {
        f"IRCOPILOT_{n}": free_address() for n in ("GATEWAY_ADDRESS", "ORCHESTRATOR_ADDRESS", "ORCHESTRATOR_HTTP")
    }
    shared = own_environment(
        **{f"IRCOPILOT_{key.upper()}": value for key, value in urls.items() if value},
        **addresses, **QUICK, IRCOPILOT_DATA_DIR=str(servers.folder), IRCOPILOT_SERVICE_TOKEN="t" * 32, MALLOC_ARENA_MAX="2",
    )  # fmt: skip
    crash, logs = root / "crash", root / "logs"
    crash.mkdir()
    logs.mkdir()

    def member(name: str, *command: str, **more: str) -> Member:
        environ = {**shared, "IRCOPILOT_CRASH_AT": f"@{crash / name.partition('-')[0]}", **more}
        if name.startswith(JUMPING):
            before = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
            environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent / "clock"), *before])
        return Member(name, command, environ, logs / f"{name}.log")

    second = {f"IRCOPILOT_{n}": free_address() for n in ("ORCHESTRATOR_ADDRESS", "ORCHESTRATOR_HTTP")}
    orchestrators = [member("orchestrator-1", "orchestrator"), member("orchestrator-2", "orchestrator", **second)]
    workers = {kind: [member(f"{kind}-{n}", "worker", kind) for n in (1, 2)] for kind in KINDS}
    return Cluster(
        servers, stores, member("gateway", "gateway"), orchestrators, workers, crash, spare=orchestrators[1:]
    )
