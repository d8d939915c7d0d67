"""A worker in a thread of the test's process, with a stage function of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ircopilot.contracts.messages import JobMessage
from ircopilot.settings import ServiceSettings
from ircopilot.stores import StoreSet
from ircopilot.workers.progress import JobProgress
from ircopilot.workers.worker import Worker
from workers.around import Service

MADE = {"unreadable": [], "not_read": []}  # what a job of collect/unpack may make
SETTINGS = ServiceSettings(lease_s=2.0, ack_wait_s=2.0, grace_s=1.0)


class Stage:
    """A stage function: counts its calls, does what the test says, and can be held up until the test lets it go."""

    def __init__(self, work: Any = None) -> None:
        self.calls: list[JobMessage] = []
        self.folders: list[Path] = []
        self.entered, self.go_on = threading.Event(), threading.Event()
        self._work = work or (lambda stage, stores, message, progress: MADE)

    def __call__(
        self, stores: StoreSet, message: JobMessage, progress: JobProgress, scratch: Path, rule_cache: Path | None
    ) -> dict[str, Any]:
        self.calls.append(message)
        self.folders.append(scratch)
        self.entered.set()
        return self._work(self, stores, message, progress)  # type: ignore[no-any-return]


class Inline:
    """The worker and its loop."""

    def __init__(self, service: Service, perform: Any, settings: ServiceSettings, **more: Any) -> None:
        self.worker = Worker("collector", service.urls, settings, service.folder, perform=perform, **more)
        self._loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self._loop.run_until_complete(self.worker.run())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self.worker.stop)

    def wait(self, patience: float = 15) -> None:
        self.thread.join(patience)
        assert not self.thread.is_alive()


@contextmanager
def inline(service: Service, perform: Any, settings: ServiceSettings = SETTINGS, **more: Any) -> Iterator[Inline]:
    """A collector that runs for the length of the block."""
    running = Inline(service, perform, settings, **more)
    try:
        yield running
    finally:
        if running.thread.is_alive():
            running.stop()
            running.wait()


def stand_still(tx: Any, run_id: str) -> None:
    """In place of `advance`: the run stays where it is."""
