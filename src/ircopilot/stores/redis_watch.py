"""Waiting for what Redis fans out without holding a thread: one connection per run or organisation that is watched."""

from __future__ import annotations

import time
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from ircopilot.stores.redis import feed_key, progress_key
from ircopilot.stores.redis_presence import Visit, bell_key, presence_key, visits_in


class LiveWatch:
    """Asynchronous twin of `LiveStore.wait_for_run_event`, for a process that watches many runs."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=2)

    async def wait_for_run_event(self, org_id: str, run_id: str, after: int, timeout_s: float) -> bool | None:
        """True as soon as an event with a number above `after` was fanned out, False when the time is up.

        None when Redis does not answer: the caller looks into Postgres, where the events are, at its own pace.
        """
        key = progress_key(org_id, run_id)
        try:
            return bool(
                await self._redis.xread({key: f"{after}-{2**63}"}, count=1, block=max(1, int(timeout_s * 1000)))
            )
        except (RedisError, OSError):
            return None

    async def wait_for_feed(self, org_id: str, seen: str, timeout_s: float) -> str | None:
        """Wait until the organisation's feed grows; what to give as `seen` the next time ("0-0" at first).

        None when Redis does not answer, as with `wait_for_run_event`.
        """
        return await self._wait(feed_key(org_id), seen, timeout_s)

    async def wait_for_visits(self, org_id: str, seen: str, timeout_s: float) -> str | None:
        """The same for who looks at the organisation's incidents. Those who only stopped saying so wake nobody."""
        return await self._wait(bell_key(org_id), seen, timeout_s)

    async def visits(self, org_id: str) -> list[Visit]:
        """Who looks at the organisation's incidents; nobody that is known of when Redis does not answer."""
        try:
            found: Any = await self._redis.hgetall(presence_key(org_id))
        except (RedisError, OSError):
            return []
        return visits_in(found, time.time())

    async def _wait(self, stream: str, seen: str, timeout_s: float) -> str | None:
        try:
            found: Any = await self._redis.xread({stream: seen}, block=max(1, int(timeout_s * 1000)))
            return str(found[0][1][-1][0].decode()) if found else seen
        except (RedisError, OSError):
            return None

    async def answers(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
