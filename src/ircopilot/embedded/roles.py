"""The service's own processes as children: gateway, orchestrator, one worker of each kind.

They get the servers' URLs, secrets inside, as an operator would give them: through their environment, which the same
account alone can read.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from ircopilot.embedded.children import Program, stop
from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.layout import write_private
from ircopilot.embedded.parts import Part, Place, child_env
from ircopilot.settings import AuditSettings, ServiceSettings

WORKER_KINDS = ("collector", "timeline", "forensic", "report", "export")
STOP_PATIENCE_S = 5.0
GRACE_S = "3"  # `down` does not wait for a job of minutes: it goes back, and is done when the stack is up again
# All but the workers' port, which the five of one machine cannot share.
_GIVEN = (
    *(f"IRCOPILOT_{name.upper()}" for name in ServiceSettings.model_fields if name != "worker_http"),
    *(f"IRCOPILOT_AUDIT_{name.upper()}" for name in AuditSettings.model_fields),
)


class Service(Part):
    """`ircopilot ROLE`, started again whenever it dies. With an address it counts as up once it takes connections."""

    def __init__(self, place: Place, name: str, command: tuple[str, ...], urls: Callable[[], Mapping[str, str]], address: str = "") -> None:  # fmt: skip
        super().__init__(place)
        self.name = name
        self.where = address
        self._command, self._urls, self._address = command, urls, address

    def urls(self) -> dict[str, str]:
        """None: the code of the other parts does not know the services."""
        return {}

    async def begin(self) -> None:
        """Start it, and wait until it answers at its address. Raises `StackFailed` when somebody else answers there."""
        if self._address and _accepts(self._address):
            name = self.name.upper()
            raise StackFailed(f"{self.name}: another program has {self._address}", f"set IRCOPILOT_{name}_ADDRESS")
        env = child_env(**service_env(self._urls(), self.place))
        await self.launch(Program(self.name, [sys.executable, "-m", "ircopilot", *self._command], env, self.log))
        if self._address:
            await self.wait_until(lambda: _accepts(self._address))

    async def stop(self) -> None:
        """End it; a worker gives its job back first."""
        if self.process is not None:
            await stop(self.process, self.stop_signal, STOP_PATIENCE_S)


def choose_services(place: Place, settings: ServiceSettings, urls: Callable[[], Mapping[str, str]]) -> list[Service]:
    """All services of one machine; `urls` are those of the stack, known once it is up."""
    found = [
        Service(place, "orchestrator", ("orchestrator",), urls, settings.orchestrator_address),
        Service(place, "gateway", ("gateway",), urls, settings.gateway_address),
    ]
    return [*found, *(Service(place, f"worker {kind}", ("worker", kind), urls) for kind in WORKER_KINDS)]


async def start_services(services: list[Service]) -> list[str]:
    """Start them; what did not come up, and why.

    Those that people and programs call come first: the workers' imports would take the processors from them, and jobs
    can wait until there are workers.
    """
    called, workers = [s for s in services if s.where], [s for s in services if not s.where]
    ended = await asyncio.gather(*(service.start() for service in called), return_exceptions=True)
    ended += await asyncio.gather(*(service.start() for service in workers), return_exceptions=True)
    return [str(error) for error in ended if isinstance(error, BaseException)]


def service_env(urls: Mapping[str, str], place: Place) -> dict[str, str]:
    """What `ircopilot worker` and its siblings read from their environment."""
    named = {f"IRCOPILOT_{name.upper()}": url for name, url in urls.items() if url}
    named["IRCOPILOT_DATABASE_URL"] = named.pop("IRCOPILOT_DATABASE_OWNER_URL")
    given = {name: os.environ[name] for name in _GIVEN if os.environ.get(name)}
    own = {
        "IRCOPILOT_DATA_DIR": str(place.layout.root),
        "IRCOPILOT_SERVICE_TOKEN": service_token(place.layout.service_token),
        "IRCOPILOT_GRACE_S": GRACE_S,
        "MALLOC_ARENA_MAX": "2",
    }
    return {**own, **given, **named}


def service_token(path: Path) -> str:
    """What the services show each other, made at the first call; mode 0600."""
    with suppress(FileNotFoundError):
        return path.read_text().strip()
    write_private(path, f"{secrets.token_urlsafe(32)}\n".encode())
    return path.read_text().strip()


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), timeout=0.5):
        return True
    return False
