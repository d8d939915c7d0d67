"""Pages of events by time and id, from either end or from a cursor, in either direction.

The roll-ups say how far to reach for enough events, so that a page reads the stretch of time that it needs and not what
lies behind it. A search that they cannot count reads ever longer stretches until it has enough or its time is up.
"""
# ruff: noqa: S608 - composed of fixed text and whole numbers; all else are parameters

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.event import HOT_BY_NAME
from ircopilot.stores.events.answers import Page
from ircopilot.stores.events.asking import HOUR, SECOND, Asking, Rows, at_micros, micros, moment
from ircopilot.stores.events.condition import EVERYTHING, Condition
from ircopilot.stores.events.cursor import Cursor, read_cursor
from ircopilot.stores.events.store import event_of

Direction = Literal["later", "earlier"]
MOST_EVENTS = 1_000
# What a list shows: each column more costs a page a third of a millisecond, all of them three quarters of its time.
KEYS = (
    "event_id", "artifact_sha256", "locator", "seq", "time", "time_recorded", "time_field", "kind", "source", "message",
)  # fmt: skip
LISTED = (
    "event_code", "event_action", "event_outcome", "event_severity", "rule_name", "host_name", "user_name",
    "user_target_name", "process_executable", "process_command_line", "file_path", "registry_path", "source_ip",
    "destination_ip", "destination_port", "dns_question_name", "url_full",
)  # fmt: skip
ORIGINAL, WHOLE_MAP = "fields.", "fields"
FIRST_REACH = 200_000  # events that a search looks through before it looks at how long that took
_ALL = 1 << 62
FIRST_LOOK = 50_000  # and one whose words an index knows, before it asks the index about all the others


def read_page(
    asking: Asking, where: Condition, cursor: str | None, direction: Direction, limit: int,
    shown: tuple[str, ...] = LISTED,
) -> Page:  # fmt: skip
    """The page behind the cursor in that direction, its events always by time, with the columns `shown` and those that
    every event has; an original field is `fields.NAME`, all of them `fields`. Raises UnusableArgument.
    """
    if unknown := [name for name in shown if name not in (*HOT_BY_NAME, WHOLE_MAP) and not name.startswith(ORIGINAL)]:
        raise UnusableArgument(f"there is no field {unknown[0][:60]}", "name columns of events, or fields.NAME")
    if direction not in ("later", "earlier"):
        raise UnusableArgument("a page goes later or earlier")
    if not 1 <= limit <= MOST_EVENTS:
        raise UnusableArgument(f"a page has 1 to {MOST_EVENTS} events")
    start = read_cursor(cursor) if cursor else None
    if asking.window is None:
        return Page((), None, None)
    return _Search(asking, where, direction, limit + 1, start, shown).page()


@dataclass
class _Search:
    """One page on its way. `wanted` is one more than the page holds: it tells whether there are more."""

    asking: Asking
    where: Condition
    direction: Direction
    wanted: int
    start: Cursor | None
    shown: tuple[str, ...]

    def page(self) -> Page:
        """Stretch by stretch, until there are enough, none are left, or time is up."""
        assert self.asking.window is not None
        low, high = self.asking.window
        later, start = self.direction == "later", self.start
        if start:  # the cursor's own microsecond is still to be read: other ids may lie in it
            low, high = (max(low, start.time), high) if later else (low, min(high, start.time + bool(start.event_id)))
        exact = self.where == EVERYTHING
        where, found = self.where.for_few_events() if self.where.looked_up else self.where, Rows()
        goal = 2 * self.wanted if exact else FIRST_LOOK if where.looked_up else FIRST_REACH
        until = time.monotonic() + self.asking.limits.patience
        while low < high and len(found) < self.wanted:
            if found and not exact and time.monotonic() > until:
                break
            edge = self._reach(low, high, goal)
            with nullcontext() if exact else self.asking.turn(goal):
                begun = time.monotonic()
                found += (
                    self._read(where, low, edge, len(found)) if later else self._read(where, edge, high, len(found))
                )
                took = max(time.monotonic() - begun, 0.001)
            low, high = (edge, high) if later else (low, edge)
            if exact:
                goal *= 4
                continue
            if self.where.looked_up:
                # All the rest when nothing was there, else about as much as holds enough.
                where, goal = self.where, (2 * goal * self.wanted // len(found) if found else _ALL)
                continue
            left = until - time.monotonic()
            if left <= 0:
                break
            # As much more as there is time for, going by how long this took: an answer late by a whole stretch is late.
            goal = max(FIRST_REACH // 4, min(goal * 8, int(goal * left / took)))
        return self._paged(found, low, high)

    def _reach(self, low: int, high: int, goal: int) -> int:
        """The time up to which (down to which) there are about `goal` events; the far end when nobody can tell.

        Within an hour events are taken to lie evenly: where they do not, the next stretch is longer.
        """
        later = self.direction == "later"
        far = high if later else low
        if self.asking.uncovered:
            return far
        left = float(goal)
        for at, number in self.asking.hours if later else reversed(self.asking.hours):
            first, last = max(at, low), min(at + HOUR, high)
            if first >= last:
                continue
            here = number * (last - first) / HOUR
            if here >= left:
                reach = max(SECOND, round((last - first) * left / here))
                return min(first + reach, high) if later else max(last - reach, low)
            left -= here
        return far

    def _read(self, where: Condition, low: int, high: int, have: int) -> Rows:
        """The events of a stretch, in the direction's order, behind the cursor."""
        later = self.direction == "later"
        order = "ASC" if later else "DESC"
        tests = [f"time >= {at_micros(low)}", f"time < {at_micros(high)}", where.sql]
        params = dict(where.params)
        if self.start and self.start.event_id:
            at = at_micros(self.start.time)
            sign = ">" if later else "<"
            tests.append(f"(time {sign} {at} OR (time = {at} AND event_id {sign} {{cursor_id:String}}))")
            params["cursor_id"] = self.start.event_id
        columns = [*KEYS, *(name for name in self.shown if not name.startswith(ORIGINAL))]
        if originals := [name[len(ORIGINAL) :] for name in self.shown if name.startswith(ORIGINAL)]:
            columns.append("mapFilter((name, _) -> has({shown_originals:Array(String)}, name), fields) AS fields")
            params["shown_originals"] = originals
        sql = (
            f"SELECT {', '.join(columns)} FROM {{events}} WHERE {' AND '.join(tests)} "
            f"ORDER BY time {order}, event_id {order} LIMIT {self.wanted - have}"
        )
        return self.asking.rows(sql, params, self.asking.whole_scope())

    def _paged(self, found: Rows, low: int, high: int) -> Page:
        """The page, and the cursors beside it. `low` to `high` was not looked at."""
        later, more = self.direction == "later", len(found) == self.wanted
        kept = found[: self.wanted - 1]
        ahead: Cursor | None = None
        if more:
            ahead = _cursor_of(kept[-1])
        elif low < high:
            ahead = Cursor(low if later else high)
        behind = (_cursor_of(kept[0]) if kept else self.start) if self.start else None
        whole = more or ahead is None
        beside = [str(cursor) if cursor else None for cursor in (behind, ahead)]
        earlier, following = beside if later else beside[::-1]
        events = tuple(event_of(row) for row in (kept if later else kept[::-1]))
        return Page(events, earlier, following, whole, None if whole or ahead is None else moment(ahead.time))


def merged_page(
    one: Page, other: Page, cursor: str | None, direction: Direction, limit: int
) -> Page:  # fmt: skip
    """The page of two sets of loads from those of each, which are whole and were asked for alike."""
    later, start = direction == "later", read_cursor(cursor) if cursor else None
    events = sorted((*one.events, *other.events), key=lambda e: (e.time, e.event_id), reverse=not later)
    kept = events[:limit]
    ahead = [page.later if later else page.earlier for page in (one, other)]
    more = len(events) > limit or any(ahead)
    following = str(Cursor(micros(kept[-1].time), kept[-1].event_id)) if more and kept else None
    behind = (Cursor(micros(kept[0].time), kept[0].event_id) if kept else start) if start else None
    back = str(behind) if behind else None
    earlier, beyond = (back, following) if later else (following, back)
    return Page(tuple(kept if later else kept[::-1]), earlier, beyond)


def _cursor_of(row: dict[str, Any]) -> Cursor:
    return Cursor(micros(row["time"]), row["event_id"])
