"""Run `ircopilot` as a person would, with a clock and a scale for the memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

SAMPLE_S = 0.15


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds of wall time; the greatest sum of memory, in bytes (0 when it was not weighed); and what was printed."""

    seconds: float
    peak_bytes: int
    peak_rss_bytes: int
    said: str


def run_command(data: Path, *arguments: str, weigh: bool = False) -> Ran:
    """`ircopilot ARGUMENTS` on a data directory of its own. Raises CalledProcessError when it fails."""
    command = [str(Path(sys.executable).with_name("ircopilot")), *arguments]
    environ = {**os.environ, "IRCOPILOT_DATA_DIR": str(data)}
    begun = time.perf_counter()
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        peak = _watch(child) if weigh else (0, 0)
        said = child.communicate()[0]
    seconds = time.perf_counter() - begun
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command, said)
    return Ran(seconds, *peak, said)


def _watch(child: subprocess.Popen[str]) -> tuple[int, int]:
    """The greatest memory of the command and all it started: shared pages counted once (PSS), and as plain RSS."""
    pss = rss = 0
    while child.poll() is None:
        now = [_memory(p) for p in _family(child.pid)]
        pss, rss = max(pss, sum(p for p, _ in now)), max(rss, sum(r for _, r in now))
        time.sleep(SAMPLE_S)
    return pss, rss


def _family(pid: int) -> list[psutil.Process]:
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(process: psutil.Process) -> tuple[int, int]:
    try:
        found = process.memory_full_info()
    except psutil.Error:
        return 0, 0
    return int(getattr(found, "pss", found.rss)), int(found.rss)
