"""How fast somebody may guess: by account and by address, whether there is such an account or not.

Each failure beyond the free ones doubles the wait; a success, or a quarter of an hour without an attempt, ends it.
"""

from __future__ import annotations

import ipaddress
import time
from dataclasses import dataclass

from ircopilot.access.errors import TooManyAttempts
from ircopilot.stores.redis_counts import FailureCounts


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` failures cost nothing; from there on 1, 2, 4 … seconds, at most `longest_s`."""

    free: int
    longest_s: int


# An account's wait is short, so that a stranger's guesses do not keep its owner out; an address may be a whole office's.
ACCOUNT = Pace(free=5, longest_s=300)
ADDRESS = Pace(free=30, longest_s=900)
# What anybody may begin is kept in Redis for minutes, and must not fill it.
BEGIN = Pace(free=300, longest_s=60)


class Throttle:
    """Counts failures of one kind of attempt (`kind`: `password`, `factor` …)."""

    def __init__(self, counts: FailureCounts, kind: str) -> None:
        self._counts, self._kind = counts, kind

    def check(self, account: str, address: str) -> None:
        """Raises `TooManyAttempts` while the account, as it was typed, or the address has to wait."""
        now = time.time()
        wait = max(self._wait(key, pace, now) for key, pace in self._keys(account, address))
        if wait > 0:
            raise TooManyAttempts("too many attempts failed", f"wait {wait} s", wait)

    def failed(self, account: str, address: str) -> None:
        """Count one failure."""
        for key, _ in self._keys(account, address):
            self._counts.add(key)

    def begun(self, address: str) -> None:
        """Count a beginning, which needs no account. Raises `TooManyAttempts` when the address has begun too many."""
        key = f"{self._kind}:address:{network_of(address)}"
        wait = self._wait(key, BEGIN, time.time())
        if wait > 0:
            raise TooManyAttempts("too many were begun from this address", f"wait {wait} s", wait)
        self._counts.add(key)

    def succeeded(self, account: str) -> None:
        """Forgive the account. Its address is not forgiven: its own account must not buy it guesses at others."""
        self._counts.forget(f"{self._kind}:account:{account}")

    def _keys(self, account: str, address: str) -> tuple[tuple[str, Pace], ...]:
        return (
            (f"{self._kind}:account:{account}", ACCOUNT),
            (f"{self._kind}:address:{network_of(address)}", ADDRESS),
        )

    def _wait(self, key: str, pace: Pace, now: float) -> int:
        number, last = self._counts.count(key)
        if number < pace.free:
            return 0
        return int(max(0.0, last + min(2.0 ** min(number - pace.free, 20), pace.longest_s) - now) + 0.999)


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 network of 64 bits, for a household has a whole one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
