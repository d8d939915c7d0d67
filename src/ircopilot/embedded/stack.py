"""Start or join the stack of a data directory, look at it, stop it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ircopilot.domain.errors import ProblemError
from ircopilot.domain.evidence import Frozen
from ircopilot.embedded.control import Link, open_link
from ircopilot.embedded.errors import ServicesFailed, StackFailed, StackGone
from ircopilot.embedded.layout import Layout
from ircopilot.embedded.parts import log_tail
from ircopilot.settings import StackUrls, external_urls

START_PATIENCE = 120.0
STOP_PATIENCE = 15.0


class PartStatus(Frozen):
    """A line of `ircopilot status`: `uptime` in seconds, `where` is a socket, an address or a folder."""

    name: str
    state: str
    pid: int
    uptime: float
    where: str


@contextmanager
def running_stack(data_dir: Path) -> Iterator[StackUrls]:
    """The URLs of the stack on `data_dir`, which is started, or joined if it runs, and held up for the block's length.

    The last one to leave ends it, unless `start_stack` pinned it; nothing is left running when this returns then.
    When all five URLs are given from outside, nothing is started. Raises `StackFailed`; `StackGone` in place of the
    block's own error when the stack ended under it.
    """
    if (external := external_urls()) is not None:
        yield external
        return
    link, urls, supervisor = _join(Layout(data_dir.absolute()))
    try:
        yield urls
    except Exception as error:
        # An error of ours has its own reason; any other may come of the stack's end.
        if link.lost(0.0 if isinstance(error, ProblemError) else 0.5):
            raise StackGone(
                "the supervisor was stopped or killed", f"run the command again; see {Layout(data_dir).logs}"
            ) from error
        raise
    finally:
        answer = link.ask("leave", STOP_PATIENCE)
        if answer is not None and answer.get("last"):
            link.wait_for_end(STOP_PATIENCE)
        link.close()
        _reap(supervisor)


def start_stack(data_dir: Path, *, services: bool = False) -> StackUrls:
    """Start the stack and leave it running until `stop_stack`; what runs already is left as it is.

    With `services` gateway, orchestrator and workers run on it, too, unless all servers are somebody else's. Raises
    `ServicesFailed` when one of them did not come up; the others run on, and that one is tried again.
    """
    if (external := external_urls()) is not None:
        return external
    layout = Layout(data_dir.absolute())
    link, urls, _ = _join(layout)
    answer = link.ask("serve" if services else "pin", START_PATIENCE)
    link.close()
    if answer is None:
        raise StackGone("the supervisor was stopped or killed", "run the command again")
    if answer.get("problems"):
        raise ServicesFailed("; ".join(answer["problems"])[:2000], f"see {layout.logs} and `ircopilot status`")
    return urls


def stop_stack(data_dir: Path) -> bool:
    """End the stack, whoever uses it. Returns whether there was one. Raises `StackFailed` when it does not end."""
    link = open_link(Layout(data_dir.absolute()))
    if link is None:
        return False
    try:
        if link.ask("down", STOP_PATIENCE) is not None and not link.wait_for_end(STOP_PATIENCE):
            raise StackFailed(f"the stack did not end within {STOP_PATIENCE:.0f} s", "see its logs folder")
    finally:
        link.close()
    return True


def stack_status(data_dir: Path) -> list[PartStatus]:
    """The parts of the stack, empty when none runs."""
    link = open_link(Layout(data_dir.absolute()))
    if link is None:
        return []
    answer = link.ask("status", STOP_PATIENCE)
    link.close()
    return [PartStatus.model_validate(row) for row in answer["parts"]] if answer else []


def _join(layout: Layout) -> tuple[Link, StackUrls, int]:
    # Joins whoever answers, else starts a supervisor; of two that start at once one gets the lock and serves both.
    layout.make()
    started: list[int] = []
    try:
        return _wait_for_stack(layout, started)
    except BaseException:
        # Interrupted: what we started must not wait for a first client that will not come.
        for supervisor in started:
            _end_unused(layout, supervisor)
        raise


def _end_unused(layout: Layout, supervisor: int) -> None:
    if (link := open_link(layout)) is not None:
        link.ask("leave", STOP_PATIENCE)  # ends it, unless somebody else has joined
        link.close()
    elif _exit_code(supervisor) is None:
        os.kill(supervisor, signal.SIGTERM)


def _wait_for_stack(layout: Layout, started: list[int]) -> tuple[Link, StackUrls, int]:
    deadline = time.monotonic() + START_PATIENCE
    supervisor = 0
    while time.monotonic() < deadline:
        if (link := open_link(layout)) is not None:
            try:
                answer = link.ask("join", deadline - time.monotonic())
            except BaseException:
                link.close()
                raise
            if answer is not None and answer["ok"]:
                return link, StackUrls.model_validate(answer["urls"]), supervisor
            link.close()
            if answer is not None:
                _reap(supervisor)
                raise StackFailed(answer["detail"], answer["next_step"])
        elif not supervisor:
            supervisor = _spawn_supervisor(layout)
            started[:] = [supervisor]
        elif (code := _exit_code(supervisor)) is not None:
            if code:
                log = layout.logs / "supervisor.log"
                raise StackFailed(f"the supervisor ended with {code}: {log_tail(log)}", f"see {log}")
            supervisor = 0
            started.clear()
        time.sleep(0.02)
    raise StackFailed(f"the stack did not answer within {START_PATIENCE:.0f} s", f"see {layout.logs}")


def _spawn_supervisor(layout: Layout) -> int:
    # In a session of its own: Ctrl-C in our terminal must not reach a stack that others may be using.
    log = layout.logs / "supervisor.log"
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    command = [sys.executable, "-m", "ircopilot.embedded.supervisor", str(layout.root)]
    return os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setsid=True)


def _exit_code(pid: int) -> int | None:
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None


def _reap(pid: int) -> None:
    if pid:
        _exit_code(pid)
