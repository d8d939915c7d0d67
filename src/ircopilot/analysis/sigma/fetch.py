"""Reading what a log source's rules need, through the one function that reaches events: as dictionaries and codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ircopilot.analysis.sigma.fields import field_sql
from ircopilot.analysis.sigma.logsources import Seen
from ircopilot.analysis.sigma.masks import Column
from ircopilot.analysis.sigma.rules import Logsource

RunQuery = Callable[[str, dict[str, Any]], pa.Table]
"""`run_query(sql, params)`: `{events}` in the SQL is the incident's events, other braces are ClickHouse parameters."""

SLICE_ROWS = 250_000
CENSUS = """SELECT toString(source) AS seen_source, toString(winlog_channel) AS seen_channel,
  toString(event_provider) AS seen_provider, toString(event_code) AS seen_code, count() AS n
  FROM {events} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""


@dataclass(frozen=True, slots=True)
class Selection:
    """A SQL condition that picks some kinds of events, with its parameters, and how many events it picks."""

    sql: str
    params: Mapping[str, Any]
    count: int


@dataclass(slots=True)
class Slice:
    """Events of one log source between two times: when (µs since 1970), which, and their fields' values."""

    times: npt.NDArray[np.int64]
    ids: pa.ChunkedArray[Any]
    columns: dict[str, Column]


def take_census(run_query: RunQuery) -> list[Seen]:
    """Every kind of event that the evidence holds."""
    rows = run_query(CENSUS, {}).to_pylist()
    names = ("seen_source", "seen_channel", "seen_provider", "seen_code")
    return [Seen(*(as_text(r[name]) for name in names), count=int(r["n"])) for r in rows]


def as_text(value: str | bytes | None) -> str:
    """Arrow hands over strings as bytes or text, depending on the server."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def select_events(kinds: list[Seen]) -> Selection:
    """The events of exactly these kinds, one condition per source, channel and provider."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for kind in kinds:
        groups[kind.source, kind.channel, kind.provider].append(kind.code)
    parts: list[str] = []
    params: dict[str, Any] = {}
    for i, ((source, channel, provider), codes) in enumerate(sorted(groups.items())):
        parts.append(
            f"(source = {{s{i}:String}} AND winlog_channel = {{h{i}:String}} AND event_provider = {{p{i}:String}}"
            f" AND event_code IN {{c{i}:Array(String)}})"
        )
        params |= {f"s{i}": source, f"h{i}": channel, f"p{i}": provider, f"c{i}": sorted(codes)}
    return Selection(" OR ".join(parts) or "false", params, sum(k.count for k in kinds))


def read_slices(run_query: RunQuery, selection: Selection, fields: list[str], logsource: Logsource) -> Iterator[Slice]:
    """The selected events in order of time, at most about `SLICE_ROWS` at once."""
    columns, params = [], dict(selection.params)
    for i, name in enumerate(fields):
        sql, more = field_sql(name, logsource, f"f{i}")
        columns.append(f"{sql} AS v{i}")
        params |= more
    chosen = ", ".join(["toUnixTimestamp64Micro(toDateTime64(time, 6, 'UTC')) AS t", "event_id AS id", *columns])
    for lower, upper in _bounds(run_query, selection):
        between, limits = _between(lower, upper)
        sql = f"SELECT {chosen} FROM {{events}} WHERE ({selection.sql}){between}"  # noqa: S608 own text
        table = run_query(sql, params | limits)
        yield Slice(
            times=table.column("t").to_numpy(zero_copy_only=False).astype(np.int64),
            ids=table.column("id"),
            columns={name: _dictionary(table.column(f"v{i}")) for i, name in enumerate(fields)},
        )


def _bounds(run_query: RunQuery, selection: Selection) -> list[tuple[int | None, int | None]]:
    """Half-open ranges of time (µs) that hold about `SLICE_ROWS` events each; the outer ends are open."""
    parts = -(-selection.count // SLICE_ROWS)
    if parts <= 1:
        return [(None, None)]
    levels = ", ".join(str(round(i / parts, 6)) for i in range(1, parts))
    sql = (
        f"SELECT arrayJoin(quantiles({levels})(toUnixTimestamp64Micro(toDateTime64(time, 6, 'UTC')))) AS cut "  # noqa: S608
        f"FROM {{events}} WHERE {selection.sql}"
    )
    cuts = sorted({int(r["cut"]) for r in run_query(sql, dict(selection.params)).to_pylist()})
    ends: list[int | None] = [None, *cuts, None]
    return list(pairwise(ends))


def _between(lower: int | None, upper: int | None) -> tuple[str, dict[str, int]]:
    sql, params = "", {}
    if lower is not None:
        sql += " AND time >= fromUnixTimestamp64Micro({lower:Int64}, 'UTC')"
        params["lower"] = lower
    if upper is not None:
        sql += " AND time < fromUnixTimestamp64Micro({upper:Int64}, 'UTC')"
        params["upper"] = upper
    return sql, params


def _dictionary(column: pa.ChunkedArray[Any]) -> Column:
    """Distinct values and codes; null is the empty string, bytes that are not UTF-8 are replaced."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    chunks: list[Any] = encoded.unify_dictionaries().chunks
    if not chunks:
        return Column([""], np.zeros(0, dtype=np.int32))
    values = [as_text(v) for v in chunks[0].dictionary.to_pylist()]
    parts = [c.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int32) for c in chunks]
    return Column([*values, ""], np.concatenate(parts))
