"""How a timeline asks: one scope, one query id, limits on each statement, and which loads the roll-ups cover.

Times are microseconds since 1970.
"""
# ruff: noqa: S608 - composed of fixed text, whole numbers and validated UUIDs; all else are parameters

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from ircopilot.stores.events.answers import QueryLimits
from ircopilot.stores.events.rollups import ROLLUPS, Rollup
from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore, QueryStopped

EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
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


def _covered_sql(loads: str) -> str:
    hours = ROLLUPS[-1].table
    return f"SELECT toString(load_id) AS load, min(at) AS first, max(at) AS last FROM {hours} WHERE {loads} GROUP BY load_id"


@dataclass
class Asking:
    """One caller's statements. They run one after another, so that one id is enough to cancel whichever runs."""

    events: EventStore
    scope: EventScope
    limits: QueryLimits
    query_id: str
    cancelled: bool = False

    def rows(self, sql: str, params: Mapping[str, object] | None = None, scope: EventScope | None = None) -> Rows:
        """The answer's rows; `{events}` in `sql` stands for the scope's events. Raises QueryStopped, EventStoreFailed."""
        if self.cancelled:
            raise QueryStopped("the query was cancelled")
        scope = scope or self.scope
        settings = {**self.limits.settings(), "query_id": self.query_id}
        sql = scope.sub_select(sql) if "{events}" in sql else sql
        table = self.events.query_table(sql, {**(params or {}), **scope.parameters()}, settings)
        found: Rows = table.to_pylist()
        return found

    def cancel(self) -> None:
        """Stop what runs now, and start nothing more."""
        self.cancelled = True
        self.events.cancel(self.query_id)

    def rolled(self, rollup: Rollup) -> str:
        """The rows of a roll-up that the scope's loads have."""
        return f"{rollup.table} WHERE {self.scope.loads_test()}"

    @cached_property
    def _covered(self) -> Rows:
        return self.rows(_covered_sql(self.scope.loads_test()))

    @cached_property
    def uncovered(self) -> tuple[str, ...]:
        """Loads without roll-ups: those without events, and those that an older version wrote."""
        covered = {row["load"] for row in self._covered}
        missing = tuple(load for load in self.scope.load_ids if str(uuid.UUID(load)) not in covered)
        if not missing:
            return ()
        sql = "SELECT DISTINCT toString(load_id) AS load FROM {events}"
        return tuple(row["load"] for row in self.rows(sql, scope=replace(self.scope, load_ids=missing)))

    def whole_scope(self, load_ids: tuple[str, ...] | None = None) -> EventScope:
        """The scope without its window, of these loads; the statement says the time."""
        return EventScope(self.scope.org_id, self.scope.load_ids if load_ids is None else load_ids)

    @cached_property
    def window(self) -> tuple[int, int] | None:
        """`first <= time < end` of what there is in the scope, to the second; None when there is nothing."""
        spans = [self._span()] if self._covered else []
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
        """First and last second in the roll-ups: looked up in the first and last hour alone."""
        first, last = min(row["first"] for row in self._covered), max(row["last"] for row in self._covered)
        sql = f"SELECT min(at) AS a, max(at) AS b FROM {self.rolled(ROLLUPS[0])}"
        ends = f"(at < {first + 3600} OR at >= {last})"
        (row,) = self.rows(f"{sql} AND {ends}")
        return int(row["a"]) * SECOND, (int(row["b"]) + 1) * SECOND
