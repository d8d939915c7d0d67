"""The gateway from Python: `Client`, and `AsyncClient` for programs that await. `api` has every operation, typed."""

from ircopilot.client.async_client import AsyncClient
from ircopilot.client.client import Client
from ircopilot.client.watching import RunEvent

__all__ = ["AsyncClient", "Client", "RunEvent"]
