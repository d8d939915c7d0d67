"""Compiles a `Mapping` to the SELECT that turns raw records into rows of `events`. See `base.py` for the language.

Query parameters of the text: `org`, `load`, `sha` (strings). A row whose record is not a JSON object, or that has no
readable time, is left out; the loader counts and locates what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from ircopilot.domain.event import HOT_BY_NAME, HOT_COLUMNS
from ircopilot.domain.evidence import Clock
from ircopilot.domain.ids import EVENT_ID_SQL
from ircopilot.evidence.mappings.base import Mapping, Row, Test, TimeField
from ircopilot.evidence.mappings.transforms import apply, quote

INPUT = "input('locator String, seq UInt64, raw String')"
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
    """The SELECT for `INSERT INTO events (<events_columns>)`, ending in FROM input(…)."""
    names = _filled(mapping)
    sha, locator = "{sha:String}", "locator"
    hot = [f"{_typed(name, _column(mapping, name))} AS c_{name}" for name in names]
    head = [
        "toUUID({org:String})", "toUUID({load:String})", EVENT_ID_SQL.format(sha=sha, locator=locator), sha, "locator",
        "seq", "t_recorded", clock_sql(clock), "t_field", _kind(mapping), "source", _first(mapping.message), "m",
    ]  # fmt: skip
    return f"SELECT {', '.join([*head, *hot])} FROM ({_timed(mapping, assumed)}) WHERE isNotNull(t_maybe)"


def select_samples(mapping: Mapping, assumed: Assumed) -> str:
    """The SELECT for `INSERT INTO clock_samples`: host, code, recorded time and the reference time of each record."""
    reference = _coalesced([_when(t.when, _parse(t, assumed), "NULL") for t in mapping.references])
    host = _column(mapping, "host_name")
    event = EVENT_ID_SQL.format(sha="{sha:String}", locator="locator")
    return (
        f"SELECT toUUID({{org:String}}), toUUID({{load:String}}), {event}, seq, lower({host}), "
        f"{_name('event_code', mapping)}, t_recorded, assumeNotNull({reference} AS t_ref) "
        f"FROM ({_timed(mapping, assumed)}) WHERE isNotNull(t_maybe) AND isNotNull(t_ref)"
    )


def clock_sql(clock: Clock) -> str:
    """`t_recorded` under the clock. Offsets are whole microseconds; steps apply from their recorded time on."""
    shift = f"{round(clock.offset_s * 1_000_000)}"
    if clock.steps:
        arms: list[str] = []
        for step in sorted(clock.steps, key=lambda s: (s.host == "", -s.since.timestamp())):
            test = f"t_recorded >= toDateTime64({quote(step.since.strftime('%Y-%m-%d %H:%M:%S.%f'))}, 6, 'UTC')"
            arms += [f"lower(c_host_name) = {quote(step.host)} AND {test}" if step.host else test]
            arms += [f"{round(step.offset_s * 1_000_000)}"]
        shift = f"multiIf({', '.join(arms)}, {shift})"
    return "t_recorded" if shift == "0" else f"addMicroseconds(t_recorded, {shift})"


def _kind(mapping: Mapping) -> str:
    return _arms([(k.when, quote(k.kind)) for k in mapping.kinds], quote(mapping.kind), mapping)


def _filled(mapping: Mapping) -> tuple[str, ...]:
    declared = {r.column for r in (*mapping.first, *mapping.rows)}
    return tuple(c.name for c in HOT_COLUMNS if c.name in declared)


def _timed(mapping: Mapping, assumed: Assumed) -> str:
    """The inner SELECTs: m, then the first columns, then source, then the recorded time."""
    first = sorted({r.column for r in mapping.first})
    firsts = "".join(f", {_value(mapping.first, name, mapping)} AS f_{name}" for name in first)
    source = _arms([(r.when, quote(r.source)) for r in mapping.sources], quote(mapping.name), mapping)
    parsed = [_when(t.when, _parse(t, assumed), "NULL", mapping) for t in mapping.times]
    maybe = _coalesced(parsed)
    named = [(f"isNotNull({p})", quote(t.field)) for p, t in zip(parsed, mapping.times, strict=True)]
    flat = ", ".join(f"{test}, {name}" for test, name in named)
    inner = f"SELECT locator, seq, {mapping.layout.sql} AS m FROM {INPUT}"
    inner = f"SELECT *{firsts} FROM ({inner}) WHERE notEmpty(m)"
    inner = f"SELECT *, {source} AS source FROM ({inner})"
    return f"SELECT *, {maybe} AS t_maybe, assumeNotNull(t_maybe) AS t_recorded, multiIf({flat}, '') AS t_field FROM ({inner})"


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
    """The column's SQL: its rows in order, each tried where its condition holds and its value is not empty."""
    mine = [r for r in rows if r.column == name]
    if not mine:
        return "''"
    value = "''"
    for one in reversed(mine):
        text = quote(one.value) if one.value is not None else _fields(one, mapping)
        if value != "''" and one.value is None:
            text = f"if(({text}) != '', {text}, {value})" if not one.when else text
        if one.when:
            tests = " AND ".join(_test(t, mapping) for t in one.when)
            own = "" if one.value is not None else f" AND ({text}) != ''"
            text = f"if({tests}{own}, {text}, {value})"
        value = text
    return value


def _fields(one: Row, mapping: Mapping) -> str:
    """The row's candidates through its transforms, or its table's entry for them."""
    if one.table:
        joined = ", ':', ".join(_name(f, mapping) for f in one.fields)
        key = f"concat({joined}, '')"
        names, values = (", ".join(quote(pair[i]) for pair in one.table) for i in (0, 1))
        return f"transform({key}, [{names}], [{values}], '')"
    texts = [_column(mapping, f[1:]) if f.startswith("@") else f"m[{quote(f)}]" for f in one.fields]
    return apply(one.via, _firstof(texts))


def _firstof(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    arms = ", ".join(f"{t} != '', {t}" for t in texts[:-1])
    return f"multiIf({arms}, {texts[-1]})"


def _first(fields: tuple[str, ...]) -> str:
    return _firstof([f"m[{quote(f)}]" for f in fields]) if fields else "''"


def _typed(name: str, sql: str) -> str:
    kind = HOT_BY_NAME[name].type
    return f"{_NUMBERS[kind]}({sql})" if kind in _NUMBERS else sql


def _parse(time: TimeField, assumed: Assumed) -> str:
    """Text of one field → Nullable(DateTime64(6, 'UTC'))."""
    v = f"m[{quote(time.field)}]"
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
    dotted = f"if(position({v}, ',') > 0, replaceRegexpOne(replaceOne({v}, ', ', ' '), ',', '.'), {v})"
    return f"if({v} = '', NULL, {best.format(dotted)})"
