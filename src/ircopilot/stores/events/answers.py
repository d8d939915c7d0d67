"""What a timeline answers, and the limits of asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ircopilot.domain.event import Event


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """Of each statement: threads, seconds, rows read (0: any number), rows answered, bytes of memory.

    `scans`: how many statements of this process read many events at a time. `patience` is how long (seconds) a page goes on
    looking for events that meet its search before it answers with those it has.
    """

    threads: int = 1
    seconds: float = 10.0
    rows_read: int = 0
    rows_answered: int = 200_000
    memory: int = 1 << 30
    scans: int = 2
    patience: float = 0.25

    def settings(self) -> dict[str, str]:
        """As settings of ClickHouse."""
        return {
            "max_threads": str(self.threads),
            "max_execution_time": str(self.seconds),
            "timeout_overflow_mode": "throw",
            "max_rows_to_read": str(self.rows_read),
            "read_overflow_mode": "throw",
            "max_result_rows": str(self.rows_answered),
            "result_overflow_mode": "throw",
            "max_memory_usage": str(self.memory),
        }


@dataclass(frozen=True, slots=True)
class Bucket:
    """Events from `start` on for the histogram's resolution; `by_value` when it was asked for by a dimension."""

    start: datetime
    events: int
    by_value: Mapping[str, int] = field(default_factory=dict)
    others: int = 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Buckets of `resolution` seconds in order of time, empty ones left out; `since <= time < until` was counted.

    `values` are the dimension's most frequent values, most frequent first; the rest are in each bucket's `others`.
    `whole` is False of one that is still being counted: it holds from `counted_from` on.
    """

    resolution: int
    since: datetime | None
    until: datetime | None
    buckets: tuple[Bucket, ...]
    events: int
    values: tuple[str, ...] = ()
    whole: bool = True
    counted_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events by time and id, with the columns that a list shows; `fetch_events` has them whole.

    `earlier` and `later` are the cursors of the pages beside it, None at an end. `whole` is False when the page stopped
    looking before it was full: its cursor goes on from `searched_to`.
    """

    events: tuple[Event, ...]
    earlier: str | None
    later: str | None
    whole: bool = True
    searched_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """The most frequent values of a field, "" for events without it; how many values and events there are in all."""

    values: tuple[tuple[str, int], ...]
    distinct: int
    events: int
