"""The timeline of a scope: histograms, pages, value counts, and what happened around an event.

Unfiltered, or filtered only by what roll-ups know, the answer comes from them; else from the events. One `Timeline` is
for one caller: its statements have limits and share an id, by which they are cancelled when the caller has gone.
"""
# ruff: noqa: S608 - composed of fixed text and whole numbers; all else are parameters

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ircopilot.domain.errors import ProblemError
from ircopilot.domain.event import HOT_BY_NAME, Event
from ircopilot.stores.events.answers import Histogram, Page, QueryLimits, ValueCounts
from ircopilot.stores.events.asking import Asking, at_micros, micros
from ircopilot.stores.events.condition import EVERYTHING, Condition
from ircopilot.stores.events.counting import WANTED_BUCKETS, count_by_time, count_values
from ircopilot.stores.events.cursor import Cursor
from ircopilot.stores.events.known_loads import SearchedPage
from ircopilot.stores.events.paging import LISTED, WHOLE_MAP, Direction, merged_page, read_page
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.sparks import Sparks, spark_loads
from ircopilot.stores.events.store import EventStore, event_of

LIMITS = QueryLimits()
MOST_VALUES = 1_000
KEPT_EVENTS = 200  # pages of searches up to this are remembered
Counted = TypeVar("Counted")


class UnknownEvent(ProblemError):
    """No event of that id lies in the scope."""

    type = "unknown-event"
    status = 404
    title = "There is no such event"


@dataclass(frozen=True, slots=True)
class Found:
    """An event and the load that it is of."""

    event: Event
    load_id: str


@dataclass(frozen=True, slots=True)
class Around:
    """An event, what came before it (ending with the nearest) and after it (beginning with the nearest)."""

    event: Event
    before: Page
    after: Page


class Timeline:
    """What a caller asks of one scope. All methods raise QueryStopped at a limit and EventStoreFailed."""

    def __init__(
        self, events: EventStore, scope: EventScope, limits: QueryLimits = LIMITS, query_id: str | None = None
    ) -> None:
        self._asking = Asking(events, scope, limits, query_id or str(uuid.uuid4()))

    def histogram(
        self,
        resolution: int | None = None,
        by: str | None = None,
        where: Condition = EVERYTHING,
        wanted: int = WANTED_BUCKETS,
        patience: float | None = None,
    ) -> Histogram:
        """Events per `resolution` seconds (None: `wanted` buckets or fewer) and value of `by`, a roll-up dimension.

        With `patience`, what was counted after so many seconds; the next call goes on from there. Raises UnusableArgument
        for a resolution that gives more than 5,000 buckets, or another column.
        """
        if patience is not None:
            until = time.monotonic() + patience
            with closing(count_by_time(self._asking, resolution, by, where, wanted)) as counted:
                return next(found for found in counted if found.whole or time.monotonic() >= until)
        return self._known(
            (resolution, by, wanted), where, lambda: _last(count_by_time(self._asking, resolution, by, where, wanted))
        )

    def page(
        self,
        where: Condition = EVERYTHING,
        cursor: str | None = None,
        direction: Direction = "later",
        limit: int = 100,
        shown: tuple[str, ...] = LISTED,
    ) -> Page:
        """Up to `limit` events behind the cursor, or from the end that `direction` leads away from.

        `shown`: the columns beside those that every event has; an original field is `fields.NAME`. Raises
        UnusableArgument for a cursor that is none, another direction, a limit outside 1..1000, no such column.
        """
        if where == EVERYTHING or limit > KEPT_EVENTS:
            return read_page(self._asking, where, cursor, direction, limit, shown)
        self._asking.stop_if_cancelled()
        asked = (cursor, direction, limit, shown)
        page = self._asking.events.known_pages.find(
            self._key(asked, where),
            lambda: self._searched(self._asked(asked, where), where, cursor, direction, limit, shown),
            lambda found: found.whole,
        )
        self._asking.stop_if_cancelled()
        return page

    def _searched(
        self, asked: Hashable, where: Condition, cursor: str | None, direction: Direction, limit: int,
        shown: tuple[str, ...],
    ) -> Page:  # fmt: skip
        """A page of a search. When there is one of fewer loads, only the others are looked through."""
        pages, loads = self._asking.events.searched_pages, frozenset(self._asking.scope.load_ids)
        known, page = pages.get(asked), None
        if known is not None and known.loads <= loads:
            fresh = self._asking.among(tuple(sorted(loads - known.loads)))
            found = read_page(fresh, where, cursor, direction, limit, shown)
            page = merged_page(known.page, found, cursor, direction, limit) if found.whole else None
        if page is None:
            page = read_page(self._asking, where, cursor, direction, limit, shown)
        if page.whole:
            pages.put(asked, SearchedPage(loads, page))
        return page

    def value_counts(self, field: str, where: Condition = EVERYTHING, limit: int = 50) -> ValueCounts:
        """The most frequent values of a column, or of an original field as `fields.NAME`; at most 1,000."""
        most = max(1, min(limit, MOST_VALUES))
        return self._known((field, most), where, lambda: count_values(self._asking, field, where, most))

    def _known(self, asked: Hashable, where: Condition, count: Callable[[], Counted]) -> Counted:
        """The answer that this process remembers: what is counted in committed loads stays so."""
        self._asking.stop_if_cancelled()
        answer = self._asking.events.known_answers.find(self._key(asked, where), count)
        self._asking.stop_if_cancelled()
        return answer

    def _key(self, asked: Hashable, where: Condition) -> Hashable:
        return self._asking.scope, self._asked(asked, where)

    def _asked(self, asked: Hashable, where: Condition) -> Hashable:
        """The question whatever the loads."""
        scope, params = self._asking.scope, tuple(sorted((n, str(v)) for n, v in where.params.items()))
        return scope.org_id, scope.since, scope.until, asked, where.sql, params

    def find(self, event_id: str, time: datetime | None = None) -> Found:
        """An event, whole. `time` is its time, if the caller knows it. Raises UnknownEvent."""
        at = f"AND time = {at_micros(micros(time))}" if time else ""
        sql = f"SELECT *, toString(load_id) AS load FROM {{events}} WHERE event_id = {{wanted:String}} {at} LIMIT 1"
        rows = self._asking.rows(sql, {"wanted": event_id}, self._asking.whole_scope())
        if not rows:
            raise UnknownEvent(f"no event {event_id[:40]} in this incident", "events of replaced loads are gone")
        return Found(event_of(rows[0]), rows[0]["load"])

    def places(self, event_ids: Iterable[str]) -> dict[str, tuple[str, datetime]]:
        """Load and time of these events; those that are not in the scope are missing."""
        wanted = sorted(set(event_ids))
        sql = (
            "SELECT event_id, toString(load_id) AS load, time FROM {events} "
            "WHERE event_id IN (SELECT arrayJoin({ids:Array(String)}))"
        )
        found: dict[str, tuple[str, datetime]] = {}
        for at in range(0, len(wanted), 500):
            rows = self._asking.rows(sql, {"ids": wanted[at : at + 500]}, self._asking.whole_scope())
            found |= {row["event_id"]: (row["load"], row["time"]) for row in rows}
        return found

    def among(self, event_ids: Iterable[str], where: Condition = EVERYTHING) -> dict[str, datetime]:
        """The times of those of these events that meet the condition; those that are not in the scope are missing."""
        wanted = sorted(set(event_ids))
        sql = (
            "SELECT event_id, time FROM {events} "
            f"WHERE event_id IN (SELECT arrayJoin({{ids:Array(String)}})) AND ({where.for_few_events().sql})"
        )
        found: dict[str, datetime] = {}
        for at in range(0, len(wanted), 500):
            rows = self._asking.rows(sql, {**where.params, "ids": wanted[at : at + 500]})
            found |= {row["event_id"]: row["time"] for row in rows}
        return found

    def which(self, where: Condition) -> set[str]:
        """The ids of the events that meet a condition of few; at most as many as an answer may have rows."""
        rows = self._asking.rows(f"SELECT event_id FROM {{events}} WHERE {where.sql}", where.params)
        return {str(row["event_id"]) for row in rows}

    def sample(self, limit: int = 500) -> tuple[Event, ...]:
        """The latest events, whole: what fields there are, and what stands in them."""
        return self.page(direction="earlier", limit=limit, shown=(*HOT_BY_NAME, WHOLE_MAP)).events

    def around(
        self, event_id: str, before: int = 50, after: int = 50, *, same_host: bool = False, time: datetime | None = None
    ) -> Around:
        """What happened around an event, on its host alone or everywhere. `time` is the event's, if the caller knows it:
        finding it is then a matter of its key. Raises UnknownEvent.
        """
        event, where = self.find(event_id, time).event, EVERYTHING
        if same_host:
            host = {"around_host": str(event.ecs.get("host_name", ""))}
            where = Condition("(host_name = {around_host:String})", host, frozenset({"host_name"}))
        here = str(Cursor(micros(event.time), event.event_id))
        return Around(
            event,
            read_page(self._asking, where, here, "earlier", before),
            read_page(self._asking, where, here, "later", after),
        )

    def sparks(self, first: datetime, last: datetime) -> Sparks:
        """How many events each load of the scope has over that time."""
        return spark_loads(self._asking, first, last)

    def cancel(self) -> None:
        """Stop what runs, from another thread: its caller gets QueryStopped. Nothing more can be asked afterwards."""
        self._asking.cancel()


def _last(counted: Iterator[Histogram]) -> Histogram:
    return deque(counted, maxlen=1).pop()
