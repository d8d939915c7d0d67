"""Whose turn it is to read many events: a few statements at a time, so that what is quick is not kept waiting for a core.

A question that has no answer yet goes before one that has told what it found so far, whoever came first. Turns are short:
a question takes one for each stretch of time that it reads.
"""

from __future__ import annotations

import itertools
import threading
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_S = 0.05
SMALL = 50_000  # events that are read without waiting for a turn


class Turns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[bool, int]] = []
        self._numbers = itertools.count()
        self._reading = 0

    @contextmanager
    def taken(self, places: int, told: bool, stop: Callable[[], None]) -> Iterator[None]:
        """Wait until fewer than `places` are read and nobody waits who goes first; `told`: the question has an answer.

        Raises what `stop` raises, which is called again and again while it waits.
        """
        mine = (told, next(self._numbers))
        with self._changed:
            insort(self._waiting, mine)
            try:
                while self._reading >= places or self._waiting[0] != mine:
                    self._changed.wait(LOOK_S)
                    stop()
                self._reading += 1
            finally:
                self._waiting.remove(mine)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._reading -= 1
                self._changed.notify_all()
