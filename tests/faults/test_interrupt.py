"""Ctrl-C and SIGTERM in each stage: a quick end, a clear line, nothing left running, and the next run works."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from faults.moments import MOMENTS
from faults.program import COMMAND, Running, environment, run, wait_until_nothing_runs

pytestmark = pytest.mark.timeout(600)
QUICK = 3.0


@pytest.mark.parametrize(
    ("number", "code", "moments"),
    [(signal.SIGINT, 130, tuple(MOMENTS)), (signal.SIGTERM, 143, ("starting", "loading", "story"))],
    ids=["SIGINT", "SIGTERM"],
)
def test_at_every_stage(
    number: signal.Signals, code: int, moments: tuple[str, ...], data: Path, evidence: Path, tmp_path: Path
) -> None:
    for name in moments:
        program = Running(data, "investigate", evidence, "--out", tmp_path / "out")
        MOMENTS[name](program)
        took = program.signal(number)
        assert program.process.returncode == code, (name, program.said)
        assert took < QUICK, (name, took)
        assert "run the same command again" in program.said, name
        assert "Traceback" not in program.said, name
        wait_until_nothing_runs(data, 2)
    done = run(data, "investigate", evidence, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr


def test_before_anything_was_imported(data: Path, evidence: Path, tmp_path: Path) -> None:
    for delay in (0.1, 0.3, 0.6):
        program = Running(data, "investigate", evidence, "--out", tmp_path / "out")
        time.sleep(delay)
        program.signal(signal.SIGINT)
        assert program.process.returncode in (130, -signal.SIGINT)
        assert "Traceback" not in program.said


def test_control_c_on_a_terminal(data: Path, evidence: Path, tmp_path: Path) -> None:
    """On a real terminal, with bars: the key reaches every process in the foreground."""
    ours, theirs = pty.openpty()
    command = [COMMAND, "investigate", str(evidence), "--out", str(tmp_path / "out")]
    program = subprocess.Popen(
        ["setsid", "--ctty", *command], stdin=theirs, stdout=theirs, stderr=theirs, env=environment(data)
    )
    os.close(theirs)
    shown = b""
    while b"reading" not in shown:
        shown += os.read(ours, 4096)
    os.write(ours, b"\x03")
    begun = time.monotonic()
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # Linux says so when the last process has closed the terminal
        pass
    assert program.wait(10) == 130
    assert time.monotonic() - begun < QUICK
    assert b"run the same command again" in shown
    assert b"Traceback" not in shown
    os.close(ours)
    wait_until_nothing_runs(data, 2)
