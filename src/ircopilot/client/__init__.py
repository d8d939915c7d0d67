"""The gateway from Python: start, watch, hand in, fetch."""

from ircopilot.client.client import Client
from ircopilot.client.watching import RunEvent

__all__ = ["Client", "RunEvent"]
