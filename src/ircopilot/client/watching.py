"""Watching a run: server-sent events, resumed after the last number seen as often as the line breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import orjson

from ircopilot.client.async_calls import AsyncCalls
from ircopilot.client.calls import Calls
from ircopilot.client.errors import GatewayUnreachable
from ircopilot.domain.errors import ProblemError

PATIENCE_S = 300.0
_SILENCE_S = 45.0  # three heartbeats
# At once the first time: a stream that told all of a run ends, and asking again is what says so.
_PAUSES_S = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One numbered event of a run: `state` of a `stage`, or of the run as a whole when `stage` is `run`."""

    number: int
    stage: str
    state: str
    at: datetime
    payload: dict[str, Any]


class EventReader:
    """Whole events out of the bytes of a stream; comments are passed over. Source: HTML Living Standard §9.2.6.

    Lines end with LF alone, as our gateway writes them: JSON may hold what other readers take for a line's end.
    """

    def __init__(self) -> None:
        self._held, self._fields = b"", dict[bytes, bytes]()

    def feed(self, chunk: bytes) -> Iterator[RunEvent]:
        """The events that this piece of the stream completes."""
        *lines, self._held = (self._held + chunk).split(b"\n")
        for line in lines:
            name, _, value = line.partition(b":")
            if name:
                self._fields[name] = value.removeprefix(b" ")
            elif not line:
                if b"data" in self._fields:
                    yield _event(orjson.loads(self._fields[b"data"]))
                self._fields = {}


def read_events(chunks: Iterable[bytes]) -> Iterator[RunEvent]:
    """Whole events out of a stream of bytes."""
    reader = EventReader()
    for chunk in chunks:
        yield from reader.feed(chunk)


class Patience:
    """How a watcher waits when the line breaks: longer each time, until nothing was heard for too long."""

    def __init__(self, after: int, patience_s: float) -> None:
        self.after, self._patience_s = after, patience_s
        self._failures, self._heard = 0, time.monotonic()

    def request(self, run_id: str) -> dict[str, Any]:
        """How the stream is asked for, from where it broke."""
        return {
            "method": "GET", "path": f"/v1/runs/{run_id}/events", "headers": {"Last-Event-ID": str(self.after)},
            "timeout": httpx.Timeout(10.0, read=_SILENCE_S),
        }  # fmt: skip

    def news(self, event: RunEvent) -> bool:
        """Whether an event was not seen before; remembers it."""
        self._failures, self._heard = 0, time.monotonic()
        fresh = event.number > self.after
        self.after = max(self.after, event.number)
        return fresh

    def failed(self, error: ProblemError) -> None:
        """Raises what will not mend, and `GatewayUnreachable` when nothing was heard for too long."""
        if error.status < 500:
            raise error
        if time.monotonic() - self._heard > self._patience_s:
            raise GatewayUnreachable(error.detail, "run the same command again to go on watching") from error

    def pause_s(self) -> float:
        """Seconds until the next try."""
        self._failures += 1
        return _PAUSES_S[min(self._failures, len(_PAUSES_S)) - 1]


def watch_run(calls: Calls, run_id: str, after: int = 0, patience_s: float = PATIENCE_S) -> Iterator[RunEvent]:
    """The run's events after a number, each once and in order, until the run is over.

    Raises `RemoteProblem` for what will not mend, and `GatewayUnreachable` when nothing was heard for `patience_s`.
    """
    patience = Patience(after, patience_s)
    while True:
        try:
            with calls.stream(**patience.request(run_id)) as answer:
                if answer.status_code == 204:
                    return
                yield from filter(patience.news, read_events(answer.iter_raw()))
        except ProblemError as error:
            patience.failed(error)
        time.sleep(patience.pause_s())


async def watch_run_async(
    calls: AsyncCalls, run_id: str, after: int = 0, patience_s: float = PATIENCE_S
) -> AsyncIterator[RunEvent]:
    """As `watch_run`, awaited."""
    patience = Patience(after, patience_s)
    while True:
        try:
            async with calls.stream(**patience.request(run_id)) as answer:
                if answer.status_code == 204:
                    return
                reader = EventReader()
                async for chunk in answer.aiter_raw():
                    for event in filter(patience.news, reader.feed(chunk)):
                        yield event
        except ProblemError as error:
            patience.failed(error)
        await asyncio.sleep(patience.pause_s())


def _event(data: dict[str, Any]) -> RunEvent:
    known = ("number", "run_id", "stage", "at")
    payload = {name: value for name, value in data.items() if name not in known}
    at = datetime.fromisoformat(data["at"])
    return RunEvent(int(data["number"]), str(data["stage"]), str(payload.get("state", "")), at, payload)
