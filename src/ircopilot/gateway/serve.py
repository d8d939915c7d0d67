"""The gateway's process: uvicorn on the address that the settings name."""

from __future__ import annotations

import socket
import time

import uvicorn
from sqlalchemy.exc import OperationalError
from structlog.typing import FilteringBoundLogger

from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.app import make_app
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.gateway.site import BuiltSite, load_site
from ircopilot.settings import ServiceSettings, StackUrls
from ircopilot.stores import StoreSet, open_stores
from ircopilot.stores.postgres.errors import DatabaseUnreachable
from ircopilot.telemetry import configure_logs

_BACKLOG = 2048
_AGAIN_S = 0.5


class GatewayServer(uvicorn.Server):
    """uvicorn, whose open event streams come to their end when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, gate: Gate) -> None:
        super().__init__(config)
        self.gate = gate

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self.gate.hub.end_streams()
        await super().shutdown(sockets)


def make_server(
    stores: StoreSet, settings: ServiceSettings, limits: GatewayLimits, site: BuiltSite | None = None
) -> GatewayServer:
    """A server over the stores, not yet listening."""
    gate = Gate(stores, settings, limits)
    config = uvicorn.Config(
        make_app(gate, site), http=gate.lines.protocol(), ws="none", lifespan="on", access_log=False, log_config=None,
        proxy_headers=False, server_header=False, date_header=False, backlog=_BACKLOG, timeout_keep_alive=30,
        timeout_graceful_shutdown=int(settings.grace_s),
    )  # fmt: skip
    return GatewayServer(config, gate)


def listen(address: str) -> socket.socket:
    """A socket on `host:port`; port 0 takes a free one. Raises `UnusableArgument`."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit():
        raise UnusableArgument(f"{address!r} is no address", "set IRCOPILOT_GATEWAY_ADDRESS to host:port")
    try:
        (family, *_, place), *_ = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # The protocol named: asyncio sets TCP_NODELAY on such sockets only, and without it every answer takes 44 ms.
        made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        made.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        raise UnusableArgument(f"nothing can listen on {address}: {error}", "choose another address") from error
    return made


def serve_gateway(urls: StackUrls, settings: ServiceSettings, limits: GatewayLimits) -> None:
    """Serve until asked to stop; then what is under way has `grace_s` to end. Waits for the database at the start."""
    log = configure_logs("gateway")
    with listen(settings.gateway_address) as place, _open_patiently(urls, log) as stores:
        host, port = place.getsockname()[:2]
        log.info("serving", url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
        make_server(stores, settings, limits, load_site()).run([place])


def _open_patiently(urls: StackUrls, log: FilteringBoundLogger) -> StoreSet:
    """The stores, as soon as the database is there."""
    told = False
    while True:
        try:
            return open_stores(urls)
        except (DatabaseUnreachable, OperationalError):
            if not told:
                log.warning("waiting for the database")
            told = True
        time.sleep(_AGAIN_S)
