"""Open connections, so that one can be cut: closing waits for a reader that does not read, aborting does not."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.types import Scope

from ircopilot.gateway.wire import StrictProtocol


class OpenLines:
    """The transports of the connections that are open, by the address of their far end."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def cut(self, scope: Scope) -> None:
        """Cut the connection of a request at once, with whatever is still to be sent on it."""
        client = scope.get("client")
        transport = self._open.get(tuple(client)) if client else None
        if transport is not None:
            line: socket.socket | None = transport.get_extra_info("socket")
            if line is not None:
                # Else the kernel would go on keeping what nobody reads.
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's protocol, which also notes here what is open."""
        lines = self._open

        class NotedProtocol(StrictProtocol):
            """HTTP/1.1 on a connection that is noted as long as it is open."""

            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                if self.client is not None:
                    lines[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client is not None:
                    lines.pop(self.client, None)
                super().connection_lost(exc)

        return NotedProtocol
