"""The one reader of what is watched: its latest events, ready to be sent, for however many watch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from ircopilot.domain.incident import OVER, Run
from ircopilot.gateway.gate import Gate
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.cases import Viewer
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.stores.postgres.progress import RunEvent, run_events_since
from ircopilot.stores.postgres.runs import get_run
from ircopilot.stores.redis_watch import LiveWatch

KEPT = 2_000  # events of a source in memory; who is further behind reads the database, or was too slow
PAGE = 1_000
POLL_S = 1.0
GATHER_S = 0.02  # events that follow each other closely are read together
LINGER_S = 3.0  # after the last watcher left: most come back at once


class Frame(NamedTuple):
    """An event ready to be sent; `about` is the incident that it tells of, where that decides who gets it."""

    number: int
    body: bytes
    about: str = ""


class Aside(Protocol):
    """What a feed's watchers are told beside its events: it has no number, and who comes back gets it as it is then."""

    def since(self, version: int) -> tuple[Sequence[Frame], int]:
        """What changed after that version (0: all that there is), and the version now."""
        ...

    async def run(self) -> None:
        """Keep up with it until cancelled."""
        ...


class Source(Protocol):
    """What a feed reads."""

    org_id: str
    key: tuple[str, str]
    last: int
    first: int  # number before the first that there still is

    def read(self, tx: Tx, after: int, limit: int) -> tuple[list[Frame], bool]:
        """What came after a number, and whether there will be no more."""
        ...

    async def wait(self, wake: LiveWatch, after: int, timeout_s: float) -> bool:
        """Wait until something may have come, or the time is up; False when waiting was not possible."""
        ...

    def shows(self, frame: Frame, viewer: Viewer) -> bool:
        """Whether the viewer may know of it."""
        ...

    def join(self, other: Source) -> None:
        """Take what a second watcher's source of the same key has read."""
        ...

    def aside(self, wake: LiveWatch, tell: Callable[[], None]) -> Aside | None:
        """What is told beside its events, if anything is; `tell` says that it has changed."""
        ...


class RunSource:
    """The events of one run. Who may know of the run may know of all of them."""

    def __init__(self, org_id: str, run: Run) -> None:
        self.org_id, self.key, self.last, self.first = org_id, (org_id, run.run_id), run.last_event, 0
        self._run_id = run.run_id

    def read(self, tx: Tx, after: int, limit: int) -> tuple[list[Frame], bool]:
        """The run first: once it is over, the events that follow are all there are."""
        run = get_run(tx, self._run_id)
        events = run_events_since(tx, self._run_id, after, limit)
        last = events[-1].number if events else after
        return [frame_of(event) for event in events], run.state in OVER and last >= run.last_event

    async def wait(self, wake: LiveWatch, after: int, timeout_s: float) -> bool:
        """Wait for the event that follows."""
        return await wake.wait_for_run_event(self.org_id, self._run_id, after, timeout_s) is not None

    def shows(self, frame: Frame, viewer: Viewer) -> bool:
        """Always."""
        return True

    def join(self, other: Source) -> None:
        """There is nothing to take."""

    def aside(self, wake: LiveWatch, tell: Callable[[], None]) -> Aside | None:
        """Nothing."""
        return None


def frame_of(event: RunEvent) -> Frame:
    """An event as server-sent event: number as id, state as event. Source: HTML Living Standard §9.2."""
    state = str(event.payload.get("state", "progress"))
    body = {"number": event.number, "run_id": event.run_id, "stage": event.stage, "at": event.at} | event.payload
    return make_frame(event.number, state, body)


def make_frame(number: int, name: str, body: dict[str, Any], about: str = "") -> Frame:
    """A frame of a number, the event's name and its JSON."""
    return Frame(number, b"id: %d\n%s" % (number, _event(name, body)), about)


def unnumbered_frame(name: str, body: dict[str, Any], about: str) -> Frame:
    """A frame that nobody goes on after: whoever comes back does so after the last one that had a number."""
    return Frame(0, _event(name, body), about)


def _event(name: str, body: dict[str, Any]) -> bytes:
    # JSON holds no line breaks; the name is one of our own words, but nothing may ever end a field early.
    name = "".join(c for c in name if c.isalnum() or c in "-_.")
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(body))


class Feed:
    """Reads a source's new events as they are fanned out, and once a second in any case."""

    def __init__(self, gate: Gate, wake: LiveWatch, source: Source) -> None:
        self._gate, self._wake, self.source = gate, wake, source
        self.floor = max(source.first, source.last - KEPT)  # number before the first that is kept
        self.last = self.floor
        self.over = False
        self.broken: Exception | None = None
        self.watchers = 0
        self.changed = asyncio.Event()
        self._frames: list[Frame] = []
        self._aside = source.aside(wake, self._tell)
        self._idle_since = time.monotonic()

    def after(self, number: int, at_most: int = 200) -> Sequence[Frame]:
        """What is kept after that number, which must not be below `floor`."""
        start = number - self.floor
        return self._frames[start : start + at_most]

    def beside(self, version: int) -> tuple[Sequence[Frame], int]:
        """What is told beside the events, since that version of it, and the version now."""
        return self._aside.since(version) if self._aside else ((), 0)

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
            async with asyncio.TaskGroup() as tasks:
                aside = tasks.create_task(self._aside.run()) if self._aside else None
                while not self.over and (self.watchers or time.monotonic() - self._idle_since < LINGER_S):
                    await self._step()
                if aside:
                    aside.cancel()
        except* Exception as errors:
            self.broken = errors.exceptions[0]
        finally:
            # First out of the hub, then told: whoever comes now gets a feed of its own.
            gone()
            self._tell()

    async def _step(self) -> None:
        try:
            frames, over = await self._gate.in_tx(self.source.org_id, self.source.read, self.last, PAGE)
        except DatabaseUnreachable:
            await asyncio.sleep(POLL_S)
            return
        self._gate.meters.feed_reads.inc()
        self._keep(frames)
        self.over = over
        if frames:
            self._tell()
        if self.over or len(frames) == PAGE:
            return
        woken = await self.source.wait(self._wake, self.last, POLL_S)
        await asyncio.sleep(GATHER_S if woken else POLL_S)

    def _keep(self, frames: list[Frame]) -> None:
        if frames:
            self._frames += frames
            self.last = frames[-1].number
        if (extra := len(self._frames) - KEPT) > KEPT // 4:
            del self._frames[:extra]
            self.floor += extra

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()
