"""What every embedded part has: a process, where it answers, its share of the URLs."""

from __future__ import annotations

import abc
import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from ircopilot.embedded.children import Program, spawn, stop
from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.layout import Layout, Secrets

START_PATIENCE = 60.0
STOP_PATIENCE = 2.0
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack lives: its data directory, its secrets and the folder of its sockets."""

    layout: Layout
    secrets: Secrets
    sockets: Path


class Part(abc.ABC):
    """One embedded child. `where` is its address without secrets, for people."""

    name: str

    def __init__(self, place: Place) -> None:
        self.place = place
        self.process: asyncio.subprocess.Process | None = None
        self.started = 0.0
        self.answers = False
        self.where = ""

    async def start(self) -> None:
        """Start the process and return when it answers; again after its death, at the same address."""
        self.answers = False
        await self.begin()
        self.answers = True

    @abc.abstractmethod
    async def begin(self) -> None:
        """What `start` does for this part."""

    @abc.abstractmethod
    def urls(self) -> dict[str, str]:
        """Its share of `StackUrls`."""

    @property
    def pid(self) -> int:
        """Of the child, 0 while there is none."""
        return self.process.pid if self.process is not None and self.process.returncode is None else 0

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.place.layout.logs / f"{self.name}.log"

    async def launch(self, program: Program) -> None:
        """Start the process of this part."""
        self.process = await spawn(program)
        self.stop_signal = program.stop_signal
        self.started = time.time()

    async def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            await stop(self.process, self.stop_signal, STOP_PATIENCE)

    def identity(self) -> tuple[int, float] | None:
        """Process id and start time, by which a later supervisor recognises a leftover."""
        if not self.pid:
            return None
        try:
            return self.pid, psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return None

    async def wait_until(self, ready: Callable[[], bool]) -> None:
        """Poll `ready` until it holds. Raises `StackFailed` when the child ends or takes too long."""
        deadline = time.monotonic() + START_PATIENCE
        while not ready():
            if self.process is None or self.process.returncode is not None:
                raise self.failure("ended while starting")
            if time.monotonic() > deadline:
                raise self.failure(f"did not answer within {START_PATIENCE:.0f} s")
            await asyncio.sleep(0.01)

    def failure(self, what: str) -> StackFailed:
        """An error that shows the last lines of the part's log."""
        return StackFailed(f"{self.name} {what}: {log_tail(self.log)}", f"see {self.log}")


def log_tail(log: Path, size: int = 1000) -> str:
    """The end of a log file, on one line."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - size))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return "no log"
    return " | ".join(line.strip() for line in text.splitlines()[-6:] if line.strip()) or "nothing in its log"


def child_env(**more: str) -> dict[str, str]:
    """The little of our environment that a child needs; no secret of ours goes along."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {"LC_ALL": "C", "TZ": "UTC"} | kept | more
