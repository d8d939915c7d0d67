"""Who may call: whoever shows the service token; without one, this machine alone."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

from ircopilot.orchestrator.errors import NoTokenSet, TokenRefused
from ircopilot.settings import split_address


class Gatekeeper:
    """Compares tokens in constant time, whatever their length."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token) if token else None

    @property
    def asks(self) -> bool:
        """Whether a token is asked for at all."""
        return self._digest is not None

    def admit(self, authorization: str | None) -> None:
        """Raises `TokenRefused` unless the header `authorization` is `Bearer` and the token. Source: RFC 6750 §2.1."""
        if self._digest is None:
            return
        scheme, _, shown = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(_digest(shown.strip()), self._digest):
            raise TokenRefused("no valid service token was shown", "set IRCOPILOT_SERVICE_TOKEN on both sides")

    def check_address(self, address: str) -> None:
        """Raises `NoTokenSet` for an address beyond this machine without a token."""
        host, _ = split_address(address)
        if self._digest is None and not is_loopback(host):
            raise NoTokenSet(f"{address} can be reached from elsewhere", "set IRCOPILOT_SERVICE_TOKEN")


def is_loopback(host: str) -> bool:
    """Whether the host, as written, is this machine. Names other than localhost are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
