"""Calls to addresses that an organisation has chosen: they must not reach what only this machine can reach.

Names are resolved here and the connection goes to the address that was looked at, so that a name cannot change between
the look and the call.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

import httpcore
import httpx


class _Guarded(httpcore.SyncBackend):
    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(place[4][0]) for place in found]
        if not addresses or not all(ipaddress.ip_address(a.partition("%")[0]).is_global for a in addresses):
            raise httpcore.ConnectError(f"{host} is no public address")
        return super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)


def outward_transport(private: bool) -> httpx.HTTPTransport:
    """A transport for such calls: over TLS, to public addresses. `private`: to any."""
    if private:
        return httpx.HTTPTransport()
    transport = _TlsOnly()
    transport._pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=_Guarded())
    return transport


class _TlsOnly(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https":
            raise httpx.UnsupportedProtocol("a provider is called over TLS alone", request=request)
        return super().handle_request(request)
