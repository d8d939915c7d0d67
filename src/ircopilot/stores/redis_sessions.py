"""Sessions in Redis: a random id whose SHA-256 is the key, so that reading Redis gives nobody a session.

What comes before an organisation is known lies under `lobby:`; whose sessions there are, under `lobby:sessions:…`.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import orjson
import redis
from redis.exceptions import RedisError

from ircopilot.domain.errors import ProblemError

_MOST = 50  # sessions of one account, so that nobody can fill Redis with theirs
_INDEX_LIFE_S = 31 * 86400  # longer than any session may last


class SessionsUnreachable(ProblemError):
    """Redis, which holds the sessions, does not answer."""

    type = "sessions-unreachable"
    status = 503
    title = "Sessions cannot be looked up"


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in. `sid` names the session to people and is no secret; times are Unix seconds.

    `stage`: `full`, or `second_factor` while the password alone was shown. `factor`: a second factor was shown.
    """

    sid: str
    account_id: str
    org_id: str
    member_id: str
    epoch: int
    stage: str
    factor: bool
    via: str
    begun: float
    seen: float
    until: float
    idle_s: int
    address: str
    agent: str


class SessionRows:
    """The sessions of all organisations. Every call raises `SessionsUnreachable` when Redis does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def begin(self, session: Session) -> str:
        """Keep a session; returns its id, which is kept nowhere."""
        secret = secrets.token_urlsafe(32)
        key, life = _key(secret), _life(session)
        with _asking():
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(key, orjson.dumps(asdict(session)), ex=life)
            for index in _indexes(session):
                pipe.zadd(index, {f"{session.sid} {key}": session.until})
                pipe.zremrangebyscore(index, "-inf", time.time())
                pipe.expire(index, _INDEX_LIFE_S)
            pipe.execute()
            self._end_beyond(_of_account(session.account_id))
        return secret

    def find(self, secret: str) -> Session | None:
        """The session of that id, unless it has ended."""
        with _asking():
            found = self._redis.get(_key(secret))
        if not isinstance(found, bytes):
            return None
        session = Session(**orjson.loads(found))
        return session if session.until > time.time() else None

    def touch(self, secret: str, session: Session, at: float | None = None) -> None:
        """Note that it was used, now or at `at`. One that was ended in the meantime stays ended."""
        fresh = replace(session, seen=time.time() if at is None else at)
        with _asking():
            self._redis.set(_key(secret), orjson.dumps(asdict(fresh)), ex=_life(fresh), xx=True)

    def end(self, secret: str) -> None:
        """End the session of that id."""
        with _asking():
            self._redis.delete(_key(secret))

    def sessions_of_account(self, account_id: str) -> list[Session]:
        """An account's sessions in all its organisations, newest first."""
        return self._list(_of_account(account_id))

    def sessions_of_member(self, org_id: str, member_id: str) -> list[Session]:
        """A member's sessions in that organisation, newest first."""
        return self._list(_of_member(org_id, member_id))

    def end_of_account(self, account_id: str, sids: Iterable[str] | None = None, but: str = "") -> list[Session]:
        """End an account's sessions, all or those named, except `but`; those that were ended."""
        return self._end(_of_account(account_id), sids, but)

    def end_of_member(self, org_id: str, member_id: str, sids: Iterable[str] | None = None) -> list[Session]:
        """End a member's sessions in that organisation, all or those named; those that were ended."""
        return self._end(_of_member(org_id, member_id), sids, "")

    def _end(self, index: str, sids: Iterable[str] | None, but: str) -> list[Session]:
        wanted = None if sids is None else set(sids)
        chosen = [
            (key, session)
            for key, session in self._entries(index)
            if session.sid != but and (wanted is None or session.sid in wanted)
        ]
        with _asking():
            if chosen:
                self._redis.delete(*(key for key, _ in chosen))
        return [session for _, session in chosen]

    def _end_beyond(self, index: str) -> None:
        """End an account's sessions beyond so many, those first that would end first."""
        beyond = int(self._redis.zcard(index)) - _MOST
        if beyond > 0:
            gone: list[tuple[bytes, float]] = self._redis.zpopmin(index, beyond)  # type: ignore[assignment]
            self._redis.delete(*(member.decode().partition(" ")[2] for member, _ in gone))

    def _list(self, index: str) -> list[Session]:
        return sorted((session for _, session in self._entries(index)), key=lambda s: s.begun, reverse=True)

    def _entries(self, index: str) -> Iterator[tuple[str, Session]]:
        with _asking():
            members: list[bytes] = self._redis.zrange(index, 0, -1)  # type: ignore[assignment]
            named = [m.decode().partition(" ")[2] for m in members]
            found = self._redis.mget(named) if named else []
        for key, body in zip(named, found, strict=True):
            if body is not None:
                yield key, Session(**orjson.loads(body))


def _key(secret: str) -> str:
    return f"lobby:session:{hashlib.sha256(secret.encode()).hexdigest()}"


def _of_account(account_id: str) -> str:
    return f"lobby:sessions:{account_id}"


def _of_member(org_id: str, member_id: str) -> str:
    return f"{org_id}:sessions:{member_id}"


def _indexes(session: Session) -> tuple[str, str]:
    return _of_account(session.account_id), _of_member(session.org_id, session.member_id)


def _life(session: Session) -> int:
    return max(1, int(min(session.idle_s, session.until - time.time())))


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise SessionsUnreachable("Redis did not answer", "try again in a moment") from error
