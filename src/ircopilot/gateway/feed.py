"""The one reader of a run that is watched: its latest events, ready to be sent, for however many watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import orjson

from ircopilot.domain.incident import OVER, Run
from ircopilot.gateway.gate import Gate
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.postgres.progress import RunEvent, run_events_since
from ircopilot.stores.postgres.runs import get_run
from ircopilot.stores.redis_watch import LiveWatch

KEPT = 2_000  # events of a run in memory; who is further behind reads the database, or was too slow
PAGE = 1_000
POLL_S = 1.0
GATHER_S = 0.02  # events that follow each other closely are read together
LINGER_S = 3.0  # after the last watcher left: most come back at once

Frame = tuple[int, bytes]


def frame_of(event: RunEvent) -> Frame:
    """An event as server-sent event: number as id, state as event. Source: HTML Living Standard §9.2."""
    state = str(event.payload.get("state", "progress"))
    body = {"number": event.number, "run_id": event.run_id, "stage": event.stage, "at": event.at} | event.payload
    # JSON holds no line breaks; the state is one of our own words, but nothing may ever end a field early.
    name = "".join(c for c in state if c.isalnum() or c in "-_")
    return event.number, b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, name.encode(), orjson.dumps(body))


class Feed:
    """Reads a run's new events as they are fanned out, and once a second in any case."""

    def __init__(self, gate: Gate, wake: LiveWatch, org_id: str, run: Run) -> None:
        self._gate, self._wake, self._org_id, self._run_id = gate, wake, org_id, run.run_id
        self.floor = max(0, run.last_event - KEPT)  # number before the first that is kept
        self.last = self.floor
        self.over = False
        self.broken: Exception | None = None
        self.watchers = 0
        self.changed = asyncio.Event()
        self._frames: list[Frame] = []
        self._idle_since = time.monotonic()

    def after(self, number: int, at_most: int = 200) -> Sequence[Frame]:
        """What is kept after that number, which must not be below `floor`."""
        start = number - self.floor
        return self._frames[start : start + at_most]

    def join(self) -> None:
        """One more watches."""
        self.watchers += 1

    def leave(self) -> None:
        """One less watches."""
        self.watchers -= 1
        self._idle_since = time.monotonic()

    async def run(self, gone: Callable[[], None]) -> None:
        """Read until the run is over, or nobody watches any more; then `gone`."""
        try:
            while not self.over and (self.watchers or time.monotonic() - self._idle_since < LINGER_S):
                await self._step()
        except Exception as error:
            self.broken = error
        finally:
            # First out of the hub, then told: whoever comes now gets a feed of its own.
            gone()
            self._tell()

    async def _step(self) -> None:
        try:
            run, events = await self._gate.in_tx(self._org_id, read_news, self._run_id, self.last)
        except DatabaseUnreachable:
            await asyncio.sleep(POLL_S)
            return
        self._gate.meters.feed_reads.inc()
        self._keep(events)
        self.over = run.state in OVER and self.last >= run.last_event
        if events:
            self._tell()
        if self.over or len(events) == PAGE:
            return
        woken = await self._wake.wait_for_run_event(self._org_id, self._run_id, self.last, POLL_S)
        await asyncio.sleep(POLL_S if woken is None else GATHER_S)

    def _keep(self, events: list[RunEvent]) -> None:
        if events:
            self._frames += [frame_of(event) for event in events]
            self.last = events[-1].number
        if (extra := len(self._frames) - KEPT) > KEPT // 4:
            del self._frames[:extra]
            self.floor += extra

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


def read_news(tx: Tx, run_id: str, after: int) -> tuple[Run, list[RunEvent]]:
    """The run, and its events after a number. The run first: once it is over, the events that follow are all there are."""
    run = get_run(tx, run_id)
    return run, run_events_since(tx, run_id, after, PAGE)
