"""The supervisor: one process per data directory, which starts the parts, counts their users and ends with the last.

It is the parent of all children, holds the data directory's lock and answers on the control socket. It has a session of
its own, so that the terminal's Ctrl-C reaches the client only, and whoever else uses the stack keeps it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from ircopilot.domain.errors import ProblemError
from ircopilot.embedded.children import end_leftovers
from ircopilot.embedded.control import Message, open_link
from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.external import external_database, urls_of_externals
from ircopilot.embedded.layout import Layout, load_secrets, make_socket_dir, remove_socket_dir, write_private
from ircopilot.embedded.parts import Part, Place
from ircopilot.embedded.postgres import Postgres
from ircopilot.embedded.roles import Service, choose_services, start_services
from ircopilot.embedded.smaller_parts import EventStore, Nats, Redis
from ircopilot.embedded.watchdog import start_watchdog
from ircopilot.settings import ExternalUrls, external_parts, service_settings

LOCK_PATIENCE = 20.0
FIRST_CLIENT_PATIENCE = 10.0
RESTARTS = 3
RESTART_WINDOW = 60.0
LONGEST_RESTART_PAUSE = 15.0


class Supervisor:
    """The stack of one data directory, while its lock is held."""

    def __init__(self, layout: Layout, external: ExternalUrls) -> None:
        self.layout, self.external = layout, external
        sockets = make_socket_dir(others_enter=os.geteuid() == 0)
        self.place = Place(layout, load_secrets(layout.secrets), sockets)
        self.parts = choose_parts(self.place, external)
        self.services: list[Service] = []
        self.urls: dict[str, str] = {}
        self.problem: ProblemError | None = None
        self.told = False  # whether somebody heard of the problem
        self.ready = asyncio.Event()
        self.ending = asyncio.Event()
        self.pinned = False
        self.users: set[asyncio.StreamWriter] = set()
        self.started = time.time()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Start, serve until the last user has left (or SIGTERM, or `down`), stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.ending.set)
        folder = self.place.sockets / "ctl"
        folder.mkdir(mode=0o700)
        server = await asyncio.start_unix_server(self._serve, folder / "control")
        self._write_state()
        loop.call_later(FIRST_CLIENT_PATIENCE, self._end_if_unused)
        starting = asyncio.create_task(self._start_parts())
        await self.ending.wait()
        starting.cancel()
        server.close()
        for task in self._tasks:
            task.cancel()
        # The services first: what they hold they give back, for which they need the others.
        await asyncio.gather(starting, *self._tasks, *(s.stop() for s in self.services), return_exceptions=True)
        await asyncio.gather(*(part.stop() for part in self.parts), return_exceptions=True)
        remove_socket_dir(str(self.place.sockets))
        self.layout.state.unlink(missing_ok=True)

    async def _start_parts(self) -> None:
        try:
            urls = await external_database(self.external, self.place.secrets)
            # At once: the slowest part alone says how long the start takes.
            await asyncio.gather(*(part.start() for part in self.parts))
        except ProblemError as error:
            self.problem = error
        except Exception as error:
            self.problem = StackFailed(f"{type(error).__name__}: {error}", f"see {self.layout.logs / 'supervisor.log'}")
            print(f"starting failed: {error!r}", file=sys.stderr, flush=True)
        else:
            for part in self.parts:
                urls |= part.urls()
            self.urls = {"vault_url": self.layout.vault.as_uri()} | urls_of_externals(self.external) | urls
            self._write_state()
            for part in self.parts:
                self._background(self._keep(part))
        self.ready.set()
        if self.problem is not None:
            await asyncio.sleep(1)  # let everybody who waits read why
            self.ending.set()

    async def _keep(self, part: Part) -> None:
        # A part that dies is started again at the same address; one that keeps dying ever more rarely, shown as down.
        deaths: list[float] = []
        while part.process is not None:
            code = await part.process.wait()
            deaths = [at for at in deaths if at > time.monotonic() - RESTART_WINDOW] + [time.monotonic()]
            print(f"{part.name} ended with {code}", file=sys.stderr, flush=True)
            if len(deaths) > RESTARTS:
                await asyncio.sleep(min(2.0 ** (len(deaths) - RESTARTS - 1), LONGEST_RESTART_PAUSE))
            try:
                await part.start()
            except ProblemError as error:
                print(f"{part.name} did not come back: {error.detail}", file=sys.stderr, flush=True)
            self._write_state()

    async def _start_services(self) -> list[str]:
        """Start the service on this stack, once; what did not come up."""
        if self.services:
            return []
        self.services = choose_services(self.place, service_settings(), lambda: self.urls)
        problems = await start_services(self.services)
        self._write_state()
        for service in self.services:
            self._background(self._keep(service))
        return problems

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self._answer(json.loads(line).get("op"), reader, writer)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
                if answer.get("last") or answer.get("ending"):
                    self.ending.set()
        except (OSError, ValueError):
            pass
        finally:
            if writer in self.users:  # gone without a farewell; who only asked for the status does not count
                self.users.discard(writer)
                self._end_if_unused()
            if not self.ending.is_set():
                writer.close()  # else the process's end closes it, which tells the client that all has ended

    async def _answer(self, op: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message:
        answer: Message = {"ok": True}
        match op:
            case "join":
                if self.problem is not None and self.told:
                    raise ConnectionError("came too late: another supervisor may do better")
                self._refuse_if_ending()
                self.users.add(writer)
                await self._wait_with(reader)
                self._refuse_if_ending()
                answer = {"ok": True, "urls": self.urls}
                if self.problem is not None:
                    self.told = True
                    answer = {"ok": False, "detail": self.problem.detail, "next_step": self.problem.next_step}
            case "pin":
                self.pinned = True
            case "serve":
                self.pinned = True
                answer["problems"] = await self._start_services()
            case "leave":
                self.users.discard(writer)
                answer["last"] = not self.users and not self.pinned
            case "status":
                answer["parts"] = self._table()
            case "down":
                answer["ending"] = True
            case _:
                answer = {"ok": False, "detail": f"unknown request {op!r}", "next_step": ""}
        return answer

    def _refuse_if_ending(self) -> None:
        # The last one left just now: whoever joins waits for the end of this process and starts the next one.
        if self.ending.is_set() and self.problem is None:
            raise ConnectionError("the stack is ending")

    async def _wait_with(self, reader: asyncio.StreamReader) -> None:
        """Until all parts are up. Raises ConnectionError when the client leaves meanwhile: it says nothing while it waits."""
        ready, gone = asyncio.ensure_future(self.ready.wait()), asyncio.ensure_future(reader.read(1))
        await asyncio.wait({ready, gone}, return_when=asyncio.FIRST_COMPLETED)
        left = gone.done()
        for waiting in (ready, gone):
            waiting.cancel()
        await asyncio.wait({ready, gone})  # a stream has one reader at a time
        if left:
            raise ConnectionError("the client did not wait")

    def _table(self) -> list[Message]:
        rows = [_row("supervisor", os.getpid(), self.started, str(self.layout.root), "running")]
        known = [*self.parts, *self.services]
        rows += [_row(part.name, part.pid, part.started, part.where, _state(part)) for part in known]
        names = {part.name for part in self.parts}
        rows += [_row(name, 0, 0.0, "external server", "-") for name in PARTS if name not in names]
        where = "external server" if self.external.vault_url else str(self.layout.vault)
        return [*rows, _row("vault", 0, 0.0, where, "-")]

    def _end_if_unused(self) -> None:
        if not self.users and not self.pinned:
            self.ending.set()

    def _write_state(self) -> None:
        known = [part.identity() for part in (*self.parts, *self.services)]
        state = {
            "control": str(self.place.sockets / "ctl" / "control"),
            "sockets": str(self.place.sockets),
            "pid": os.getpid(),
            "children": [identity for identity in known if identity is not None],
        }
        write_private(self.layout.state, json.dumps(state).encode())

    def _background(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


PARTS: dict[str, tuple[type[Part], str]] = {
    "postgres": (Postgres, "database_url"),
    "eventstore": (EventStore, "clickhouse_url"),
    "nats": (Nats, "nats_url"),
    "redis": (Redis, "redis_url"),
}


def choose_parts(place: Place, external: ExternalUrls) -> list[Part]:
    """The parts to start: those for which no external URL is given."""
    return [part(place) for part, url in PARTS.values() if getattr(external, url) is None]


def supervise(root: Path) -> None:
    """The supervisor's process: take the lock or leave to whoever has it, clear up after a dead one, run the stack."""
    os.umask(0o077)
    _let_go_of_what_was_inherited()
    layout = Layout(root)
    layout.make()
    if not _take_lock(layout):
        return
    _clear_up(layout)
    start_watchdog(layout)
    asyncio.run(_run(layout))


def _let_go_of_what_was_inherited() -> None:
    # It outlives whoever started it: a lock or a pipe that came down from there must end with them, not with the stack.
    for path in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the listing's own is closed by now
            if int(path.name) > 2:
                os.close(int(path.name))


async def _run(layout: Layout) -> None:
    await Supervisor(layout, external_parts()).run()
    # Without the interpreter's end: nothing is left to tidy, and the clients wait for our sockets to close.
    sys.stderr.flush()
    os._exit(0)


def _take_lock(layout: Layout) -> bool:
    # A supervisor that is ending holds it for a moment; one that answers keeps it, and serves our client.
    handle = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if (link := open_link(layout)) is not None:
            link.close()
            return False
        time.sleep(0.02)
    sys.exit(f"the lock {layout.lock} is held, and its holder does not answer")


def _clear_up(layout: Layout) -> None:
    try:
        state = json.loads(layout.state.read_bytes())
    except (OSError, ValueError):
        state = None
    stale_cluster = any(layout.root.glob("postgres-*/postmaster.pid"))
    if state is not None or stale_cluster:
        children = dict(state.get("children", [])) if state else {}
        end_leftovers(children, layout.root)
        for path in layout.root.glob("postgres-*/postmaster.pid"):
            path.unlink()  # its process id may belong to somebody else by now
    if state is not None:
        remove_socket_dir(str(state.get("sockets", "")))
        layout.state.unlink(missing_ok=True)


def _state(part: Part) -> str:
    return ("running" if part.answers else "starting") if part.pid else "down"


def _row(name: str, pid: int, started: float, where: str, state: str) -> Message:
    uptime = time.time() - started if pid else 0.0
    return {"name": name, "state": state, "pid": pid, "uptime": uptime, "where": where}


if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
