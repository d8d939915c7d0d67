"""Moments of an investigation, recognised from outside: what it says on stderr and what lies in its vault."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from faults.program import Running

VAULTED = 13  # of the small evidence's files; when so many are kept, loading is at hand


def _vaulted(data: Path) -> int:
    return sum(1 for path in (data / "vault").glob("*/*/*") if path.is_file())


def loading(program: Running) -> None:
    """All evidence is hashed and kept, and its records are being read."""
    program.wait_until(lambda: _vaulted(program.data) >= VAULTED)
    time.sleep(0.25)


def said(line: str, delay: float = 0.0) -> Callable[[Running], None]:
    """A moment after a line on stderr."""

    def wait(program: Running) -> None:
        program.wait_for(line)
        time.sleep(delay)

    return wait


MOMENTS: dict[str, Callable[[Running], None]] = {
    "starting": said("starting", 0.4),
    "hashing": said("1/5 collect"),
    "loading": loading,
    "timeline": said("2/5 timeline"),
    "rules": said("3/5 forensic"),
    "story": said("3/5 forensic", 0.5),
    "report": said("4/5 report"),
    "export": said("5/5 export"),
    "typesetting": said("5/5 export", 0.3),
}
