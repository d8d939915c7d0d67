"""Token buckets in Redis, shared by all processes: several are taken from at once, by one script, all or none."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import redis
import redis.asyncio

# KEYS: buckets. ARGV: what each holds when full, in the same order, then the seconds in which one fills up, what is taken.
# Redis's own clock, so that processes need not agree on the time.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local window, cost = tonumber(ARGV[#KEYS + 1]), tonumber(ARGV[#KEYS + 2])
local left, short = {}, 0
for i, key in ipairs(KEYS) do
  local size = tonumber(ARGV[i])
  local held = redis.call('HMGET', key, 'tokens', 'at')
  local tokens = tonumber(held[1]) or size
  local passed = math.max(0, now - (tonumber(held[2]) or now))
  left[i] = math.min(size, tokens + passed * size / window)
  if left[i] < cost then short = math.max(short, (cost - left[i]) * window / size) end
end
for i, key in ipairs(KEYS) do
  if short == 0 then left[i] = left[i] - cost end
  redis.call('HSET', key, 'tokens', tostring(left[i]), 'at', tostring(now))
  redis.call('EXPIRE', key, math.ceil(window) * 2)
  left[i] = tostring(left[i])
end
return {tostring(short), left}
"""
_AGAIN_S = 1.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """`name` begins with the organisation's id; `size` is what may be taken in one window."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left in each bucket, and how many seconds are to be waited; 0 when it was taken."""

    left: tuple[float, ...]
    wait_s: float


class Rates:
    """Takes from buckets. While Redis does not answer, each process has buckets of its own."""

    def __init__(self, url: str, window_s: float = 60.0, patience_s: float = 0.25) -> None:
        self._redis = redis.asyncio.Redis.from_url(url, socket_timeout=patience_s, socket_connect_timeout=patience_s)
        self._script = self._redis.register_script(_TAKE)
        self._window = window_s
        self._own = OwnBuckets(window_s)
        self._again = 0.0

    async def take(self, buckets: Sequence[Bucket], cost: int = 1) -> Taken:
        """Take from all of them, or from none when one does not hold enough."""
        if time.monotonic() >= self._again:
            try:
                keys, sizes = [b.name for b in buckets], [b.size for b in buckets]
                short, left = await self._script(keys=keys, args=[*sizes, self._window, cost])
                return Taken(tuple(float(x) for x in left), float(short))
            except (redis.RedisError, OSError, TimeoutError):
                self._again = time.monotonic() + _AGAIN_S
        return self._own.take(buckets, cost, time.monotonic())

    async def close(self) -> None:
        """Close the pool."""
        await self._redis.aclose()


class OwnBuckets:
    """The same in this process's memory."""

    def __init__(self, window_s: float) -> None:
        self._window = window_s
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, buckets: Sequence[Bucket], cost: int, now: float) -> Taken:
        """As `Rates.take`, at that time."""
        left, short = [], 0.0
        for bucket in buckets:
            tokens, at = self._held.get(bucket.name, (float(bucket.size), now))
            left.append(min(float(bucket.size), tokens + (now - at) * bucket.size / self._window))
            if left[-1] < cost:
                short = max(short, (cost - left[-1]) * self._window / bucket.size)
        if short == 0:
            left = [tokens - cost for tokens in left]
        for bucket, tokens in zip(buckets, left, strict=True):
            self._held[bucket.name] = (tokens, now)
            self._held.move_to_end(bucket.name)
        while len(self._held) > _REMEMBERED:
            self._held.popitem(last=False)
        return Taken(tuple(left), short)


def wait_seconds(taken: Taken) -> int:
    """Whole seconds after which it can be taken."""
    return max(1, math.ceil(taken.wait_s))
