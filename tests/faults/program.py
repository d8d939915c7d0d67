"""The command line as a process of its own: run it, watch what it says, end it, look for what it left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from tests.prepared import prepare

COMMAND = str(Path(sys.executable).with_name("ircopilot"))
PATIENCE = 120.0
_STARTED: list[Running] = []


def environment(data: Path) -> dict[str, str]:
    """This process's environment, without servers of somebody else, on a data directory of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")}
    return {**kept, "IRCOPILOT_DATA_DIR": str(data), "COLUMNS": "200", "TERM": "xterm"}


@contextmanager
def data_directory(*, used: bool = False) -> Iterator[Path]:
    """A data directory that Postgres's own account may enter; its stack is stopped and it is removed afterwards.

    One that is `used` is there already, as an earlier stack without evidence left it; else the first start makes it.
    """
    from ircopilot.embedded import stop_stack

    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        if used:
            prepare(Path(name) / "data")
        try:
            yield Path(name) / "data"
        finally:
            for program in [p for p in _STARTED if p.data == Path(name) / "data"]:
                _STARTED.remove(program)  # what a failed test left running and open
                if not program.finished:
                    program.kill_everything()
            stop_stack(Path(name) / "data")


def run(
    data: Path, *arguments: str | Path, timeout: float = PATIENCE, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with `more` in its environment."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, errors="backslashreplace", check=False, timeout=timeout,
        env=environment(data) | (more or {}),
    )  # fmt: skip


def report_of(out: Path) -> dict[str, Any]:
    """The report without what may differ between two runs. Order counts, so compare it as text."""
    document = json.loads((out / "report.json").read_bytes())
    document.pop("run")
    return document


class Running:
    """The program while it runs; every line it says on stderr is kept with the time it came."""

    def __init__(self, data: Path, *arguments: str | Path) -> None:
        self.data = data
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            [COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment(data),
            start_new_session=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self.finished = False
        _STARTED.append(self)
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.decode(errors="backslashreplace").rstrip())
                self._news.notify_all()

    def wait_for(self, beginning: str) -> None:
        """Until a line on stderr begins like this."""
        with self._news:
            seen = self._news.wait_for(
                lambda: any(line.startswith(beginning) for line in self.lines) or not self._reader.is_alive(), PATIENCE
            )
        assert seen and any(line.startswith(beginning) for line in self.lines), (beginning, self.lines)

    def wait_until(self, condition: Any) -> None:
        """Until the condition holds; the program must still run then."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None and time.monotonic() < deadline, self.lines
            time.sleep(0.005)

    def signal(self, number: signal.Signals) -> float:
        """Send a signal to this process alone and wait for its end; the seconds it took."""
        at = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        took = time.monotonic() - at
        self.finish()
        return took

    def everything(self) -> list[psutil.Process]:
        """This process, the supervisor of its data directory, and all that they started."""
        found = [psutil.Process(self.process.pid)] if self.process.poll() is None else []
        found += processes_on(self.data)
        return list({p.pid: p for one in found for p in [one, *_children(one)]}.values())

    def kill_everything(self) -> None:
        """As when the machine's power fails, as far as processes go."""
        _kill(self.everything())
        self.finish()

    def kill_stack(self) -> None:
        """The supervisor and all servers, not the program itself."""
        _kill([process for process in self.everything() if process.pid != self.process.pid])

    def finish(self) -> tuple[int, str]:
        """Wait for the end; the exit code and all of stdout."""
        assert self.process.stdout is not None and self.process.stderr is not None
        said = self.process.stdout.read().decode(errors="backslashreplace")
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self.finished = True
        return code, said

    @property
    def said(self) -> str:
        """All of stderr so far."""
        return "\n".join(self.lines)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def processes_on(data: Path) -> list[psutil.Process]:
    """Every living process that names the data directory in its command or works inside it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if any(str(data) in word for word in process.cmdline()) or Path(process.cwd()).is_relative_to(data):
                found.append(process)
    return found


def wait_until_nothing_runs(data: Path, patience: float = 10) -> None:
    """Until no process of this data directory is left."""
    deadline = time.monotonic() + patience
    while left := processes_on(data):
        assert time.monotonic() < deadline, [(p.pid, p.cmdline()) for p in left]
        time.sleep(0.05)
