"""How many calls one caller and one organisation may make. Source: draft-ietf-httpapi-ratelimit-headers-10."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from ircopilot.access.caller import Caller
from ircopilot.gateway.errors import TooManyRequests
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.stores.redis_rates import Bucket, Rates, Taken, wait_seconds

WINDOW_S = 60
LEASE_S = 1.0
SHARE = 300  # of the smaller limit, what a process may hold for a caller
_REMEMBERED = 10_000


@dataclass
class _Lease:
    """Calls that were taken from the buckets ahead of time, for one caller of this process."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    size: int = 0
    left: int = 0
    until: float = 0.0
    behind: tuple[float, ...] = ()  # what the buckets still held


class CallRates:
    """Counts calls against the limits; a limit of 0 is none.

    Who calls often has some calls taken ahead, as many as it lately made in a second and at most `SHARE` of the limit, so
    that not each waits for Redis; what it does not use goes back with the next.
    """

    def __init__(self, redis_url: str, limits: GatewayLimits) -> None:
        self._rates = Rates(redis_url, WINDOW_S)
        sizes = {"caller": limits.rate_caller, "organisation": limits.rate_organisation}
        self._limits = {name: size for name, size in sizes.items() if size}
        self._most = max(1, min(self._limits.values(), default=0) // SHARE)
        self._policy = ", ".join(f'"{name}";q={size};w={WINDOW_S}' for name, size in self._limits.items())
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def count(self, caller: Caller) -> dict[str, str]:
        """Count a call; the headers that say what is left. Raises `TooManyRequests`, whose headers say it, too."""
        if not self._limits:
            return {}
        whose = f"{caller.org_id}:rate:{caller.kind}:{caller.principal_id}"
        lease = self._lease(whose)
        if not self._use(lease):
            async with lease.lock:
                if not self._use(lease):
                    await self._renew(lease, {"caller": whose, "organisation": f"{caller.org_id}:rate"})
        return self._headers([behind + lease.left for behind in lease.behind])

    async def close(self) -> None:
        """Close the connections."""
        await self._rates.close()

    def _lease(self, whose: str) -> _Lease:
        lease = self._leases.get(whose)
        if lease is None:
            lease = self._leases[whose] = _Lease()
            if len(self._leases) > _REMEMBERED:
                self._leases.popitem(last=False)
        return lease

    def _use(self, lease: _Lease) -> bool:
        if not lease.left or time.monotonic() >= lease.until:
            return False
        lease.left -= 1
        return True

    async def _renew(self, lease: _Lease, whose: dict[str, str]) -> None:
        """Take the next ones, the present call among them. Raises `TooManyRequests` when there is not even that one."""
        buckets = [Bucket(whose[name], size) for name, size in self._limits.items()]
        used = lease.size - lease.left
        size = max(1, min(self._most, used if lease.left else 2 * used))
        taken = await self._rates.take(buckets, size - lease.left)
        if taken.wait_s and size > 1:
            size = 1
            taken = await self._rates.take(buckets, size - lease.left)
        if taken.wait_s:
            self._refuse(taken)
        lease.size, lease.left, lease.behind = size, size - 1, taken.left
        lease.until = time.monotonic() + LEASE_S

    def _refuse(self, taken: Taken) -> None:
        raise TooManyRequests(
            "more calls than may be made in a minute",
            "wait as long as Retry-After says",
            wait_seconds(taken),
            self._headers(list(taken.left)),
        )

    def _headers(self, left: list[float]) -> dict[str, str]:
        told = ", ".join(
            f'"{name}";r={int(tokens)};t={WINDOW_S}' for name, tokens in zip(self._limits, left, strict=True)
        )
        return {"RateLimit-Policy": self._policy, "RateLimit": told}
