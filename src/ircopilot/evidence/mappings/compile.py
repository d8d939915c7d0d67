"""Compiles a `Mapping` to the SELECT that turns raw records into rows of `events`. See `base.py` for the language.

Query parameter of the text: `org` (a UUID as text). A row whose record is not a JSON object, or that has no
readable time, is left out; the loader counts and locates what is missing.
"""
# ruff: noqa: S608 - SQL is composed here from the tables of mappings, quoted; nothing of the evidence goes in

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ircopilot.domain.event import HOT_BY_NAME, HOT_COLUMNS
from ircopilot.domain.evidence import Clock
from ircopilot.domain.ids import EVENT_ID_SQL
from ircopilot.evidence.mappings.base import FLAT, Mapping, Row, Test, TimeField
from ircopilot.evidence.mappings.transforms import apply, quote

# One row a record; `sha`, `load` and `shift` stand in each, so that many small artifacts may share a statement, and
# that it may be analysed before the clock is known.
INPUT = "input('locator String, seq UInt64, raw String, sha String, load String, shift Int64')"
_NUMBERS = {"u16": "toUInt16OrZero", "u32": "toUInt32OrZero", "u64": "toUInt64OrZero", "f64": "toFloat64OrZero"}


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a record without a year or zone is read with. `month`: months after it belong to the year before."""

    year: int = 1970
    month: int = 12
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Compiled:
    """`version` names the mapping's meaning; `assumed` and the clock are not part of it."""

    name: str
    version: str
    columns: tuple[str, ...]
    mapping: Mapping


def version_of(mapping: Mapping) -> str:
    """The first 16 hex digits of SHA-256 over the compiled SQL: changes exactly when the meaning changes."""
    return hashlib.sha256(select_events(mapping, Clock(), Assumed()).encode()).hexdigest()[:16]


def events_columns(mapping: Mapping) -> tuple[str, ...]:
    """The columns that `select_events` fills, in order."""
    keys = ("org_id", "load_id", "event_id", "artifact_sha256", "locator", "seq", "time_recorded", "time")
    return (*keys, "time_field", "kind", "source", "message", "fields", *_filled(mapping))


def select_events(mapping: Mapping, clock: Clock, assumed: Assumed) -> str:
    """The SELECT for `INSERT INTO events (<events_columns>)`, ending in FROM input(…); of the clock only its steps."""
    names = _filled(mapping)
    hot = [f"{_typed(name, _column(mapping, name))} AS c_{name}" for name in names]
    head = [
        "toUUID({org:String})", "toUUID(load)", EVENT_ID_SQL.format(sha="sha", locator="locator"), "sha", "locator",
        "seq", "t_recorded", clock_sql(clock), "t_field", _kind(mapping), "source", _first(mapping.message), "m",
    ]  # fmt: skip
    return f"SELECT {', '.join([*head, *hot])} FROM ({_timed(mapping, assumed)}) WHERE isNotNull(t_maybe)"


def select_samples(mapping: Mapping, assumed: Assumed) -> str:
    """The SELECT for `INSERT INTO clock_samples`: host, code, recorded time and the reference time of each record."""
    reference = _coalesced(
        [_when(g[0].when, _parse(g, assumed), "NULL", mapping) for g in _time_groups(mapping.references)]
    )
    host = _column(mapping, "host_name")
    event = EVENT_ID_SQL.format(sha="sha", locator="locator")
    return (
        f"SELECT toUUID({{org:String}}), toUUID(load), sha, {event}, seq, lower({host}), "
        f"{_name('event_code', mapping)}, t_recorded, assumeNotNull({reference} AS t_ref) "
        f"FROM ({_timed(mapping, assumed)}) WHERE isNotNull(t_maybe) AND isNotNull(t_ref)"
    )


def clock_sql(clock: Clock) -> str:
    """`t_recorded` under the clock: `shift_of` it comes with the row; steps apply from their recorded time on."""
    shift = "shift"
    if clock.steps:
        arms: list[str] = []
        for step in sorted(clock.steps, key=lambda s: (s.host == "", -s.since.timestamp())):
            test = f"t_recorded >= toDateTime64({quote(step.since.strftime('%Y-%m-%d %H:%M:%S.%f'))}, 6, 'UTC')"
            arms += [f"lower(c_host_name) = {quote(step.host)} AND {test}" if step.host else test]
            arms += [f"toInt64({round(step.offset_s * 1_000_000)})"]
        shift = f"multiIf({', '.join(arms)}, {shift})"
    return f"addMicroseconds(t_recorded, {shift})"


def shift_of(clock: Clock) -> int:
    """The clock's offset in whole microseconds."""
    return round(clock.offset_s * 1_000_000)


def _kind(mapping: Mapping) -> str:
    return _arms([(k.when, quote(k.kind)) for k in mapping.kinds], quote(mapping.kind), mapping)


def _filled(mapping: Mapping) -> tuple[str, ...]:
    declared = {r.column for r in (*mapping.first, *mapping.rows)}
    return tuple(c.name for c in HOT_COLUMNS if c.name in declared)


def _timed(mapping: Mapping, assumed: Assumed) -> str:
    """The inner SELECTs: m, then the first columns, then source, then the recorded time.

    A limit that is never reached keeps ClickHouse from copying a long layout into every column: analysis of the
    Elastic one fell from 1.9 to 0.3 s, and it is evaluated once a record.
    """
    first = sorted({r.column for r in mapping.first})
    firsts = "".join(f", {_value(mapping.first, name, mapping)} AS f_{name}" for name in first)
    source = _arms([(r.when, quote(r.source)) for r in mapping.sources], quote(mapping.name), mapping)
    groups = _time_groups(mapping.times)
    maybe = _coalesced([_when(g[0].when, _parse(g, assumed), "NULL", mapping) for g in groups])
    flat = ", ".join(f"m[{quote(t.field)}] != '', {quote(t.field)}" for t in mapping.times)
    fence = "" if mapping.layout is FLAT else f" LIMIT {1 << 62}"
    inner = f"SELECT locator, seq, sha, load, shift, {mapping.layout.sql} AS m FROM {INPUT}{fence}"
    inner = f"SELECT *{firsts} FROM ({inner}) WHERE notEmpty(m)"
    inner = f"SELECT *, {source} AS source FROM ({inner})"
    return f"SELECT *, {maybe} AS t_maybe, assumeNotNull(t_maybe) AS t_recorded, multiIf({flat}, '') AS t_field FROM ({inner})"


def _time_groups(times: tuple[TimeField, ...]) -> list[tuple[TimeField, ...]]:
    """Neighbours of one format and condition together: of each group the first field that is there is parsed, once."""
    return [tuple(g) for _, g in groupby(times, key=lambda t: (t.format, t.when))]


def _coalesced(parsed: list[str]) -> str:
    return f"coalesce({', '.join(parsed)}, CAST(NULL, 'Nullable(DateTime64(6, \\'UTC\\'))'))"


def _name(name: str, mapping: Mapping | None) -> str:
    """A name of a condition: `source`, a column of `first`, else a field."""
    if name == "source":
        return "source"
    if mapping and any(r.column == name for r in mapping.first):
        return f"f_{name}"
    return f"m[{quote(name)}]"


def _test(test: Test, mapping: Mapping | None) -> str:
    name = _name(test.name, mapping)
    if test.op == "present":
        return f"{name} != ''"
    if test.op == "like":
        return "(" + " OR ".join(f"{name} ILIKE {quote(p)}" for p in test.values) + ")"
    if len(test.values) == 1:
        return f"{name} = {quote(test.values[0])}"
    return f"{name} IN ({', '.join(quote(v) for v in test.values)})"


def _when(tests: tuple[Test, ...], value: str, otherwise: str, mapping: Mapping | None = None) -> str:
    return f"if({' AND '.join(_test(t, mapping) for t in tests)}, {value}, {otherwise})" if tests else value


def _arms(arms: Iterable[tuple[tuple[Test, ...], str]], otherwise: str, mapping: Mapping) -> str:
    parts: list[str] = []
    for tests, value in arms:
        if not tests:
            otherwise = value
            break
        parts += [" AND ".join(_test(t, mapping) for t in tests), value]
    return f"multiIf({', '.join(parts)}, {otherwise})" if parts else otherwise


def _column(mapping: Mapping, name: str) -> str:
    if any(r.column == name for r in mapping.first):
        return f"f_{name}"
    return _value(mapping.rows, name, mapping)


def _value(rows: Iterable[Row], name: str, mapping: Mapping) -> str:
    """The column's SQL: its rows in order, each tried where its condition holds; the first that is not empty."""
    values: list[str] = []
    for one in rows:
        if one.column == name:
            texts = [quote(one.value)] if one.value is not None else _fields(one, mapping)
            values += [_when(one.when, text, "''", mapping) for text in texts]
    return _firstof(values)


def _fields(one: Row, mapping: Mapping) -> list[str]:
    """The row's candidates through its transforms, or its table's entry for them."""
    if one.table:
        joined = ", ':', ".join(_name(f, mapping) for f in one.fields)
        names, values = (", ".join(quote(pair[i]) for pair in one.table) for i in (0, 1))
        return [f"transform(concat({joined}, ''), [{names}], [{values}], '')"]
    texts = [_column(mapping, f[1:]) if f.startswith("@") else f"m[{quote(f)}]" for f in one.fields]
    return [apply(one.via, _firstof(texts))] if one.via else texts


def _firstof(texts: list[str]) -> str:
    """The first text that is not empty."""
    if not texts:
        return "''"
    return texts[0] if len(texts) == 1 else f"firstNonDefault({', '.join(texts)})"


def _first(fields: tuple[str, ...]) -> str:
    return _firstof([f"m[{quote(f)}]" for f in fields])


def _typed(name: str, sql: str) -> str:
    kind = HOT_BY_NAME[name].type
    return f"{_NUMBERS[kind]}({sql})" if kind in _NUMBERS else sql


def _parse(times: Sequence[TimeField], assumed: Assumed) -> str:
    """Text of the first of these fields (of one format) that is there → Nullable(DateTime64(6, 'UTC'))."""
    time = times[0]
    v = _first(tuple(t.field for t in times))
    zone = quote(assumed.zone)
    best = f"toTimeZone(parseDateTime64BestEffortOrNull({{}}, 6, {zone}), 'UTC')"
    scale = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}.get(time.format)
    if scale:
        whole = f"toDecimal128OrNull({v}, 6)"
        return f"if({whole} > 0, fromUnixTimestamp64Micro(toInt64(assumeNotNull({whole}) * {scale}), 'UTC'), NULL)"
    if time.format == "dotnet":  # "/Date(1589000000000)/": milliseconds; source: ASP.NET AJAX JSON dates
        digits = f"toInt64OrNull(extract({v}, '^/Date\\\\((-?\\\\d+)'))"
        return f"if(isNull({digits}), NULL, fromUnixTimestamp64Milli(assumeNotNull({digits}), 'UTC'))"
    if time.format == "rfc3164":
        late = f"position('JanFebMarAprMayJunJulAugSepOctNovDec', substring({v}, 1, 3)) > {assumed.month * 3 - 2}"
        dated = f"concat(toString({assumed.year} - ({late})), ' ', {v})"
        return f"if({v} = '', NULL, {best.format(dated)})"
    if time.format == "day_first":
        return f"toTimeZone(parseDateTime64BestEffortOrNull(replaceAll({v}, '/', '.'), 6, {zone}), 'UTC')"
    if time.format == "month_first":
        return f"toTimeZone(parseDateTime64BestEffortUSOrNull(replaceOne({v}, ',', ''), 6, {zone}), 'UTC')"
    # `Oct 10, 2031 @ 13:55:36.000` is how Kibana writes times into CSV.
    plain = f"replaceOne(replaceOne({v}, ', ', ' '), ' @ ', ' ')"
    dotted = f"if(position({v}, ',') > 0, replaceRegexpOne({plain}, ',', '.'), {v})"
    american = f"toTimeZone(parseDateTime64BestEffortUSOrNull({dotted}, 6, {zone}), 'UTC')"
    twelve = f"coalesce({american}, {best.format(dotted)})"  # with AM or PM the month comes first, if it can
    return f"multiIf({v} = '', NULL, endsWith({v}, 'M'), {twelve}, {best.format(dotted)})"
