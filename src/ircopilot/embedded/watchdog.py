"""Where the kernel has no PDEATHSIG: a tiny process that ends the children when the supervisor's pipe closes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ircopilot.embedded.layout import Layout

_held: list[int] = []


def start_watchdog(layout: Layout) -> None:
    """Start it, except on Linux, where the kernel does better. It lives until the supervisor's process ends."""
    if sys.platform == "linux":
        return
    reader, writer = os.pipe()
    _held.append(writer)
    command = [sys.executable, "-I", str(Path(__file__).resolve()), str(layout.state)]
    subprocess.Popen(command, stdin=reader, start_new_session=True)  # noqa: S603
    os.close(reader)


def watch(state: Path) -> None:
    """Wait for the end of standard input, then kill the children that the state file names, if it is still there."""
    while sys.stdin.buffer.read(1):
        pass
    with suppress(OSError, ValueError):
        for pid, _ in json.loads(state.read_bytes())["children"]:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
