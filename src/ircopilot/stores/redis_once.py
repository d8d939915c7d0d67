"""Values that may be taken once: challenges and states of a ceremony that began with us and must end with us."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import orjson
import redis
from redis.exceptions import RedisError

from ircopilot.stores.redis_sessions import SessionsUnreachable


class OnceStore:
    """Each call raises `SessionsUnreachable` when Redis does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def put(self, kind: str, value: Any, life_s: int) -> str:
        """Keep a JSON value; returns the ticket that takes it, whose hash alone is kept."""
        ticket = secrets.token_urlsafe(32)
        try:
            self._redis.set(_key(kind, ticket), orjson.dumps(value), ex=life_s)
        except (RedisError, OSError) as error:
            raise SessionsUnreachable("Redis did not answer", "try again in a moment") from error
        return ticket

    def take(self, kind: str, ticket: str) -> Any:
        """The value, which is gone afterwards; None when there is none, or no more."""
        try:
            found = self._redis.getdel(_key(kind, ticket))
        except (RedisError, OSError) as error:
            raise SessionsUnreachable("Redis did not answer", "try again in a moment") from error
        return orjson.loads(found) if isinstance(found, bytes) else None


def _key(kind: str, ticket: str) -> str:
    return f"lobby:once:{kind}:{hashlib.sha256(ticket.encode()).hexdigest()}"
