"""The relay: what was committed to the outbox is on the bus within milliseconds, and after any loss again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import psycopg
from nats.errors import Error as NatsError
from structlog.typing import FilteringBoundLogger

from ircopilot.domain.errors import ProblemError
from ircopilot.faults import pass_point
from ircopilot.orchestrator.acts import DATABASE_AWAY
from ircopilot.orchestrator.meters import Meters
from ircopilot.settings import StackUrls
from ircopilot.stores.bus import Bus, BusLost, open_bus
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.jobs import OUTBOX_CHANNEL
from ircopilot.stores.postgres.listen import hear
from ircopilot.stores.postgres.outbox import OutboxLetter, resend_lost
from ircopilot.telemetry import error_place

IDLE_S = 0.5  # a retry that becomes due, or a notification that was missed, waits at most so long
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
TROUBLE = (ProblemError, psycopg.Error, NatsError, TimeoutError, OSError, *DATABASE_AWAY)


class Relay:
    """Connects to the bus, listens to the database, publishes; each of these comes back by itself, for ever."""

    def __init__(
        self, urls: StackUrls, database: Database, ack_wait_s: float, meters: Meters, log: FilteringBoundLogger
    ) -> None:
        self._urls, self._database, self._ack_wait_s = urls, database, ack_wait_s
        self._meters, self._log = meters, log
        self._wake = asyncio.Event()
        self._born: datetime | None = None
        self.bus: Bus | None = None

    async def listen(self) -> None:
        """Hear of what is committed, until cancelled."""
        await self._for_ever("listen", self._listen)

    async def publish(self) -> None:
        """Publish it, until cancelled."""
        await self._for_ever("relay", self._publish)

    async def look_after_streams(self, *, closely: bool = False) -> bool:
        """Put back what the server lost, and have all that was on it sent again; whether that was needed.

        A stream of another age than the one known was made anew, by whomever: what the old one held is gone. To look
        `closely` is to have the server write to its folder, which may have been deleted under it.
        """
        bus = self.bus
        if bus is None or not bus.connected:
            return False
        if closely:
            await bus.ensure_streams()
        born = await bus.born()
        if born is not None and born == self._born:
            return False
        if born is None:
            await bus.ensure_streams()
            born = await bus.born()
        sent_again = await asyncio.to_thread(resend_lost, self._database, 0.0)
        self._born = born
        self._log.info("streams are new", sent_again=sent_again)
        self._wake.set()
        return True

    async def _listen(self, well: Callable[[], None]) -> None:
        async for _ in hear(self._urls.database_lobby_url, OUTBOX_CHANNEL):
            well()
            self._wake.set()

    async def _publish(self, well: Callable[[], None]) -> None:
        async with open_bus(self._urls, ack_wait_s=self._ack_wait_s, reconnected=self._wake.set) as bus:
            self.bus = bus
            try:
                await self.look_after_streams()
                while True:
                    # Cleared first: what is committed while this pass looks sets it again.
                    self._wake.clear()
                    try:
                        sent = await bus.relay(self._database, self._note)
                    except BusLost:
                        # The streams may be gone, or come back empty with the connection.
                        await self._wait_for_connection(bus)
                        await self.look_after_streams(closely=True)
                        continue
                    well()
                    if not sent:
                        await self._rest()
            finally:
                self.bus = None

    async def _wait_for_connection(self, bus: Bus) -> None:
        if bus.connected:
            await asyncio.sleep(BACKOFF_S[0])
            return
        self._log.warning("the bus is away")
        while not bus.connected:
            self._wake.clear()
            await self._rest()
        self._log.info("the bus is back")

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                await self._wake.wait()
        except TimeoutError:
            return

    def _note(self, letter: OutboxLetter) -> None:
        pass_point("after-publish")
        self._meters.sent.labels(letter.subject).inc()
        self._meters.relay_seconds.observe(letter.waited_s)

    async def _for_ever(self, what: str, work: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        """Do it again whenever it fails, ever more slowly; the log hears of the first failure and of the recovery."""
        failures = 0

        def well() -> None:
            nonlocal failures
            if failures:
                self._log.info("works again", part=what, failures=failures)
            failures = 0

        while True:
            try:
                await work(well)
            except Exception as error:
                if not failures:
                    foreseen = isinstance(error, TROUBLE)
                    (self._log.warning if foreseen else self._log.error)("fails", part=what, **error_place(error))
                failures += 1
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
