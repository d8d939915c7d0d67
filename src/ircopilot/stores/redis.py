"""Redis: fans progress out to who is watching, and caches. Nothing here is the truth: it may be emptied any time."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import redis

from ircopilot.stores.postgres.json_text import dump_json, load_json
from ircopilot.stores.postgres.progress import RunEvent

_KEPT = 10_000
_LIFE_S = 24 * 3600
_KNOCKS = 100


class LiveStore:
    """A connection to Redis or Valkey (`redis://…`, `unix:///path`). Every key begins with the organisation's id."""

    def __init__(self, url: str) -> None:
        self._redis: redis.Redis = redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=5)

    @property
    def client(self) -> redis.Redis:
        """The connections, for the stores beside this one."""
        return self._redis

    def publish_run_event(self, org_id: str, event: RunEvent) -> bool:
        """Fan one event out; False when Redis does not answer or is full: watchers then read Postgres when they next look.

        Its number is the stream's id, so saying it twice, or late, changes nothing.
        """
        body: dict[Any, Any] = {"stage": event.stage, "payload": dump_json(event.payload), "at": event.at.isoformat()}
        key = progress_key(org_id, event.run_id)
        try:
            if event.stage == "run":
                self.wake_feed(org_id)
            self._redis.xadd(key, body, id=f"{event.number}-0", maxlen=_KEPT, approximate=True)
            self._redis.expire(key, _LIFE_S)
        except redis.AuthenticationError:
            raise
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        except redis.ResponseError as error:
            # An id that is not above the last one: this event, or a later one, is there already.
            return "equal or smaller" in str(error)
        return True

    def wake_feed(self, org_id: str) -> bool:
        """Say that the organisation's feed has grown; False when Redis does not answer: its readers look again anyway."""
        key = feed_key(org_id)
        try:
            self._redis.xadd(key, {"at": "now"}, maxlen=_KNOCKS, approximate=True)
            self._redis.expire(key, _LIFE_S)
        except redis.AuthenticationError:
            raise
        except redis.RedisError:
            return False
        return True

    def wait_for_run_event(self, org_id: str, run_id: str, after: int, timeout_s: float = 15.0) -> bool:
        """True as soon as an event with a number above `after` was fanned out, False when the time is up.

        The events themselves are read from Postgres (`run_events_since`), which alone has no gaps.
        """
        key = progress_key(org_id, run_id)
        return bool(self._redis.xread({key: f"{after}-{2**63}"}, count=1, block=max(1, int(timeout_s * 1000))))

    def remember(self, org_id: str, key: str, value: Any, life_s: int = 300) -> None:
        """Cache a JSON value."""
        self._redis.set(tenant_key(org_id, "cache", key), dump_json(value), ex=life_s)

    def recall(self, org_id: str, key: str) -> Any:
        """The cached value, or None."""
        found = self._redis.get(tenant_key(org_id, "cache", key))
        return load_json(found) if isinstance(found, bytes) else None

    def forget(self, org_id: str, key: str) -> None:
        """Drop a cached value."""
        self._redis.delete(tenant_key(org_id, "cache", key))

    def close(self) -> None:
        """Close the pool."""
        self._redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def tenant_key(org_id: str, *parts: str) -> str:
    """Every key of an organisation, and so all that keeps the organisations' keys apart."""
    return ":".join((org_id, *parts))


def progress_key(org_id: str, run_id: str) -> str:
    """The stream that fans a run's events out."""
    return tenant_key(org_id, "progress", run_id)


def feed_key(org_id: str) -> str:
    """The stream that wakes the readers of an organisation's feed."""
    return tenant_key(org_id, "feed")
