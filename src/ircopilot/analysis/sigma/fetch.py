"""Reading what a log source's rules need, through the one function that reaches events: as dictionaries and codes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ircopilot.analysis.sigma.distinct import Mask, trigger_of
from ircopilot.analysis.sigma.fields import KEYWORD_SQL, field_sql
from ircopilot.analysis.sigma.logsources import Seen
from ircopilot.analysis.sigma.masks import Column
from ircopilot.analysis.sigma.rules import KEYWORDS, Atom, CompiledRule, Condition, Logsource
from ircopilot.domain.event import HOT_BY_NAME

RunQuery = Callable[[str, dict[str, Any]], pa.Table]
"""`run_query(sql, params)`: `{events}` in the SQL is the incident's events, other braces are ClickHouse parameters.
It is called from two threads at once."""

SLICE_ROWS = 250_000
MAX_NEEDLES = 250
MAX_KEYS = 2_000
CODE = "EventID"
CENSUS = f"""SELECT toString(source) AS seen_source, toString(winlog_channel) AS seen_channel,
  toString(event_provider) AS seen_provider, toString(event_code) AS seen_code, count() AS n,
  groupUniqArrayArray({MAX_KEYS})(mapKeys(fields)) AS keys
  FROM {{events}} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""  # noqa: S608 own text


@dataclass(frozen=True, slots=True)
class Selection:
    """A SQL condition that picks some kinds of events, with its parameters, how many events it picks, and which
    original fields they have (None when not known)."""

    sql: str
    params: Mapping[str, Any]
    count: int
    keys: frozenset[str] | None = None


@dataclass(slots=True)
class Slice:
    """Events of one log source between two times: when (µs since 1970), which, and their fields' values."""

    times: npt.NDArray[np.int64]
    ids: pa.ChunkedArray[Any]
    columns: dict[str, Column]

    def of_codes(self, codes: frozenset[str]) -> Mask:
        """Which events have one of these codes."""
        column = self.columns[CODE]
        return np.array([v in codes for v in column.values], dtype=np.bool_)[column.codes]


def take_census(run_query: RunQuery) -> list[Seen]:
    """Every kind of event that the evidence holds."""
    return [_seen(row) for row in run_query(CENSUS, {}).to_pylist()]


def _seen(row: dict[str, Any]) -> Seen:
    keys = frozenset(map(as_text, row["keys"]))
    names = ("seen_source", "seen_channel", "seen_provider", "seen_code")
    source, channel, provider, code = (as_text(row[name]) for name in names)
    return Seen(source, channel, provider, code, int(row["n"]), keys if len(keys) < MAX_KEYS else None)


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
    known = [k.keys for k in kinds if k.keys is not None]
    keys = frozenset().union(*known) if len(known) == len(kinds) else None
    return Selection(" OR ".join(parts) or "false", params, sum(k.count for k in kinds), keys)


@dataclass(frozen=True, slots=True)
class Reading:
    """One query to be: which events, which fields of theirs, between which times (µs; None is open).

    `needles`: only events that hold one of these words, anywhere; None is all.
    """

    logsource: Logsource
    selection: Selection
    fields: tuple[str, ...]
    needles: tuple[str, ...] | None
    lower: int | None
    upper: int | None

    def run(self, run_query: RunQuery) -> Slice:
        """Read it."""
        columns, params = [], dict(self.selection.params)
        present = []
        for i, name in enumerate(self.fields):
            sql, more = field_sql(name, self.logsource, f"f{i}")
            if self.selection.keys is not None and more and not self.selection.keys.intersection(more.values()):
                continue  # no such event has the field
            present.append((i, name))
            # A column's own dictionary would be sent whole with every block; this one holds the block's values only.
            columns.append(f"{f'toLowCardinality(CAST({sql} AS String))' if sql in HOT_BY_NAME else sql} AS v{i}")
            params |= more
        chosen = ", ".join(["toUnixTimestamp64Micro(toDateTime64(time, 6, 'UTC')) AS t", "event_id AS id", *columns])
        between, limits = _between(self.lower, self.upper)
        if self.needles is not None:
            # The plain search is several times faster; it folds the case of ASCII letters only.
            search = f"multiSearchAnyCaseInsensitive{'' if all(map(str.isascii, self.needles)) else 'UTF8'}"
            between += f" AND {search}({KEYWORD_SQL}, {{words:Array(String)}})"
            params["words"] = list(self.needles)
        sql = f"SELECT {chosen} FROM {{events}} WHERE ({self.selection.sql}){between}"  # noqa: S608 own text
        table = run_query(sql, params | limits)
        nothing = np.zeros(table.num_rows, dtype=np.int32)
        absent = {name: Column([""], nothing) for name in self.fields}
        return Slice(
            times=table.column("t").to_numpy(zero_copy_only=False).astype(np.int64),
            ids=table.column("id"),
            columns=absent | {name: _dictionary(table.column(f"v{i}")) for i, name in present},
        )


def plan_readings(
    run_query: RunQuery, logsource: Logsource, kinds: list[Seen], rules: list[CompiledRule], with_codes: bool = False
) -> list[Reading]:
    """What to read for these rules over these kinds of events: in order of time, about `SLICE_ROWS` events each."""
    atoms = {a for r in rules for a in r.atoms}
    selection = select_events(kinds)
    names = {a.field for a in atoms} | {a.args[0] for a in atoms if a.op == "ref"} | ({CODE} if with_codes else set())
    fields = tuple(sorted(names))
    needles = _needles(rules, atoms)
    return [Reading(logsource, selection, fields, needles, lo, hi) for lo, hi in _bounds(run_query, selection)]


def _needles(rules: list[CompiledRule], atoms: set[Atom]) -> tuple[str, ...] | None:
    """The words of which a record needs one to match any of the rules; None when there is no such list."""
    words = {trigger_of(a) if a.op in ("contains", "glob") else "" for a in atoms if a.field == KEYWORDS}
    if not words or "" in words or len(words) > MAX_NEEDLES:
        return None
    return tuple(sorted(words)) if all(_without_keywords(r.condition, r.atoms) is False for r in rules) else None


def _without_keywords(node: Condition, atoms: tuple[Atom, ...]) -> bool | None:
    """What a condition comes to when no keyword is found; None when that depends on the fields."""
    if isinstance(node, int):
        return False if atoms[node].field == KEYWORDS else None
    parts = [_without_keywords(p, atoms) for p in node[1:]]
    if node[0] == "not":
        return None if parts[0] is None else not parts[0]
    deciding: bool = node[0] == "or"
    if deciding in parts:
        return deciding
    return None if None in parts else not deciding


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
    if pa.types.is_dictionary(column.type):
        chunks: list[Any] = column.unify_dictionaries().chunks
    else:
        whole = column.combine_chunks()  # one dictionary at once is many times faster than one a chunk, then unified
        chunks = [c.dictionary_encode() for c in (whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole])]
        if len(chunks) > 1:
            chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
    if not chunks:
        return Column([""], np.zeros(0, dtype=np.int32))
    values = [as_text(v) for v in chunks[0].dictionary.to_pylist()]
    parts = [c.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int32) for c in chunks]
    return Column([*values, ""], np.concatenate(parts))
