"""A process of the service under the test's hands: started, killed, stopped, started again, always at the same address."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 120.0  # a busy machine takes its time to start twelve processes
# A test run that is killed leaves nothing behind. Said by the child itself: Python would fork to say it in between,
# and gRPC's threads, which it starts again in a forked child, abort when their descriptors are closed before the exec.
_LAUNCH = """
import os, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def eventually(condition: Callable[[], Any], what: Callable[[], Any] | str = "", patience_s: float = PATIENCE_S) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, what() if callable(what) else what or "it never came true"
        time.sleep(0.04)
    return found


def free_address() -> str:
    """An address on loopback that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@dataclass
class Member:
    """`ircopilot COMMAND` as a process of its own. What it says goes to one log over all its lives."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    stopped: bool = False
    lives: int = 0
    _read_from: int = field(default=0, repr=False)

    def start(self, **more: str) -> Member:
        """Start it, also after its death; `more` is added to its environment for this life alone."""
        assert not self.alive
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-ISc", _LAUNCH, sys.executable, "-m", "ircopilot", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env={**self.environ, **more},
            )
        self.lives += 1
        return self

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.stopped = number == signal.SIGSTOP

    def kill(self) -> None:
        """As the kernel does when memory is short. Not an error when it died by itself just now."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.stopped = False

    def end(self, patience_s: float = 30) -> int:
        """Ask it to end, and wait: its exit code."""
        self.signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(patience_s)

    def said(self) -> list[dict[str, Any]]:
        """What it logged in this life."""
        with self.log.open("rb") as file:
            file.seek(self._read_from)
            return [json.loads(line) for line in file.read().splitlines() if line.startswith(b"{")]

    def is_ready(self) -> bool:
        """Whether a worker waits for jobs, an orchestrator serves, a gateway listens."""
        if "gateway" in self.command:
            host, _, port = self.environ["IRCOPILOT_GATEWAY_ADDRESS"].rpartition(":")
            with socket.socket() as line:
                return line.connect_ex((host, int(port))) == 0
        return any(line["event"] in ("ready", "serving") for line in self.said())

    def tail(self) -> str:
        return self.log.read_text()[-1500:]


def own_environment(**given: str) -> dict[str, str]:
    """This process's environment without its settings, with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")}
    return {**kept, **given}
