"""One job's way: leased, performed, its end written down with the run's next step, acknowledged. In that order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from nats.errors import Error as NatsError
from structlog.typing import FilteringBoundLogger

from ircopilot.contracts.messages import JobMessage
from ircopilot.domain.errors import ProblemError
from ircopilot.domain.incident import Stage
from ircopilot.faults import pass_point
from ircopilot.settings import ServiceSettings
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import Delivery
from ircopilot.stores.postgres import Tx, jobs
from ircopilot.stores.postgres.errors import StaleLease, UnknownRun
from ircopilot.stores.postgres.passing import is_passing
from ircopilot.telemetry import error_place
from ircopilot.tracing import trace_id, tracing
from ircopilot.workers import transitions
from ircopilot.workers.meters import Meters
from ircopilot.workers.patience import Ending, GivenUp, patiently, rest
from ircopilot.workers.progress import JobProgress
from ircopilot.workers.scratch import Scratch
from ircopilot.workers.stage_thread import StageThread

TICK_S = 0.5  # how soon a cancelled run is noticed, and how often progress is written at most
STOP_PATIENCE_S = 1.0  # how long a stage that was told to stop is waited for before its job is given back
BUSY_S = 3.0
LOST = "the lease is lost"
ENDING = "the worker is asked to end"


class Perform(Protocol):
    """`pipeline.perform.perform`."""

    def __call__(
        self, stores: StoreSet, message: JobMessage, progress: JobProgress, scratch: Path, rule_cache: Path | None
    ) -> dict[str, Any]:
        """Do what the message asks for; returns the job's result."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker has at hand for every job. `busy` is the error by which a stage says that it must wait its turn."""

    name: str
    stage: Stage
    stores: StoreSet
    settings: ServiceSettings
    perform: Perform
    advance: transitions.Advance
    busy: type[Exception]
    scratch: Scratch
    cache: Path | None
    ending: Ending
    log: FilteringBoundLogger
    meters: Meters = field(default_factory=Meters)


async def handle(bench: Bench, delivery: Delivery) -> None:
    """Do the job of a delivery and acknowledge it; not acknowledged: what could not be written down."""
    begun = time.monotonic()
    with tracing(delivery.traceparent), bench.meters.busy.track_inprogress():
        outcome = await _handle(bench, delivery)
    bench.meters.jobs.labels(outcome).inc()
    bench.meters.job_seconds.observe(time.monotonic() - begun)


async def _handle(bench: Bench, delivery: Delivery) -> str:
    """The same; what became of the job."""
    message = delivery.message
    log = bench.log.bind(
        job=message.job_id, run=message.run_id, org=message.org_id, incident=message.incident_id,
        attempt=message.attempt, step=message.payload.get("step", ""), part=message.payload.get("part", 0),
        delivery=delivery.deliveries, trace=trace_id(delivery.traceparent),
    )  # fmt: skip
    begun = time.monotonic()
    waited = 0.0
    holding = asyncio.create_task(_hold_delivery(bench, delivery))
    thread: StageThread | None = None
    try:
        hold = await patiently(partial(transitions.take_job, bench.stores, message, bench.name, bench.settings.lease_s), bench.ending)  # fmt: skip
        waited = time.monotonic() - begun
        if hold is None:
            outcome = "dropped"
        else:
            pass_point("after-lease")
            outcome, thread = await _Attempt(bench, hold, log).go()
            pass_point("after-complete-before-ack")
        with suppress(NatsError, TimeoutError, OSError):  # it comes again, and finds its job over
            await delivery.done()
        pass_point("after-ack")
        log.info("job", outcome=outcome, seconds=round(time.monotonic() - begun, 4), waited=round(waited, 4))
    except GivenUp:
        outcome = "left to the end of its lease"
        log.warning("job", outcome=outcome)
    finally:
        holding.cancel()
    if thread is not None and not thread.finished.is_set():
        log.warning("the stage goes on after its job was taken away; waiting for its end")
        await _first(thread.finished, bench.ending.now)
    return outcome


class _Attempt:
    """One attempt at a leased job."""

    def __init__(self, bench: Bench, hold: transitions.Hold, log: FilteringBoundLogger) -> None:
        self.bench, self.hold, self.log = bench, hold, log
        self.progress = JobProgress(hold.message)
        self.taken_away, self.over = asyncio.Event(), asyncio.Event()

    async def go(self) -> tuple[str, StageThread | None]:
        """Perform and settle; what became of the job, and the stage's thread."""
        if self.hold.stop:
            return await self._end(None, self.hold.stop), None
        thread = StageThread(self._perform)
        beating = asyncio.create_task(self._beat())
        try:
            await _first(thread.finished, self.taken_away, self.bench.ending.now)
            if not thread.finished.is_set():
                self.progress.withdraw(ENDING)
                with suppress(TimeoutError):
                    await asyncio.wait_for(thread.finished.wait(), STOP_PATIENCE_S)
            return await self._end(thread, self.progress.withdrawn), thread
        finally:
            self.over.set()
            await asyncio.wait({beating}, timeout=STOP_PATIENCE_S)  # a beat that is under way ends its transaction
            beating.cancel()

    def _perform(self) -> dict[str, Any]:
        lease = self.hold.lease
        with self.bench.scratch.job_folder() as folder:
            stores = self.bench.stores.fenced(lambda tx: jobs.check_lease(tx, lease))
            return self.bench.perform(stores, self.hold.message, self.progress, folder, self.bench.cache)

    async def _end(self, thread: StageThread | None, stop: str) -> str:
        """Write down how it ended; says it."""
        try:
            if thread is not None and thread.result is not None:
                return await self._complete(thread.result)
            if stop:
                return await self._stop(stop)
            assert thread is not None and thread.error is not None
            return await self._fail(thread.error)
        except (StaleLease, UnknownRun):
            return LOST

    async def _complete(self, result: dict[str, Any]) -> str:
        pass_point("before-complete")
        try:
            await self._settle(transitions.complete(self.hold, result), self.progress.untold())
        except (StaleLease, UnknownRun, GivenUp):
            raise
        except Exception as error:
            return await self._fail(error)
        return "done"

    async def _stop(self, reason: str) -> str:
        if reason == LOST:
            return LOST
        gone = transitions.release(self.hold, reason) if reason == ENDING else transitions.cancel(self.hold)
        await self._settle(gone)
        return "released" if reason == ENDING else "cancelled"

    async def _fail(self, error: BaseException) -> str:
        if isinstance(error, StaleLease):
            return LOST
        if isinstance(error, self.bench.busy):
            await self._settle(transitions.release(self.hold, str(error), BUSY_S))
            return "waits its turn"
        hopeless = isinstance(error, ProblemError) and error.status < 500
        reason = _reason(error)
        self.log.warning("attempt failed", retry=not hopeless, **error_place(error))
        if not hopeless:
            try:
                # While a server is away no attempt could do better: it is the one that failed, not the job.
                org = self.hold.message.org_id
                await patiently(lambda: self.bench.stores.check(org), self.bench.ending, lambda _: True)
            except GivenUp:
                await self._settle(transitions.release(self.hold, reason))
                return "released"
        end = transitions.fail(self.hold, self.bench.stage, reason, retry=not hopeless)
        try:
            await self._settle(end)
        except (StaleLease, UnknownRun, GivenUp):
            raise
        except Exception as second:
            # The run cannot be moved on from here; the orchestrator's sweep tries again, and the job is not held up.
            self.log.warning("the run was not moved on", **error_place(second))
            await self._settle(end, advance=lambda _tx, _run: None)
        return "failed"

    async def _settle(
        self, end: Callable[[Tx], None], rows: list[transitions.Row] | None = None,
        advance: transitions.Advance | None = None,
    ) -> None:  # fmt: skip
        bench = self.bench
        work = partial(transitions.settle_job, bench.stores, advance or bench.advance, self.hold, end, rows)
        await patiently(work, bench.ending)

    async def _beat(self) -> None:
        """Keep the lease, tell the progress, and hear of the run's end; until the job is over or taken away."""
        lease_s = self.bench.settings.lease_s
        every, tick = lease_s / 4, min(TICK_S, lease_s / 4)
        renewed = time.monotonic()
        while not self.taken_away.is_set():
            await rest(self.over, tick)
            if self.over.is_set():
                return
            due = time.monotonic() - renewed >= every
            try:
                stop = await asyncio.to_thread(transitions.keep_job, self.bench.stores, self.hold, self.progress, lease_s if due else 0.0)  # fmt: skip
                renewed = time.monotonic() if due else renewed
            except (StaleLease, UnknownRun):
                stop = LOST
            except Exception as error:
                # The lease holds until another takes it: go on, and keep trying.
                self.log.warning("no heartbeat", passing=is_passing(error), **error_place(error))
                continue
            if stop:
                self.progress.withdraw(stop)
                self.taken_away.set()


async def _hold_delivery(bench: Bench, delivery: Delivery) -> None:
    """Tell the bus again and again that the message is being worked on."""
    every = min(bench.settings.lease_s / 4, bench.settings.ack_wait_s / 3)
    while True:
        await asyncio.sleep(every)
        with suppress(NatsError, TimeoutError, OSError):
            await delivery.still_working()


async def _first(*events: asyncio.Event) -> None:
    """Until one of the events is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


def _reason(error: BaseException) -> str:
    if isinstance(error, ProblemError):
        return f"{error.title}: {error.detail}" + (f" ({error.next_step})" if error.next_step else "")
    return f"{type(error).__name__}: {error}"[:1000]
