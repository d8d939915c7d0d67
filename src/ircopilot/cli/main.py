"""`ircopilot`: the command line. Every error says what to do next.

Exit codes: 0 done, 1 failed, 2 arguments, 3 nothing readable, 130 and 143 stopped by Ctrl-C and by SIGTERM.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from ircopilot.domain.errors import ProblemError, Stopped

_stops: list[int] = []


def main() -> None:
    """Run the command line; a `ProblemError` becomes two lines on stderr and its exit code."""
    # Before the commands are imported, which takes a second: a Ctrl-C is answered in that second, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        from ircopilot.cli.app import app

        _run(app)
    except Stopped as stopped:
        _end("ircopilot: stopped; run the same command again to continue", code=128 + stopped.number)
    except ProblemError as error:
        said = f"ircopilot: {error.title.lower()}: {error.detail}"
        _end(said, *([f"  next: {error.next_step}"] if error.next_step else []), code=error.exit_code)
    except OSError as error:
        # A full disk, a folder that went away: what the machine refuses, wherever it was asked.
        place = f": {os.fsdecode(error.filename)}" if error.filename else ""
        next_step = (
            "make room and run the same command again" if error.errno == errno.ENOSPC else "see to it and run again"
        )
        _end(f"ircopilot: the system refused: {error.strerror or error}{place}", f"  next: {next_step}", code=1)


def _run(app: Callable[[], None]) -> None:
    try:
        app()
    except Exception as error:
        # Stopped in the middle of anything: what then fails in tidying up (a connection with a question open) is no news.
        if _stops:
            raise Stopped(_stops[0]) from None
        if (lost := _lost_database(error)) is not None:
            raise lost from error
        raise


def _lost_database(error: Exception) -> ProblemError | None:
    """What to say when the database went away in the middle; None for any other error."""
    alchemy = sys.modules.get("sqlalchemy.exc")  # who never asked a database need not wait for its import
    if alchemy is None or not isinstance(error, (alchemy.OperationalError, alchemy.InterfaceError)):
        return None
    from ircopilot.stores.postgres.errors import DatabaseUnreachable

    said = str(error.orig).strip().partition("\n")[0][:300]
    return DatabaseUnreachable(
        f"it went away in the middle: {said}", "see to it (`ircopilot status`), then run the same command again"
    )


def end_if_stopped() -> None:
    """Raises `Stopped` when a stop was asked for and swallowed on its way: pydantic makes a warning of what is raised in it."""
    if _stops:
        raise Stopped(_stops[0])


def _stop(number: int, frame: FrameType | None) -> None:
    _stops.append(number)
    # What fails in tidying up is no news, and libraries log it with a traceback.
    logging.disable(logging.CRITICAL)
    raise Stopped(number)


def _end(*lines: str, code: int) -> None:
    """Say it without a terminal's escapes, whatever bytes a name held, and leave."""
    for line in lines:
        print(line.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    sys.exit(code)
