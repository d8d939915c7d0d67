"""Waiting: for the end that somebody asked for, and for servers that are away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

from ircopilot.stores.postgres.passing import is_passing

T = TypeVar("T")

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class GivenUp(Exception):
    """The worker must end and the servers do not answer: what it holds is left to the lease's end."""


class Ending:
    """How the process is asked to end: `asked` once it must take nothing new, `now` once its time is up."""

    def __init__(self, grace_s: float) -> None:
        self.asked, self.now = asyncio.Event(), asyncio.Event()
        self._grace_s = grace_s

    def ask(self) -> None:
        """End after the job, within the grace; asked a second time: at once."""
        if self.asked.is_set():
            self.now.set()
        self.asked.set()
        asyncio.get_running_loop().call_later(self._grace_s, self.now.set)


def pauses() -> Iterator[float]:
    """Seconds to wait between tries: 0.1, 0.2, 0.4 … 5."""
    pause = FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def rest(event: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the event."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return


async def patiently(
    work: Callable[[], T], ending: Ending, passing: Callable[[BaseException], bool] = is_passing
) -> T:  # fmt: skip
    """`work` in a thread, again while its failure is one that passes. Raises `GivenUp` once the process's time is up."""
    for pause in pauses():
        try:
            return await asyncio.to_thread(work)
        except Exception as error:
            if not passing(error):
                raise
            if ending.now.is_set():
                raise GivenUp from error
        await rest(ending.now, pause)
    raise AssertionError  # pauses never end
