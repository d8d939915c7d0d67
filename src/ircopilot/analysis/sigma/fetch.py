"""Reading what rules ask of events, through the one function that reaches events: as dictionaries and codes.

One statement reads every field of all wanted events of a span of time. What the rules call original fields comes as
two lists, names and texts: picking them out of the map one by one, in SQL, costs several times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ircopilot.analysis.sigma.columns import Column, as_text, dictionary_of, originals_of, times_of
from ircopilot.analysis.sigma.fields import KEYWORD_PLACE, KEYWORD_SQL, Place
from ircopilot.analysis.sigma.logsources import Seen
from ircopilot.analysis.sigma.plan import Plan

RunQuery = Callable[[str, dict[str, Any]], pa.Table]
"""`run_query(sql, params)`: `{events}` in the SQL is the incident's events, other braces are ClickHouse parameters.
It is called from a second thread, too."""

SLICE_ROWS = 50_000
KIND = ("source", "winlog_channel", "event_provider", "event_code")
MICROSECONDS = "toUnixTimestamp64Micro(toDateTime64(time, 6, 'UTC'))"
CENSUS = f"SELECT {', '.join(f'toString({c}) AS k{i}' for i, c in enumerate(KIND))}, count() AS n FROM {{events}} \
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"  # noqa: S608 own text


@dataclass(slots=True)
class Slice:
    """Events between two times: when (µs since 1970), which, of which kind (a place in the plan's list; -1 is of
    none), and their texts; a place that none of them has is missing."""

    times: npt.NDArray[np.int64]
    ids: pa.ChunkedArray[Any]
    kinds: npt.NDArray[np.int64]
    columns: dict[Place, Column]


def take_census(run_query: RunQuery) -> list[Seen]:
    """Every kind of event that the evidence holds."""
    rows = run_query(CENSUS, {}).to_pylist()
    return [Seen(*_texts(row), int(row["n"])) for row in rows]


def _texts(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return as_text(row["k0"]), as_text(row["k1"]), as_text(row["k2"]), as_text(row["k3"])


@dataclass(frozen=True, slots=True)
class Statement:
    """The SQL that reads a plan's events, all but the span of time; `places` are its columns `v0`, `v1`, …"""

    chosen: str
    where: str
    params: Mapping[str, Any]
    kinds: tuple[Seen, ...]
    places: tuple[Place, ...]
    count: int


def write_statement(plan: Plan) -> Statement:
    """What to read for a plan. Only the kinds of events are exact; a condition in SQL may let more through."""
    kinds = tuple(sorted(plan.kinds, key=lambda k: (k.source, k.channel, k.provider, k.code)))
    where, params = _among(kinds, "w")
    columns = [f"{MICROSECONDS} AS t", "event_id AS id"]
    columns += [f"toLowCardinality(CAST({c} AS String)) AS k{i}" for i, c in enumerate(KIND)]
    places = tuple(p for p in plan.places if not p.key)
    for i, place in enumerate(places):
        sql = place.sql
        if place == KEYWORD_PLACE:
            guard, more = _keyword_guard(plan)
            sql, params = f"if({guard}, {sql}, '')", params | more
        elif place.guarded:
            guard, more = _among(plan.places[place], f"g{i}")
            sql, params = f"if({guard}, {sql}, '')", params | more
        columns.append(f"{sql} AS v{i}")
    keys = sorted(p.key for p in plan.places if p.key)
    if keys:
        columns.append("arrayFilter(k -> k IN {keys:Array(String)}, fields.keys) AS names")
        columns.append("arrayFilter((v, k) -> k IN {keys:Array(String)}, fields.values, fields.keys) AS texts")
        params["keys"] = keys
    return Statement(", ".join(columns), where, params, kinds, places, sum(k.count for k in kinds))


def _among(kinds: Iterable[Seen], name: str) -> tuple[str, dict[str, Any]]:
    """A condition that holds for events of these kinds, and perhaps for others."""
    given = list(kinds)
    sql = (
        f"source IN {{{name}s:Array(String)}} AND winlog_channel IN {{{name}h:Array(String)}} "
        f"AND event_code IN {{{name}c:Array(String)}}"
    )
    sets = {"s": {k.source for k in given}, "h": {k.channel for k in given}, "c": {k.code for k in given}}
    return sql, {f"{name}{letter}": sorted(values) for letter, values in sets.items()}


def _keyword_guard(plan: Plan) -> tuple[str, dict[str, Any]]:
    """A condition for the events whose whole record is to be searched: those that hold one of the words, anywhere."""
    parts: list[str] = []
    params: dict[str, Any] = {}
    for i, (kinds, words) in enumerate(plan.keywords):
        sql, more = _among(kinds, f"n{i}")
        params |= more
        if words is not None:
            # The plain search is several times faster; it folds the case of ASCII letters only.
            search = f"multiSearchAnyCaseInsensitive{'' if all(map(str.isascii, words)) else 'UTF8'}"
            sql += f" AND {search}({KEYWORD_SQL}, {{n{i}w:Array(String)}})"
            params[f"n{i}w"] = list(words)
        parts.append(f"({sql})")
    return " OR ".join(parts), params


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement over a half-open span of time (µs; None is open)."""

    statement: Statement
    lower: int | None
    upper: int | None

    def run(self, run_query: RunQuery) -> Slice:
        """Read it."""
        given = self.statement
        between, limits = _between(self.lower, self.upper)
        sql = f"SELECT {given.chosen} FROM {{events}} WHERE {given.where}{between}"  # noqa: S608 own text
        table = run_query(sql, {**given.params, **limits})
        columns = {p: dictionary_of(table.column(f"v{i}")) for i, p in enumerate(given.places)}
        if "names" in table.column_names:
            columns |= originals_of(table.column("names"), table.column("texts"))
        return Slice(
            times=times_of(table.column("t")),
            ids=table.column("id"),
            kinds=_kinds([dictionary_of(table.column(f"k{i}")) for i in range(len(KIND))], given.kinds),
            columns=columns,
        )


def plan_readings(run_query: RunQuery, statement: Statement) -> list[Reading]:
    """The statement in order of time, about `SLICE_ROWS` events each."""
    parts = -(-statement.count // SLICE_ROWS)
    cuts: list[int] = []
    if parts > 1:
        levels = ", ".join(str(round(i / parts, 6)) for i in range(1, parts))
        sql = f"SELECT arrayJoin(quantiles({levels})({MICROSECONDS})) AS cut FROM {{events}} WHERE {statement.where}"  # noqa: S608
        params = {name: v for name, v in statement.params.items() if name in ("ws", "wh", "wc")}
        cuts = sorted({int(r["cut"]) for r in run_query(sql, params).to_pylist()})
    return [Reading(statement, lower, upper) for lower, upper in pairwise([None, *cuts, None])]


def _between(lower: int | None, upper: int | None) -> tuple[str, dict[str, int]]:
    sql, params = "", {}
    if lower is not None:
        sql += " AND time >= fromUnixTimestamp64Micro({lower:Int64}, 'UTC')"
        params["lower"] = lower
    if upper is not None:
        sql += " AND time < fromUnixTimestamp64Micro({upper:Int64}, 'UTC')"
        params["upper"] = upper
    return sql, params


def _kinds(columns: list[Column], kinds: tuple[Seen, ...]) -> npt.NDArray[np.int64]:
    """For each event the place of its kind in `kinds`, -1 where it is none of them."""
    joined = np.zeros(len(columns[0].codes), dtype=np.int64)
    for column in columns:
        joined = joined * len(column.values) + column.codes
    _, firsts, inverse = np.unique(joined, return_index=True, return_inverse=True)
    known = {(k.source, k.channel, k.provider, k.code): i for i, k in enumerate(kinds)}
    found = [known.get(tuple(c.values[c.codes[at]] for c in columns), -1) for at in firsts.tolist()]
    return np.array(found, dtype=np.int64)[inverse]
