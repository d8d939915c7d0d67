"""The control socket: one JSON object a line. A connection that has joined is a reference that keeps the stack up.

A client says `{"op": "join" | "pin" | "serve" | "status" | "down" | "leave"}`; each gets one object back. When the stack ends,
all connections end with the supervisor's process, so the end of the connection means that nothing is left running.
"""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any

from ircopilot.embedded.layout import Layout

Message = dict[str, Any]


class Link:
    """A client's connection to the supervisor."""

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self._lines = client.makefile("rb")

    def ask(self, op: str, patience: float) -> Message | None:
        """Send a request and wait for its answer; None when the supervisor is gone or silent for `patience` seconds."""
        self._socket.settimeout(patience)
        with suppress(OSError, ValueError):
            self._socket.sendall(json.dumps({"op": op}).encode() + b"\n")
            answer = json.loads(self._lines.readline())
            return answer if isinstance(answer, dict) else None
        return None

    def wait_for_end(self, patience: float) -> bool:
        """Whether the supervisor's process ended within `patience` seconds."""
        self._socket.settimeout(patience)
        try:
            while self._lines.readline():
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

    @property
    def alive(self) -> bool:
        """Whether the supervisor still holds its end."""
        self._socket.setblocking(False)
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def lost(self, patience: float) -> bool:
        """Whether the supervisor's end goes away within `patience` seconds: a child that it was starting may hold it a moment."""
        deadline = time.monotonic() + patience
        while self.alive:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def close(self) -> None:
        """Give the reference back, if there was one."""
        self._lines.close()
        self._socket.close()


def open_link(layout: Layout) -> Link | None:
    """A connection to the supervisor of this data directory, or None when none answers."""
    try:
        path = json.loads(layout.state.read_bytes())["control"]
    except (OSError, ValueError, KeyError):
        return None
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.connect(path)
    except OSError:
        client.close()
        return None
    return Link(client)
