"""Failures counted in Redis and in this process: the larger count holds, so that an emptied Redis forgives nobody here."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import redis
from redis.exceptions import RedisError

_KEPT = 50_000


class FailureCounts:
    """Failures by key within `window_s` of the last one. A Redis that does not answer leaves this process's counts."""

    def __init__(
        self, client: redis.Redis, window_s: int = 900, clock: Callable[[], float] = time.time
    ) -> None:  # fmt: skip
        self._redis, self._window_s, self._clock = client, window_s, clock
        self._here: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str) -> tuple[int, float]:
        """(failures, when the last one was, Unix seconds); (0, 0) when there were none lately."""
        number, last = self._local(key)
        try:
            # redis-py's types allow for an asynchronous client, too.
            there: dict[bytes, bytes] = self._redis.hgetall(_key(key))  # type: ignore[assignment]
        except (RedisError, OSError):
            there = {}
        told, told_last = int(there.get(b"n", 0)), float(there.get(b"at", 0))
        if told_last <= self._clock() - self._window_s:
            told, told_last = 0, 0.0
        return max(number, told), max(last, told_last)

    def add(self, key: str) -> int:
        """Count one more; how many there are now."""
        number, now = self.count(key)[0] + 1, self._clock()
        with self._lock:
            self._here[key] = (max(number, self._here.get(key, (0, 0.0))[0] + 1), now)
            self._here.move_to_end(key)
            while len(self._here) > _KEPT:
                self._here.popitem(last=False)
        try:
            pipe = self._redis.pipeline(transaction=True)
            pipe.hincrby(_key(key), "n", 1)
            pipe.hset(_key(key), "at", str(now))
            pipe.expire(_key(key), self._window_s)
            number = max(number, int(pipe.execute()[0]))
        except (RedisError, OSError):
            pass
        return number

    def forget(self, key: str) -> None:
        """Begin again at none."""
        with self._lock:
            self._here.pop(key, None)
        try:
            self._redis.delete(_key(key))
        except (RedisError, OSError):
            return

    def _local(self, key: str) -> tuple[int, float]:
        with self._lock:
            number, last = self._here.get(key, (0, 0.0))
            if last and last <= self._clock() - self._window_s:
                del self._here[key]
                return 0, 0.0
            return number, last


def _key(key: str) -> str:
    # What was typed as an address must not be readable in Redis, nor make keys of any length.
    return f"lobby:failures:{hashlib.sha256(key.encode()).hexdigest()[:40]}"
