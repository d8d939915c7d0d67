"""Child processes that never outlive the supervisor, and the end of those that a killed one left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """Another account to run a child as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a child. `last_signal` is what it gets when the supervisor dies, `stop_signal` when it is to end."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    stdin: bytes = b""
    account: Account | None = None
    pass_fds: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    last_signal: signal.Signals = signal.SIGKILL


async def spawn(program: Program) -> asyncio.subprocess.Process:
    """Start `program`; its output goes to the log. Call from the main thread: PDEATHSIG follows the thread's death."""
    with program.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.PIPE if program.stdin else asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(program.env),
            cwd="/",
            pass_fds=program.pass_fds,
            start_new_session=True,
            umask=0o077,
            preexec_fn=_in_child(program, os.getpid()),
        )
    if program.stdin and process.stdin is not None:
        process.stdin.write(program.stdin)
        with suppress(ConnectionError):
            await process.stdin.drain()
        process.stdin.close()
    return process


async def stop(process: asyncio.subprocess.Process, number: signal.Signals, patience: float) -> None:
    """Ask a child to end, and make it end after `patience` seconds."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def end_leftovers(pids: Mapping[int, float], folder: Path) -> None:
    """Kill what a dead supervisor's stack left: `pids` with their start times, and servers working inside `folder`.

    Call only while holding the supervisor's lock: nobody else's processes can be meant then.
    """
    found = []
    for process in psutil.process_iter(["pid", "create_time", "name"]):
        with suppress(psutil.Error, OSError):
            started = pids.get(process.pid)
            ours = started is not None and abs(process.info["create_time"] - started) < 1
            # A backend of Postgres outlives its postmaster for a moment and still holds the cluster.
            if ours or (process.info["name"] == "postgres" and Path(process.cwd()).is_relative_to(folder)):
                process.kill()
                found.append(process)
    psutil.wait_procs(found, timeout=10)


def _in_child(program: Program, parent: int) -> Callable[[], None]:
    account, last = program.account, int(program.last_signal)

    def prepare() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        # After setuid, which would clear it again.
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, last, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the supervisor died before the line above

    return prepare
