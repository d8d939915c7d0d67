"""A worker's port for a cluster's probes: `/healthz`, `/readyz`, `/metrics`, on a thread of its own. Off without an address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from typing import Any

from ircopilot.domain.errors import UnusableArgument
from ircopilot.settings import split_address
from ircopilot.workers.meters import Meters

METRICS = "text/plain; version=0.0.4; charset=utf-8"


@contextmanager
def health_port(address: str, meters: Meters) -> Iterator[int]:
    """Listens at `host:port` for the length of the block; the port, 0 when there is no address.

    Raises `UnusableArgument` for an address that is none, or taken.
    """
    if not address:
        yield 0
        return
    host, port = split_address(address)
    try:
        server = _Server(host, port, meters)
    except OSError as error:
        raise UnusableArgument(f"{address}: {error.strerror}", "set IRCOPILOT_WORKER_HTTP to another") from error
    threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, meters: Meters) -> None:
        if ":" in host:
            self.address_family = AF_INET6
        self.meters = meters
        super().__init__((host, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    server: _Server

    def do_GET(self) -> None:
        """One of the three pages."""
        meters = self.server.meters
        match self.path.partition("?")[0]:
            case "/healthz":
                self._say(meters.alive, {"status": "ok" if meters.alive else "the event loop stands still"})
            case "/readyz":
                self._say(meters.ready, {"ready": meters.ready})
            case "/metrics":
                self._send(200, METRICS, meters.text())
            case _:
                self._send(404, "application/json", b'{"title": "There is no such page"}')

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: a probe each few seconds."""

    def _say(self, well: bool, told: dict[str, Any]) -> None:
        self._send(200 if well else 503, "application/json", json.dumps(told).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
