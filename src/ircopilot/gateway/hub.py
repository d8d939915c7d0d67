"""Who watches what: one feed per source and process, each watcher at its own place in it, none with a buffer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from ircopilot.gateway.errors import TooManyWatchers
from ircopilot.gateway.feed import PAGE, Feed, Frame, Source
from ircopilot.gateway.gate import Gate
from ircopilot.stores.postgres.cases import EVERYTHING, Viewer
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

    async def watch(
        self, source: Source, after: int, viewer: Viewer = EVERYTHING
    ) -> AsyncIterator[Sequence[Frame]]:  # fmt: skip
        """Frames after that number that the viewer may know of, in order and without a gap, until there will be no more
        or the process ends.

        An empty batch every `heartbeat_s` in which nothing came. Raises `TooSlow` when the watcher, once it had
        caught up, fell behind what is kept.
        """
        self._watchers += 1
        self._gate.meters.watchers.inc()
        feed = self._join(source)
        try:
            async for frames in self._follow(feed, after):
                shown = [frame for frame in frames if feed.source.shows(frame, viewer)]
                # An empty batch is a heartbeat: what is hidden must not be seen to happen.
                if shown or not frames:
                    yield shown
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

    async def _follow(self, feed: Feed, after: int) -> AsyncIterator[Sequence[Frame]]:
        async for frames in self._catch_up(feed, after):
            after = frames[-1].number
            yield frames
        beside = 0
        while not self._closing.is_set():
            if after < feed.floor:
                raise TooSlow
            changed = feed.changed
            if frames := feed.after(after):
                after = frames[-1].number
                yield frames
            elif (told := feed.beside(beside)) and told[1] != beside:
                beside = told[1]
                if told[0]:
                    yield told[0]
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

    async def _catch_up(self, feed: Feed, after: int) -> AsyncIterator[Sequence[Frame]]:
        """What is older than all that the feed keeps, from the database."""
        while after < feed.floor and not self._closing.is_set():
            frames, _ = await self._gate.in_tx(feed.source.org_id, feed.source.read, after, PAGE)
            if not frames:
                return
            after = frames[-1].number
            yield frames

    def _join(self, source: Source) -> Feed:
        feed = self._feeds.get(source.key)
        if feed is None:
            feed = self._feeds[source.key] = Feed(self._gate, self._wake, source)
            task = asyncio.create_task(feed.run(lambda: self._forget(source.key)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            self._gate.meters.feeds.set(len(self._feeds))
        else:
            feed.source.join(source)
        feed.join()
        return feed

    def _forget(self, key: tuple[str, str]) -> None:
        self._feeds.pop(key, None)
        self._gate.meters.feeds.set(len(self._feeds))
