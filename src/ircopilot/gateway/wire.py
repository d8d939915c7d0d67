"""HTTP/1.1 by llhttp, and what it lets pass that two readers could understand differently is refused.

A proxy before us and we must agree where a request ends and whom it names, or one request is smuggled within another.
Source: RFC 9112 §3.2, §6, §7.1.2; RFC 9110 §7.8.
"""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Bytes of a request line and its fields, or of trailers: the longest search (20,000 characters, each of four bytes,
# percent-encoded) and all else that may stand in an address.
MOST_HEAD = 320 << 10


class _Refused(Exception):
    """The request is answered with 400."""


class StrictProtocol(HttpToolsProtocol):
    """uvicorn's protocol with exactly one Host, no coding but chunked, no switch of protocols, and a head of limited size.

    Trailers are left out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stalled = 0  # bytes that came since anything was made of what came
        self._fields = 0
        self._in_head = self._switches = self._moved = False

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._unset_keepalive_if_required()
        self._moved = False
        try:
            self._feed(data)
            self._stalled = 0 if self._moved else self._stalled + len(data)
            if self._stalled > MOST_HEAD:
                raise httptools.HttpParserError
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:
                # llhttp leaves the body to the protocol that is asked for, but we stay with this one.
                fields = b"".join(b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
                told = self.parser.get_method(), self.url, self.parser.get_http_version().encode()
                data = b"%b %b HTTP/%b\r\n" % told + fields + b"\r\n" + data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = self._moved = True
        self._fields = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the request line."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field, or after the body a trailer."""
        self._count(len(name) + len(value) + 4)
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() != "1.0"):
            raise _Refused
        if any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in self.headers):
            raise _Refused
        if self.parser.get_method() == b"CONNECT":
            raise _Refused
        self._in_head, self._moved, self._fields = False, True, 0
        self._switches = self.parser.should_upgrade()
        if not self._switches:
            # What takes an address apart takes 65,535 bytes at most.
            self.url, _, asked = self.url.partition(b"#")[0].partition(b"?")
            super().on_headers_complete()
            self.scope["query_string"] = asked

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._moved = True
        if not self._switches:
            super().on_message_complete()

    def _count(self, size: int) -> None:
        self._fields += size
        if self._fields > MOST_HEAD:
            raise _Refused
