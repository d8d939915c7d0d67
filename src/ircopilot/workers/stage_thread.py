"""A stage function in a thread of its own, watched from the event loop. Nothing can force it to end but its progress."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any


class StageThread:
    """Runs `work` once; `finished` is set when it returned or raised. A daemon: it does not hold the process back."""

    def __init__(self, work: Callable[[], dict[str, Any]]) -> None:
        self._work = work
        self._loop = asyncio.get_running_loop()
        self.finished = asyncio.Event()
        self.result: dict[str, Any] | None = None
        self.error: BaseException | None = None
        threading.Thread(target=copy_context().run, args=(self._run,), name="stage", daemon=True).start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # handed over whole, a withdrawal too
            self.error = error
        finally:
            with suppress(RuntimeError):  # the loop is closed: the process ends
                self._loop.call_soon_threadsafe(self.finished.set)
