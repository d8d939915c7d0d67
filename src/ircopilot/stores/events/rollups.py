"""Roll-ups: how many events each load has per second, minute and hour, by source, kind, host and severity.

Views fill them in the insert that writes the events, under its deduplication token, so they agree with the events. They
are keyed by load: a load that is not committed, or replaced, does not count because no scope names it.
Times are whole seconds since 1970 (UTC), before it negative. Buckets are counted from 1900-01-01, a Monday, which is
the earliest time that DateTime64 holds.
Source: ClickHouse SummingMergeTree, CREATE MATERIALIZED VIEW, `deduplicate_blocks_in_dependent_materialized_views`.
"""
# ruff: noqa: S608 - composed of fixed text and whole numbers

from __future__ import annotations

from dataclasses import dataclass

EPOCH = 2_208_988_800  # seconds from 1900-01-01 to 1970-01-01

DIMENSIONS = ("source", "kind", "host_name", "event_severity")
ROLLUP_KEYS = ("at", *DIMENSIONS)
ROLLUP_COLUMNS = {
    "org_id": "UUID",
    "load_id": "UUID",
    "at": "Int64",
    **dict.fromkeys(DIMENSIONS, "LowCardinality(String)"),
    "events": "UInt64",
}
_GROUP = ", ".join(("org_id", "load_id", *ROLLUP_KEYS))

SECOND_SQL = f"(intDiv(toUnixTimestamp64Micro(time) + {EPOCH}000000, 1000000) - {EPOCH})"


@dataclass(frozen=True, slots=True)
class Rollup:
    """One table: buckets of `seconds`, filled from the finer table `made_from`."""

    table: str
    seconds: int
    made_from: str


ROLLUPS = (
    Rollup("events_by_second", 1, "events"),
    Rollup("events_by_minute", 60, "events_by_second"),
    Rollup("events_by_hour", 3600, "events_by_minute"),
)


def bucket_sql(column: str, seconds: int) -> str:
    """The start of the bucket of `seconds` that a whole second lies in."""
    return f"(intDiv({column} + {EPOCH}, {int(seconds)}) * {int(seconds)} - {EPOCH})"


def view_of(rollup: Rollup, shard: str) -> str:
    """`TO table AS SELECT …`: what the view of a roll-up does with each block that its source is given."""
    source = f"{rollup.made_from}{shard}"
    at, number = (SECOND_SQL, "count()") if rollup.made_from == "events" else (
        bucket_sql(f"{source}.at", rollup.seconds), f"sum({source}.events)",
    )  # fmt: skip
    dimensions = ", ".join(DIMENSIONS)
    return (
        f"TO {rollup.table}{shard} AS SELECT org_id, load_id, {at} AS at, {dimensions}, {number} AS events "
        f"FROM {source} GROUP BY {_GROUP}"
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time `low <= t < high`, in microseconds since 1970, that one table answers; `rollup` None: events."""

    rollup: Rollup | None
    low: int
    high: int


def pieces_of(low: int, high: int, resolution: int) -> list[Piece]:
    """The stretch cut up so that the coarsest tables that fit answer most of it, and the finer ones its edges.

    `resolution` is in seconds; a table coarser than it cannot tell its buckets apart.
    """
    found: list[Piece] = []
    left = [(low, high)]
    for rollup in reversed(ROLLUPS):
        if resolution % rollup.seconds:
            continue
        open_now, left = left, []
        size = rollup.seconds * 1_000_000
        for begin, end in open_now:
            first, last = -(-begin // size) * size, end // size * size
            if first < last:
                found.append(Piece(rollup, first, last))
                left += [edge for edge in ((begin, first), (last, end)) if edge[0] < edge[1]]
            else:
                left.append((begin, end))
    return found + [Piece(None, begin, end) for begin, end in left]
