"""A worker's process: one kind, one job at a time, for as long as nobody asks it to end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from functools import partial
from pathlib import Path

from nats.errors import Error as NatsError
from structlog.typing import FilteringBoundLogger

from ircopilot.contracts.messages import DURABLE_OF, SUBJECT_OF
from ircopilot.domain.incident import Stage
from ircopilot.settings import ServiceSettings, StackUrls
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.bus import Bus, BusUnreachable, Subscription, open_bus
from ircopilot.stores.postgres.passing import is_passing
from ircopilot.telemetry import configure_logs, error_place
from ircopilot.workers.health import health_port
from ircopilot.workers.job import Bench, Perform, handle
from ircopilot.workers.kinds import stage_of_kind
from ircopilot.workers.meters import Meters
from ircopilot.workers.patience import Ending, GivenUp, patiently, pauses, rest
from ircopilot.workers.scratch import Scratch
from ircopilot.workers.transitions import Advance

FETCH_S = 1.0  # how soon an idle worker that is asked to end does
CONNECT_S = 3.0  # then again: in between it hears that it is to end
BUS_PATIENCE_S = 30.0
TURN_S = 2.0


class Worker:
    """Pulls the jobs of one stage, one at a time. `perform` and `advance` are the pipeline's unless others are given."""

    def __init__(
        self, kind: str, urls: StackUrls, settings: ServiceSettings, folder: Path, *,
        perform: Perform | None = None, advance: Advance | None = None,
    ) -> None:  # fmt: skip
        self.kind, self.urls, self.settings, self.folder = kind, urls, settings, folder
        self.stage: Stage = stage_of_kind(kind)
        self.name = f"{kind}@{socket.gethostname()}:{os.getpid()}"
        self._perform, self._advance = perform, advance
        self.ending: Ending | None = None
        self.meters, self.http_port = Meters(), 0

    async def run(self) -> None:
        """Work until asked to end. Raises what no waiting mends: an unsafe role, a schema too new."""
        self.ending = ending = Ending(self.settings.grace_s)
        log = configure_logs("worker").bind(worker=self.name)
        with health_port(self.settings.worker_http, self.meters) as self.http_port:
            turning = asyncio.create_task(self._turn())
            try:
                await self._run(ending, log)
            finally:
                turning.cancel()

    async def _run(self, ending: Ending, log: FilteringBoundLogger) -> None:
        try:
            stores = await patiently(lambda: open_stores(self.urls), ending, partial(_passes, log))
        except GivenUp:
            return
        try:
            with Scratch(self.folder / "scratch") as scratch:
                bench = self._bench(stores, scratch, ending, log)
                log.info("ready", swept=scratch.swept, http_port=self.http_port)
                await self._serve(bench)
        finally:
            stores.close()
            log.info("ended")

    def handle_signals(self) -> None:
        """SIGTERM and SIGINT ask it to end; for the process whose main thread runs the loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)

    def stop(self) -> None:
        """Ask it to end: after its job, within the grace; asked again: at once."""
        if self.ending is not None:
            self.ending.ask()

    async def _turn(self) -> None:
        while True:
            self.meters.turn()
            await asyncio.sleep(TURN_S)

    def _bench(self, stores: StoreSet, scratch: Scratch, ending: Ending, log: FilteringBoundLogger) -> Bench:
        # Imported now and not at the first job, whose way should be short; and not before the servers answer.
        import pyarrow as pa

        from ircopilot.pipeline.advance import advance
        from ircopilot.pipeline.perform import Busy, perform

        pa.array([0]).to_pylist()  # the first array makes Arrow load pandas: half a second
        return Bench(
            name=self.name, stage=self.stage, stores=stores, settings=self.settings,
            perform=self._perform or perform, advance=self._advance or advance, busy=Busy,
            scratch=scratch, cache=self.folder / "cache", ending=ending, log=log, meters=self.meters,
        )  # fmt: skip

    async def _serve(self, bench: Bench) -> None:
        """Connect, subscribe, work; from the start again when the bus lost its connection, its stream or its consumer."""
        waits = pauses()
        while not bench.ending.asked.is_set():
            try:
                ack_wait_s, subject = self.settings.ack_wait_s, SUBJECT_OF[self.stage]
                async with (
                    open_bus(self.urls, CONNECT_S, ack_wait_s) as bus,
                    bus.subscription(DURABLE_OF[subject], subject, ack_wait_s) as subscription,
                ):
                    waits = pauses()
                    try:
                        await self._work(bench, bus, subscription)
                    finally:
                        self.meters.ready = False
            except (BusUnreachable, NatsError, TimeoutError, OSError) as error:
                bench.log.warning("the bus does not answer", **error_place(error))
                await rest(bench.ending.asked, next(waits))

    async def _work(self, bench: Bench, bus: Bus, subscription: Subscription) -> None:
        """Until asked to end, or the connection has been down so long that a new one may do better."""
        heard = time.monotonic()
        while not bench.ending.asked.is_set() and time.monotonic() - heard < BUS_PATIENCE_S:
            self.meters.ready = bus.connected
            delivery = await subscription.next_delivery(FETCH_S)
            if delivery is not None or bus.connected:
                heard = time.monotonic()
            if delivery is None:
                continue
            if bench.ending.asked.is_set():
                await delivery.again()
            else:
                await handle(bench, delivery)
                heard = time.monotonic()


def _passes(log: FilteringBoundLogger, error: BaseException) -> bool:
    passing = is_passing(error)
    log.warning("the stores cannot be opened", passing=passing, **error_place(error))
    return passing


def run_worker(kind: str, urls: StackUrls, settings: ServiceSettings, folder: Path) -> None:
    """The process `ircopilot worker KIND`: until SIGTERM or SIGINT. `folder` is for scratch files and compiled rules."""
    worker = Worker(kind, urls, settings, folder)

    async def work() -> None:
        worker.handle_signals()
        await worker.run()

    asyncio.run(work())
