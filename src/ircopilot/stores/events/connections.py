"""Connections that several loads recorded: the same client address and port, each load with the time it wrote.

The port that a client picks for a connection is its alone for minutes, so that records of it in two logs are of one
connection, whatever their clocks say. Source: RFC 6056 (ephemeral ports).
"""
# ruff: noqa: S608 - composed of fixed text and numbers; all else are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ircopilot.stores.events.scope import EventScope
from ircopilot.stores.events.store import EventStore

FIRST_EPHEMERAL = 1024
LONGEST_S = 600  # from a connection's first record to its last in one load; a port seen for longer was used again
MOST = 200  # connections looked at for each set of loads
_SPILL = {"max_bytes_before_external_group_by": str(512 << 20)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection as one load has it: `at` is its first record's time there, `peer` the other end, if it is named."""

    load_id: str
    at: datetime
    event_id: str
    peer: str


def shared_connections(events: EventStore, scope: EventScope, as_written: Iterable[str]) -> list[list[Seen]]:
    """Connections that two loads or more of the scope recorded, at most `MOST` of each set of loads, in a fixed order.

    Times are those of the timeline, but of the loads `as_written` those that stand in their records.
    """
    time = "if(load_id IN (SELECT toUUID(arrayJoin({written:Array(String)}))), time_recorded, time)"
    local = "source_ip NOT IN ('127.0.0.1', '::1', '0.0.0.0')"
    once = (
        f"SELECT load_id, source_ip, source_port, min({time}) AS at, max({time}) AS last, "
        f"argMin(event_id, ({time}, event_id)) AS id, max(toString(destination_ip)) AS peer "
        f"FROM {{events}} WHERE source_ip != '' AND source_port >= {FIRST_EPHEMERAL} AND {local} "
        f"GROUP BY load_id, source_ip, source_port HAVING last - at <= {LONGEST_S}"
    )
    sql = (
        "SELECT arraySort(groupArray((toString(load_id), at, id, peer))) AS seen, arrayMap(s -> s.1, seen) AS loads "
        f"FROM ({once}) GROUP BY source_ip, source_port HAVING count() > 1 "
        f"ORDER BY loads, cityHash64(source_ip, source_port) LIMIT {MOST} BY loads"
    )
    table = events.run_event_query(scope, sql, {"written": sorted(as_written)}, _SPILL)
    rows: list[dict[str, Any]] = table.to_pylist()
    return [[_seen(*one.values()) for one in row["seen"]] for row in rows]


def times_as_written(events: EventStore, scope: EventScope, most: int = 5) -> list[str]:
    """The text of the time of some events, as their records have it."""
    sql = f"SELECT fields[time_field] AS text FROM {{events}} WHERE time_field != '' LIMIT {most}"
    return [str(text) for text in events.run_event_query(scope, sql).column("text").to_pylist()]


def _seen(load_id: str, at: datetime, event_id: str, peer: str) -> Seen:
    return Seen(load_id, at.astimezone(UTC), event_id, peer)
