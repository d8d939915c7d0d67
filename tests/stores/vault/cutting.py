"""A relay before a server that drops lines: what a network does to long downloads."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class CuttingRelay:
    """Passes on to `target`; while `cuts` are left, an answer is cut after `after` bytes."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts, self.after, self.cut = 0, 0, 0

    def serve(self) -> None:
        """Until the listener is closed."""
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def close(self) -> None:
        """No more lines; none can be opened."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, near: socket.socket) -> None:
        with near, socket.create_connection((str(self._target.hostname), int(self._target.port or 80))) as far:
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()
            sent = 0
            with contextlib.suppress(OSError):
                while data := far.recv(65536):
                    sent += len(data)
                    near.sendall(data)
                    if self.cuts > 0 and sent > self.after:
                        self.cuts -= 1
                        self.cut += 1
                        break
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pass(near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def cutting(target: str) -> Iterator[CuttingRelay]:
    """A relay to `target` for the block."""
    relay = CuttingRelay(target)
    thread = threading.Thread(target=relay.serve, daemon=True)
    thread.start()
    try:
        yield relay
    finally:
        relay.close()
        thread.join()
