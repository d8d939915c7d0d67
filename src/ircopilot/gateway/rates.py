"""How many calls one caller and one organisation may make. Source: draft-ietf-httpapi-ratelimit-headers-10."""

from __future__ import annotations

from ircopilot.access.caller import Caller
from ircopilot.gateway.errors import TooManyRequests
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.stores.redis_rates import Bucket, Rates, Taken, wait_seconds

WINDOW_S = 60


class CallRates:
    """Counts calls against the limits; a limit of 0 is none."""

    def __init__(self, redis_url: str, limits: GatewayLimits) -> None:
        self._rates = Rates(redis_url, WINDOW_S)
        self._limits = {"caller": limits.rate_caller, "organisation": limits.rate_organisation}

    async def count(self, caller: Caller) -> dict[str, str]:
        """Count a call; the headers that say what is left. Raises `TooManyRequests`, whose headers say it, too."""
        names = [name for name, size in self._limits.items() if size]
        if not names:
            return {}
        whose = {
            "caller": f"{caller.org_id}:rate:{caller.kind}:{caller.principal_id}",
            "organisation": f"{caller.org_id}:rate",
        }
        taken = await self._rates.take([Bucket(whose[name], self._limits[name]) for name in names])
        headers = self._headers(names, taken)
        if taken.wait_s:
            raise TooManyRequests(
                "more calls than may be made in a minute",
                "wait as long as Retry-After says",
                wait_seconds(taken),
                headers,
            )
        return headers

    def _headers(self, names: list[str], taken: Taken) -> dict[str, str]:
        policy = ", ".join(f'"{name}";q={self._limits[name]};w={WINDOW_S}' for name in names)
        left = ", ".join(
            f'"{name}";r={int(tokens)};t={WINDOW_S}' for name, tokens in zip(names, taken.left, strict=True)
        )
        return {"RateLimit-Policy": policy, "RateLimit": left}

    async def close(self) -> None:
        """Close the connections."""
        await self._rates.close()
