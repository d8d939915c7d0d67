"""The sweep: finds what nobody moves any more, and moves it. Any number of them side by side do no harm.

Everything is found as the lobby and done as the organisation, its run locked first, by functions that do only what is
due; so a second sweep, or a worker that comes back in between, finds nothing left to do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from structlog.typing import FilteringBoundLogger

from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.errors import ProblemError
from ircopilot.orchestrator.acts import Acts
from ircopilot.orchestrator.meters import Meters
from ircopilot.orchestrator.relay import TROUBLE, Relay
from ircopilot.orchestrator.signing import LogSigning
from ircopilot.pipeline import advance
from ircopilot.pipeline.tidy import tidy_events
from ircopilot.settings import ServiceSettings
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, jobs, runs, sweep
from ircopilot.stores.postgres.feed import trim_feeds
from ircopilot.stores.postgres.idempotency import forget_old_answers
from ircopilot.stores.postgres.outbox import resend_lost
from ircopilot.telemetry import error_place

OVERDUE = "its deadline has passed"
ALL_EVERY = 15  # every so many sweeps all open runs are looked at, and the streams closely
BURY_WAIT_S = 0.1


class Sweep:
    """One pass is `once`; `run` repeats it every `settings.sweep_s`."""

    def __init__(
        self, stores: StoreSet, acts: Acts, relay: Relay, settings: ServiceSettings, meters: Meters,
        log: FilteringBoundLogger, signing: LogSigning | None = None,
    ) -> None:  # fmt: skip
        self._stores, self._acts, self._relay = stores, acts, relay
        self._settings, self._meters, self._log = settings, meters, log
        self._signing = signing
        self._keep = timedelta(days=settings.feed_days)
        self._failing: set[str] = set()
        self._passes = 0
        self._tidied = time.monotonic()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(self._settings.sweep_s)

    async def once(self) -> None:
        """Look after everything once. What fails is logged when it begins to fail, and tried again at the next pass."""
        await self._part("streams", self._streams)
        await self._part("expired", self._expired)
        await self._part("overdue", self._overdue)
        await self._part("advance", self._advance)
        await self._part("resend", self._resend)
        await self._part("bury", self._bury)
        await self._part("sign", self._sign)
        await self._part("forget", self._forget)
        await self._part("tidy", self._tidy)
        await self._part("measure", self._measure)
        self._passes += 1

    async def _streams(self) -> int:
        return int(await self._relay.look_after_streams(closely=self._passes % ALL_EVERY == 0))

    async def _expired(self) -> int:
        found = await asyncio.to_thread(sweep.expired_jobs, self._stores.database)
        return await self._each(found, self._requeue)

    async def _overdue(self) -> int:
        found = await asyncio.to_thread(sweep.overdue_runs, self._stores.database)

        def cancel(tx: Tx, run_id: str) -> str | None:
            before = runs.lock_run(tx, run_id)
            after = advance.cancel_run(tx, run_id, OVERDUE, "failed")
            return run_id if after.state != before.state else None

        return await self._each(found, cancel)

    async def _advance(self) -> int:
        look = sweep.open_runs if self._passes % ALL_EVERY == 0 else sweep.stalled_runs
        found = await asyncio.to_thread(look, self._stores.database)

        def move(tx: Tx, run_id: str) -> str | None:
            before = runs.lock_run(tx, run_id)
            advance.advance(tx, run_id)
            after = runs.get_run(tx, run_id)
            return run_id if (after.state, after.step) != (before.state, before.step) else None

        return await self._each(found, move)

    async def _resend(self) -> int:
        return await asyncio.to_thread(resend_lost, self._stores.database, self._settings.resend_after_s)

    async def _bury(self) -> int:
        bus = self._relay.bus
        if bus is None or not bus.connected:
            return 0
        return await bus.bury_undelivered(self._stores.database, BURY_WAIT_S, self._give_up)

    async def _sign(self) -> int:
        return 0 if self._signing is None else await asyncio.to_thread(self._signing.sign_due, self._stores, self._log)

    async def _forget(self) -> int:
        if self._passes % ALL_EVERY:
            return 0
        return await asyncio.to_thread(forget_old_answers, self._stores.database)

    async def _tidy(self) -> int:
        if time.monotonic() - self._tidied < self._settings.tidy_s:
            return 0
        self._tidied = time.monotonic()
        trimmed = await asyncio.to_thread(trim_feeds, self._stores.database, self._keep)
        return trimmed + await asyncio.to_thread(tidy_events, self._stores)

    async def _measure(self) -> int:
        self._meters.show(await asyncio.to_thread(sweep.open_work, self._stores.database))
        return 0

    def _requeue(self, tx: Tx, job_id: str) -> str | None:
        run = runs.lock_run(tx, jobs.job_run(tx, job_id))
        if not jobs.requeue_expired(tx, job_id):
            return None
        advance.advance(tx, run.run_id)
        return run.run_id

    def _give_up(self, message: JobMessage, reason: str) -> bool:
        with self._stores.stores_for(message.org_id).database.tenant(message.org_id) as tx:
            run = runs.lock_run(tx, message.run_id)
            if not jobs.give_up_delivery(tx, message.job_id, message.attempt, reason):
                return False
            advance.advance(tx, run.run_id)
            return True

    async def _each(self, found: Iterable[tuple[str, str]], do: Callable[[Tx, str], str | None]) -> int:
        """Do it for each, in a transaction of its own; one that fails does not keep the others from it."""
        changed, failure = 0, None
        for org_id, name in found:
            try:
                moved = await asyncio.to_thread(self._in_tx, org_id, name, do)
            except (ProblemError, SQLAlchemyError, ValueError, LookupError) as error:
                failure = failure or error
                continue
            changed += bool(moved)
            for run_id in moved:
                self._acts.tell(org_id, run_id)
        if failure is not None:
            raise failure
        return changed

    def _in_tx(self, org_id: str, name: str, do: Callable[[Tx, str], str | None]) -> set[str]:
        """The runs of which there is news then, empty when nothing was due."""
        with self._stores.stores_for(org_id).database.tenant(org_id) as tx:
            moved = do(tx, name)
            return set() if moved is None else {moved, *tx.told}

    async def _part(self, action: str, work: Callable[[], Awaitable[int]]) -> None:
        try:
            done = await work()
        except Exception as error:
            told: Any = self._log.warning if isinstance(error, TROUBLE) else self._log.error
            if action not in self._failing:
                told("the sweep fails", action=action, **error_place(error))
            self._failing.add(action)
            return
        if action in self._failing:
            self._failing.discard(action)
            self._log.info("the sweep works again", action=action)
        if done:
            self._meters.swept.labels(action).inc(done)
            self._log.info("swept", action=action, count=done)
