"""How a timeline asks: one scope, one query id, limits on each statement, and which loads the roll-ups cover.

Times are microseconds since 1970.
"""
# ruff: noqa: S608 - composed of fixed text, whole numbers and validated UUIDs; all else are parameters

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from ircopilot.stores.events.answers import QueryLimits
from ircopilot.stores.events.known_loads import Hours
from ircopilot.stores.events.rollups import ROLLUPS, Rollup
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore, QueryStopped
from ircopilot.stores.events.turns import SMALL

EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
HOUR = 3600 * SECOND
PRECISE = 6  # hours within which the window is looked up to the minute
CANCEL_S = 10.0
CANCEL_AGAIN_S = 0.1
Rows = list[dict[str, Any]]


def micros(when: datetime) -> int:
    """Microseconds since 1970."""
    return (when - EPOCH_UTC) // timedelta(microseconds=1)


def moment(time: int) -> datetime:
    """The UTC time of microseconds since 1970."""
    return EPOCH_UTC + timedelta(microseconds=time)


def at_micros(time: int) -> str:
    """That time as SQL."""
    return f"fromUnixTimestamp64Micro(toInt64({int(time)}), 'UTC')"


@dataclass
class Asking:
    """One caller's statements. They run one after another, so that one id is enough to cancel whichever runs.

    `cancel` may be called from any thread, at any moment.
    """

    events: EventStore
    scope: EventScope
    limits: QueryLimits
    query_id: str
    cancelled: bool = False
    _idle: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        self._idle.set()

    def rows(self, sql: str, params: Mapping[str, object] | None = None, scope: EventScope | None = None) -> Rows:
        """The answer's rows; `{events}` in `sql` stands for the scope's events. Raises QueryStopped, EventStoreFailed."""
        scope = scope or self.scope
        settings = {**self.limits.settings(), "query_id": self.query_id}
        sql = scope.sub_select(sql) if "{events}" in sql else sql
        self._idle.clear()
        try:
            # Looked at after it is said that something runs: whoever cancels in between waits for the end of it.
            self.stop_if_cancelled()
            table = self.events.query_table(sql, {**(params or {}), **scope.parameters()}, settings)
            self.stop_if_cancelled()
        finally:
            self._idle.set()
        found: Rows = table.to_pylist()
        return found

    def turn(self, events: float, told: bool = False) -> AbstractContextManager[None]:
        """Hold it while a statement reads about so many events. `told`: the question has an answer to show already."""
        if events <= SMALL:
            return nullcontext()
        return self.events.turns.taken(self.limits.scans, told, self.stop_if_cancelled)

    def cancel(self) -> None:
        """Stop what runs now, and start nothing more; returns when it has ended, or after `CANCEL_S`."""
        self.cancelled = True
        until = time.monotonic() + CANCEL_S
        # Again and again: a statement that is still on its way cannot be found yet.
        while not self._idle.is_set() and time.monotonic() < until:
            self.events.cancel(self.query_id)
            self._idle.wait(CANCEL_AGAIN_S)

    def stop_if_cancelled(self) -> None:
        """Raises QueryStopped once it was cancelled."""
        if self.cancelled:
            raise QueryStopped("the query was cancelled")

    def rolled(self, rollup: Rollup) -> str:
        """The rows of a roll-up that the scope's loads have."""
        return f"{rollup.table} WHERE {self.scope.loads_test()}"

    def whole_scope(self, load_ids: tuple[str, ...] | None = None) -> EventScope:
        """The scope without its window, of these loads; the statement says the time."""
        return EventScope(self.scope.org_id, self.scope.load_ids if load_ids is None else load_ids)

    def among(self, loads: tuple[str, ...]) -> Asking:
        """The same caller asking of these loads alone, before anything else is asked; cancelled with it."""
        return _Among(self, loads)

    @cached_property
    def _hours(self) -> dict[str, Hours]:
        """The hours of each load that has roll-ups."""
        org, known = self.scope.org_id, self.events.known_loads
        found = {load: known.get(org, load) for load in self.scope.load_ids}
        fresh = tuple(load for load, hours in found.items() if hours is None)
        if fresh:
            loads = self.whole_scope(fresh).loads_test()
            sql = (
                f"SELECT toString(load_id) AS load, at, sum(events) AS n FROM {ROLLUPS[-1].table} "
                f"WHERE {loads} GROUP BY load_id, at ORDER BY at"
            )
            read: dict[str, Hours] = {}
            for row in self.rows(sql):
                read.setdefault(row["load"], {})[int(row["at"])] = int(row["n"])
            for load in fresh:
                if (hours := read.get(str(uuid.UUID(load)))) is not None:
                    known.put(org, load, hours)
                    found[load] = hours
        return {load: hours for load, hours in found.items() if hours is not None}

    @cached_property
    def hours(self) -> list[tuple[int, int]]:
        """Hours in which there are events (their start in microseconds) and how many, of all loads with roll-ups."""
        return self.hours_of(tuple(self._hours))

    def hours_of(self, loads: tuple[str, ...]) -> list[tuple[int, int]]:
        """The same of some of the scope's loads."""
        total: Counter[int] = Counter()
        for load in loads:
            total.update(self._hours.get(load, {}))
        return [(at * SECOND, number) for at, number in sorted(total.items())]

    @cached_property
    def uncovered(self) -> tuple[str, ...]:
        """Loads with events but without roll-ups: those that an older version wrote."""
        missing = tuple(load for load in self.scope.load_ids if load not in self._hours)
        if not missing:
            return ()
        sql = "SELECT DISTINCT toString(load_id) AS load FROM {events}"
        return tuple(row["load"] for row in self.rows(sql, scope=self.whole_scope(missing)))

    @cached_property
    def window(self) -> tuple[int, int] | None:
        """`first <= time < end` of what there is in the scope; None when there is nothing.

        A span of a few hours is known to the minute, a longer one to the hour.
        """
        spans = [self._span()] if self.hours else []
        if self.uncovered:
            sql = "SELECT min(time) AS a, max(time) AS b FROM {events}"
            spans += [
                (micros(r["a"]), micros(r["b"]) + 1) for r in self.rows(sql, scope=self.whole_scope(self.uncovered))
            ]
        if not spans:
            return None
        low, high = min(a for a, _ in spans), max(b for _, b in spans)
        low = max(low, micros(self.scope.since)) if self.scope.since else low
        high = min(high, micros(self.scope.until)) if self.scope.until else high
        return (low, high) if low < high else None

    def _span(self) -> tuple[int, int]:
        first, last = self.hours[0][0], self.hours[-1][0]
        if last - first > PRECISE * HOUR:
            return first, last + HOUR
        (row,) = self.rows(f"SELECT min(at) AS a, max(at) AS b FROM {self.rolled(ROLLUPS[1])}")
        return int(row["a"]) * SECOND, (int(row["b"]) + 60) * SECOND


class _Among(Asking):
    """Some of another's loads, by its statements."""

    def __init__(self, whole: Asking, loads: tuple[str, ...]) -> None:
        super().__init__(whole.events, replace(whole.scope, load_ids=loads), whole.limits, whole.query_id)
        self._whole = whole

    def rows(self, sql: str, params: Mapping[str, object] | None = None, scope: EventScope | None = None) -> Rows:
        """As the other one's."""
        return self._whole.rows(sql, params, scope or self.scope)

    def stop_if_cancelled(self) -> None:
        """Raises QueryStopped once the other one was cancelled."""
        self._whole.stop_if_cancelled()
