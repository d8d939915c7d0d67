"""The process `ircopilot eventstore`: opens the engine, serves it, leaves within two seconds of SIGTERM."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from ircopilot.embedded.eventstore.engine import DATABASE, NO_LIMITS, Engine, Limits
from ircopilot.embedded.eventstore.http import EventStoreServer

USER = "ircopilot"
# Merges are background work, and build the text indexes: whoever waits for an answer goes first.
MERGE_THREADS, MERGE_NICE, MERGE_LOOK_S = "MergeMutate", 10, 5.0


def serve_eventstore(directory: Path, port: int, password: str, limits: Limits = NO_LIMITS, ready_fd: int = -1) -> None:
    """Serve the event store in `directory` on 127.0.0.1:`port` (0: a free one) until SIGTERM or SIGINT.

    The port is written as a line to `ready_fd`, if given, once queries are answered. Raises `EventStoreInUse`.
    """
    stop = threading.Event()
    engine = Engine(directory, limits)
    # After the engine, whose own handlers would let SIGINT wait for a query of any length.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = EventStoreServer(engine, port, USER, password)
    threading.Thread(target=server.serve_forever, args=(0.05,), name="eventstore-http", daemon=True).start()
    threading.Thread(target=_let_merges_wait, args=(stop,), name="eventstore-manners", daemon=True).start()
    if ready_fd >= 0:
        os.write(ready_fd, f"{server.server_port}\n".encode())
        os.close(ready_fd)
    else:
        print(f"event store on http://127.0.0.1:{server.server_port}/{DATABASE}, user {USER}", flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()
    engine.close()
    os._exit(0)  # threads that wait in a client's socket would hold the process back


def _let_merges_wait(stop: threading.Event) -> None:
    """Give the engine's merging threads less of a core that others want. Its own setting for that needs a privilege."""
    tasks = Path("/proc/self/task")
    while tasks.is_dir():
        yield_merges(tasks)
        if stop.wait(MERGE_LOOK_S):
            return


def yield_merges(tasks: Path) -> None:
    """Once for the threads that there are now, listed as Linux lists them."""
    for task in tasks.iterdir():
        with suppress(OSError):  # the thread has ended
            if (task / "comm").read_text().strip() == MERGE_THREADS:
                os.setpriority(os.PRIO_PROCESS, int(task.name), MERGE_NICE)
