"""Crash points: places at which a fault test has a process kill itself. Without `$IRCOPILOT_CRASH_AT` all of it is inert.

`IRCOPILOT_CRASH_AT="after-lease"` kills at the first pass of that point, `"in-stage:7"` at the seventh. `"@FILE"` looks at
every pass whether the file has a line with the point's name: whoever finds one removes it and dies, so that a test arms
a process that runs already, and one of several. It is SIGKILL, as when the machine loses power as far as this process
goes: nothing is tidied up, no handler runs.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

VARIABLE = "IRCOPILOT_CRASH_AT"


class CrashPoint:
    """Counts the passes of one named point and kills the process at the one that was asked for."""

    def __init__(self, name: str, at: int) -> None:
        self.name, self._left = name, at
        self._lock = threading.Lock()

    def passed(self, name: str) -> None:
        """This place was reached."""
        if name != self.name:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                _die()


class CrashFile:
    """Kills the process at a point that the file names; each line is for one process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def passed(self, name: str) -> None:
        """This place was reached."""
        with suppress(FileNotFoundError):
            self._take(name)

    def _take(self, name: str) -> None:
        import fcntl  # not on every system, and needed by nobody else

        with self._path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            points = file.read().split()
            if name not in points:
                return
            points.remove(name)
            file.seek(0)
            file.truncate()
            file.write("".join(f"{point}\n" for point in points))
            file.flush()
            _die()


def crash_point(environ: Mapping[str, str] = os.environ) -> CrashPoint | CrashFile | None:
    """What the variable asks for, None without it. Raises `ValueError` for a count that is no positive number."""
    given = environ.get(VARIABLE, "")
    if given.startswith("@"):
        return CrashFile(Path(given[1:]))
    name, _, count = given.partition(":")
    if not name:
        return None
    at = int(count or 1)
    if at < 1:
        raise ValueError(f"{VARIABLE}: the pass is counted from 1")
    return CrashPoint(name, at)


_CHOSEN = crash_point()


def pass_point(name: str) -> None:
    """A named place, for example `after-lease`; does nothing unless the environment chose it."""
    if _CHOSEN is not None:
        _CHOSEN.passed(name)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
