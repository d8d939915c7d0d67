"""Who watches which run: one feed per run and process, each watcher at its own place in it, none with a buffer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ircopilot.domain.incident import Run
from ircopilot.gateway.errors import TooManyWatchers
from ircopilot.gateway.feed import PAGE, Feed, Frame, frame_of
from ircopilot.gateway.gate import Gate
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.progress import RunEvent, run_events_since
from ircopilot.stores.redis_watch import LiveWatch


class TooSlow(Exception):
    """A watcher fell behind what is kept in memory."""


class Hub:
    """The feeds of this process."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._wake = LiveWatch(gate.stores.urls.redis_url)
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchers = 0
        self._closing = asyncio.Event()

    def check_room(self) -> None:
        """Raises `TooManyWatchers` when the process holds as many as it may."""
        if self._watchers >= self._gate.limits.watchers:
            raise TooManyWatchers(f"{self._watchers} event streams are open", "try again in a moment")

    async def watch(self, org_id: str, run: Run, after: int) -> AsyncIterator[Sequence[Frame]]:
        """Frames after that number, in order and without a gap, until the run is over or the process ends.

        An empty batch every `heartbeat_s` in which nothing came. Raises `TooSlow` when the watcher, once it had
        caught up, fell behind what is kept.
        """
        self._watchers += 1
        self._gate.meters.watchers.inc()
        feed = self._join(org_id, run)
        try:
            async for frames in self._follow(feed, org_id, run.run_id, after):
                yield frames
        finally:
            feed.leave()
            self._watchers -= 1
            self._gate.meters.watchers.dec()

    async def answers(self) -> bool:
        """Whether Redis answers, which wakes the feeds."""
        return await self._wake.answers()

    def end_streams(self) -> None:
        """Let every watcher come to its end: the process is about to go."""
        self._closing.set()
        for feed in self._feeds.values():
            feed.changed.set()

    async def close(self) -> None:
        """End the feeds."""
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wake.close()

    async def _follow(self, feed: Feed, org_id: str, run_id: str, after: int) -> AsyncIterator[Sequence[Frame]]:
        async for frames in self._catch_up(feed, org_id, run_id, after):
            after = frames[-1][0]
            yield frames
        while not self._closing.is_set():
            if after < feed.floor:
                raise TooSlow
            changed = feed.changed
            if frames := feed.after(after):
                after = frames[-1][0]
                yield frames
            elif feed.over:
                return
            elif feed.broken is not None:
                raise feed.broken
            else:
                try:
                    async with asyncio.timeout(self._gate.settings.heartbeat_s):
                        await changed.wait()
                except TimeoutError:
                    yield ()

    async def _catch_up(self, feed: Feed, org_id: str, run_id: str, after: int) -> AsyncIterator[Sequence[Frame]]:
        """What is older than all that the feed keeps, from the database."""
        while after < feed.floor and not self._closing.is_set():
            events = await self._gate.in_tx(org_id, _old_events, run_id, after)
            if not events:
                return
            after = events[-1].number
            yield [frame_of(event) for event in events]

    def _join(self, org_id: str, run: Run) -> Feed:
        key = (org_id, run.run_id)
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(self._gate, self._wake, org_id, run)
            task = asyncio.create_task(feed.run(lambda: self._forget(key)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._gate.meters.feeds.set(len(self._feeds))
        feed.join()
        return feed

    def _forget(self, key: tuple[str, str]) -> None:
        self._feeds.pop(key, None)
        self._gate.meters.feeds.set(len(self._feeds))


def _old_events(tx: Tx, run_id: str, after: int) -> list[RunEvent]:
    return run_events_since(tx, run_id, after, PAGE)
