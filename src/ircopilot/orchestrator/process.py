"""The orchestrator as a process: its parts put together, and taken apart again within five seconds of a SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvicorn
from structlog.typing import FilteringBoundLogger

from ircopilot.orchestrator.acts import DATABASE_AWAY, Acts
from ircopilot.orchestrator.calls import Calls
from ircopilot.orchestrator.chores import Chores
from ircopilot.orchestrator.errors import AddressTaken
from ircopilot.orchestrator.gatekeeper import Gatekeeper
from ircopilot.orchestrator.http import make_app
from ircopilot.orchestrator.meters import Meters
from ircopilot.orchestrator.relay import Relay
from ircopilot.orchestrator.rpc import Guard, RpcServer
from ircopilot.orchestrator.signing import LogSigning
from ircopilot.orchestrator.sweep import Sweep
from ircopilot.settings import AuditSettings, ServiceSettings, StackUrls, split_address
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.redis_watch import LiveWatch
from ircopilot.telemetry import configure_logs

THREADS = 24
GRACE_S = 2.0
AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """A running orchestrator: where it listens, and its parts, for tests."""

    rpc_port: int
    http_port: int
    relay: Relay
    sweep: Sweep
    meters: Meters


def serve_orchestrator(urls: StackUrls, settings: ServiceSettings, audit: AuditSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises `NoTokenSet`, `AddressTaken`, and what opening the stores raises."""
    log = configure_logs("orchestrator")
    asyncio.run(_until_signal(urls, settings, audit, log))


@contextlib.asynccontextmanager
async def running_orchestrator(
    urls: StackUrls, settings: ServiceSettings, log: FilteringBoundLogger, audit: AuditSettings | None = None
) -> AsyncIterator[Orchestrator]:
    """All parts, for the length of the block. Port 0 in an address takes a free one; without `audit` no log is signed."""
    keeper = Gatekeeper(settings.service_token)
    for address in (settings.orchestrator_address, settings.orchestrator_http):
        keeper.check_address(address)
    stores = await _open_patiently(urls, log)
    wake = LiveWatch(urls.redis_url)
    try:
        meters, acts = Meters(), Acts(stores)
        relay = Relay(urls, stores.database, settings.ack_wait_s, meters, log)
        sweep = Sweep(stores, acts, relay, settings, meters, log, None if audit is None else LogSigning(audit))
        chores = Chores(stores, settings.sweep_s, log)
        rpc = RpcServer(Calls(acts, wake, meters), Guard(keeper, meters, log))

        async def database_answers() -> bool:
            await asyncio.to_thread(stores.database.check)
            return True

        async def bus_answers() -> bool:
            return relay.bus is not None and relay.bus.connected and await relay.bus.born() is not None

        checks = {"postgres": database_answers, "nats": bus_answers, "redis": wake.answers}
        http = _HttpServer(make_app(acts, keeper, meters, checks, log), settings.orchestrator_http)
        async with http.running() as http_port:
            rpc_port = await rpc.start(settings.orchestrator_address)
            tasks = [asyncio.create_task(work()) for work in (relay.publish, relay.listen, sweep.run, chores.run)]
            log.info("serving", rpc_port=rpc_port, http_port=http_port)
            try:
                yield Orchestrator(rpc_port, http_port, relay, sweep, meters)
            finally:
                log.info("ending")
                await rpc.stop(GRACE_S)
                for task in reversed(tasks):
                    await _end(task)
    finally:
        await wake.close()
        stores.close()


async def _until_signal(
    urls: StackUrls, settings: ServiceSettings, audit: AuditSettings, log: FilteringBoundLogger
) -> None:
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, "orchestrator"))
    serving = asyncio.create_task(_serve(urls, settings, audit, log, asked))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    # Asked before it serves, for example while the database is away: there is nothing to finish then.
    await asyncio.wait((serving, asyncio.create_task(asked.wait())), return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        await asyncio.wait((serving,), timeout=GRACE_S + 1.5)
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


async def _serve(
    urls: StackUrls, settings: ServiceSettings, audit: AuditSettings, log: FilteringBoundLogger, asked: asyncio.Event
) -> None:
    async with running_orchestrator(urls, settings, log, audit):
        await asked.wait()


async def _end(task: asyncio.Task[None]) -> None:
    # Told again: asyncio.wait_for of Python 3.11 loses a cancellation that arrives together with the answer.
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=0.1)
    if not task.cancelled():
        task.exception()


async def _open_patiently(urls: StackUrls, log: FilteringBoundLogger) -> StoreSet:
    """The stores, as soon as the database is there."""
    failed = False
    while True:
        try:
            return await asyncio.to_thread(open_stores, urls)
        except (DatabaseUnreachable, *DATABASE_AWAY):
            if not failed:
                log.warning("waiting for the database")
            failed = True
        await asyncio.sleep(AGAIN_S)


class _HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: the process has its own."""

    def __init__(self, app: object, address: str) -> None:
        host, port = split_address(address)
        super().__init__(
            uvicorn.Config(
                app,  # type: ignore[arg-type]
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                lifespan="off",
                http="h11",  # llhttp lets more pass; what makes up for it is the gateway's
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._address = address

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Listens for the length of the block; the port. Raises `AddressTaken`."""
        sockets = [self._bind()]
        task = asyncio.create_task(self.serve(sockets))
        try:
            yield int(sockets[0].getsockname()[1])
        finally:
            self.should_exit = True
            await asyncio.wait((task,), timeout=GRACE_S)
            task.cancel()
            sockets[0].close()

    def _bind(self) -> socket.socket:
        host, port = split_address(self._address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            return socket.create_server((host, port), family=family)
        except OSError as error:
            raise AddressTaken(
                f"{self._address}: {error.strerror}", "end what listens there, or set IRCOPILOT_ORCHESTRATOR_HTTP"
            ) from error
