"""Crash points: places at which a fault test has a process kill itself. Without `$IRCOPILOT_CRASH_AT` all of it is inert.

`IRCOPILOT_CRASH_AT="after-lease"` kills at the first pass of that point, `"in-stage:7"` at the seventh. It is SIGKILL,
as when the machine loses power as far as this process goes: nothing is tidied up, no handler runs.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

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
                os.kill(os.getpid(), signal.SIGKILL)


def crash_point(environ: Mapping[str, str] = os.environ) -> CrashPoint | None:
    """What the variable asks for, None without it. Raises `ValueError` for a count that is no positive number."""
    name, _, count = environ.get(VARIABLE, "").partition(":")
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
