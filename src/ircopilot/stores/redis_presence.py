"""Who looks at which incident right now: said again and again by whoever looks, and forgotten when it is not.

A hash per organisation, one field per visit (a page that is open); a stream beside it that wakes who watches, when
something changed. Nothing of it is kept elsewhere: an emptied Redis has forgotten everybody until they say so again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
import redis
from redis.exceptions import RedisError

from ircopilot.stores.redis import tenant_key

LIFE_S = 45
_MOST = 8  # pages that one person may have open and be seen on
_KNOCKS = 10


class Visit(NamedTuple):
    """Somebody on a page of an incident; `claim` of version `report` is what they are writing."""

    incident_id: str
    incident: str
    principal: str
    name: str
    page: str
    report: int | None = None
    claim: str | None = None


class PresenceRows:
    """Says who looks. A Redis that does not answer is told nothing: nobody is seen then."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._clock = client, clock

    def enter(self, org_id: str, visit_id: str, visit: Visit) -> bool:
        """Be seen there for `LIFE_S`, and no longer where one was seen on this page before; False without Redis."""
        field = f"{visit.principal}:{visit_id}"
        now = self._clock()
        body = orjson.dumps([now + LIFE_S, *visit])
        try:
            known = self._known(org_id)
            own = sorted((found[0], name) for name, found in known.items() if name.startswith(f"{visit.principal}:"))
            surplus = [name for _, name in own if name != field][: -(_MOST - 1)]
            gone = [*(name for name, found in known.items() if found[0] <= now and name != field), *surplus]
            before = known.get(field)
            changed = before is None or before[0] <= now or before[1:] != list(visit) or bool(gone)
            self._write(org_id, (field, body), gone, knock=changed)
        except (RedisError, OSError):
            return False
        return True

    def leave(self, org_id: str, principal: str, visit_id: str) -> bool:
        """Be seen no more; False without Redis, which forgets by itself."""
        try:
            self._write(org_id, None, [f"{principal}:{visit_id}"], knock=True)
        except (RedisError, OSError):
            return False
        return True

    def _known(self, org_id: str) -> dict[str, list[Any]]:
        # redis-py's types allow for an asynchronous client, too.
        found: Any = self._redis.hgetall(presence_key(org_id))
        return {name.decode(): orjson.loads(body) for name, body in found.items()}

    def _write(self, org_id: str, told: tuple[str, bytes] | None, gone: list[str], *, knock: bool) -> None:
        pipe = self._redis.pipeline(transaction=True)
        if gone:
            pipe.hdel(presence_key(org_id), *gone)
        if told:
            pipe.hset(presence_key(org_id), *told)
            pipe.expire(presence_key(org_id), 2 * LIFE_S)
        if knock:
            pipe.xadd(bell_key(org_id), {"at": "now"}, maxlen=_KNOCKS, approximate=True)
            pipe.expire(bell_key(org_id), 2 * LIFE_S)
        pipe.execute()


def presence_key(org_id: str) -> str:
    """The hash of an organisation's visits."""
    return tenant_key(org_id, "presence")


def bell_key(org_id: str) -> str:
    """The stream that says that they have changed."""
    return tenant_key(org_id, "presence", "bell")


def visits_in(found: Mapping[bytes, bytes], now: float) -> list[Visit]:
    """The visits of a hash that are not over."""
    read = (orjson.loads(body) for body in found.values())
    return [Visit(*fields) for until, *fields in read if until > now]
