"""Any table or JSON whose columns can be found by sense: a mapping inferred from names and the shapes of values.

Two senses are told apart: a plain log, and the alert of a security product (it names a rule or title, and a severity).
Sources of the names: Timesketch ("Create timeline from JSON/JSONL/CSV"), plaso's `json_line` output, ECS, the Common
Event Format's keys, and the alert exports of Elastic Security, Wazuh, GuardDuty, Suricata, Defender and Splunk.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ircopilot.evidence.mappings.base import (
    FLAT,
    PLAIN_MAP,
    KindRow,
    Layout,
    Mapping,
    Row,
    SourceRow,
    TimeField,
    TimeFormat,
    flattened,
    has,
    row,
)
from ircopilot.evidence.mappings.process_table import TYPES, as_process_table
from ircopilot.evidence.mappings.senses import (
    ALERT_RULE,
    ALERT_SEVERITY,
    CHECKS,
    MESSAGE,
    NESTED_RULE,
    NOT_TIME,
    SENSES,
    TIME,
)
from ircopilot.evidence.mappings.signature import Record
from ircopilot.evidence.mappings.transforms import quote

DEPTH = 3
MOST_TIMES = 4
ENOUGH = 0.5

ISO = re.compile(r"\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ]\d{1,2}:\d\d.*)?")
WORDED = re.compile(r"\s*(\w{3},? )?(\d{1,2} )?[A-Z][a-z]{2} (\d{1,2},? )?\d{4}.*\d{1,2}:\d\d.*")
NUMBERED = re.compile(r"\s*(\d{1,2})([/.])(\d{1,2})[/.]\d{4},? \d{1,2}:\d\d.*")
ZONED = re.compile(r"(?:[+-]\d\d:?\d\d|Z|UTC|GMT)\s*$")
DOTNET = re.compile(r"\\?/Date\(-?\d+.*")
# The host in a request, a name that was looked up, the other side: not the machine that the record is of.
FOREIGN = re.compile(r"(?:http|url|dns|tls|ssl|request|destination|dest|dst|remote|target)[._]")
DAYS, CLOCKS = (
    frozenset({"date", "day", "eventdate", "logdate"}),
    frozenset({"time", "clock", "eventtime", "logtime", "timeofday"}),
)
DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?")
JOINED = "day and time"
# Lists of rule matches whose severity goes by a name that ordinary logs use, too.
LEVELLED = frozenset({"ruletitle", "detectionname"})
EPOCHS: tuple[tuple[re.Pattern[str], TimeFormat], ...] = (
    (re.compile(r"[12]\d{9}(\.\d+)?"), "epoch"),
    (re.compile(r"[12]\d{12}(\.\d+)?"), "epoch_ms"),
    (re.compile(r"[12]\d{15}"), "epoch_us"),
)


def infer_mapping(records: Sequence[Record]) -> Mapping | None:
    """The mapping of records of no known format; None when none of their columns holds a time."""
    columns = _columns(records)
    times, joined = _times(columns), None
    parts = _day_and_clock(columns)
    if parts and (not times or times[0].field == parts[0]):
        times, joined = (TimeField(JOINED, "day_first" if parts[2] else "iso_local"),), _join(*parts)
    if not times:
        return None
    nested = any(isinstance(v, dict) for r in records for v in r.values())
    rule, severity = _named(columns, ALERT_RULE, NESTED_RULE), _named(columns, ALERT_SEVERITY)
    if rule and not severity and plain_name(rule[0]) in LEVELLED:
        severity = _named(columns, ("level",))
    is_alert = bool(rule and severity)
    rows = [
        row(column, *names, via=("dash", *via))
        for column, senses, via in SENSES
        if (names := _fitting(columns, column, senses))
    ]
    message = tuple(_named(columns, MESSAGE))
    if is_alert:
        rows += [row("rule_name", *rule), row("event_severity", *severity)]
        message = message or tuple(rule)
    inferred = Mapping(
        name="alert" if is_alert else "generic",
        about="Alerts of a security product, columns found by sense" if is_alert else "Records whose columns are found by sense",
        layout=joined or (flattened(DEPTH) if nested else FLAT),
        sources=(SourceRow("alert" if is_alert else "generic"),),
        times=times,
        rows=_once(rows),
        message=message,
        # One file may hold alerts among other records (Suricata's eve.json): only what names a rule is one.
        kinds=tuple(KindRow("alert", (has(name),)) for name in rule) if is_alert else (),
    )  # fmt: skip
    return as_process_table(inferred, columns, _named(columns, TYPES))


def _day_and_clock(columns: dict[str, list[str]]) -> tuple[str, str, bool] | None:
    """The columns of the day and of the time of day, where they stand apart; whether the day comes first."""
    day = next((n for n, vs in columns.items() if plain_name(n) in DAYS and _most(vs, DAY)), None)
    clock = next((n for n, vs in columns.items() if plain_name(n) in CLOCKS and _most(vs, CLOCK)), None)
    if day is None or clock is None:
        return None
    return day, clock, any(int(m[1]) > 12 for v in columns[day] if (m := re.match(r"(\d{1,2})[/.]", v)))


def _join(day: str, clock: str, day_first: bool) -> Layout:
    """The record's fields, and one more: day and clock as one time; a month that comes first goes behind its year."""
    said = f"m0[{quote(day)}]"
    if not day_first:
        said = f"replaceRegexpOne({said}, '^(\\\\d{{1,2}})/(\\\\d{{1,2}})/(\\\\d{{4}})$', '\\\\3/\\\\1/\\\\2')"
    joined = f"concat({said}, ' ', m0[{quote(clock)}])"
    return Layout(f"joined {day} {clock}", f"mapConcat({PLAIN_MAP} AS m0, map({quote(JOINED)}, {joined}))")


def _most(values: list[str], pattern: re.Pattern[str]) -> bool:
    return sum(bool(pattern.fullmatch(v.strip())) for v in values) >= ENOUGH * len(values)


def plain_name(name: str) -> str:
    """A name without case, blanks and marks: `Event Time`, `event_time` and `eventTime` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _columns(records: Sequence[Record]) -> dict[str, list[str]]:
    """Values (as text, not empty) by dotted name, in order of first appearance."""
    found: dict[str, list[str]] = {}

    def take(prefix: str, record: Record, depth: int) -> None:
        for key, value in record.items():
            if isinstance(value, dict) and depth < DEPTH:
                take(f"{prefix}{key}.", value, depth + 1)
            elif value not in (None, "", [], {}, "-") and not isinstance(value, list):
                found.setdefault(prefix + key, []).append(str(value))

    for record in records:
        take("", record, 0)
    return found


def _named(columns: dict[str, list[str]], senses: tuple[str, ...], nested: tuple[str, ...] | None = None) -> list[str]:
    """Columns of these names, best name first; a nested one also goes by its last part (of `nested`), after all whole names."""
    whole = [n for sense in senses for n in columns if plain_name(n) == sense]
    inner = senses if nested is None else nested
    last = [n for sense in inner for n in columns if "." in n and plain_name(n.rsplit(".", 1)[1]) == sense]
    return list(dict.fromkeys([*whole, *last]))[:6]


def _fitting(columns: dict[str, list[str]], column: str, senses: tuple[str, ...]) -> list[str]:
    check = CHECKS.get(column)
    names = [n for n in _named(columns, senses) if not (column == "host_name" and FOREIGN.match(n.lower()))]
    return [n for n in names if check is None or sum(bool(check(v)) for v in columns[n]) >= ENOUGH * len(columns[n])]


def _times(columns: dict[str, list[str]]) -> tuple[TimeField, ...]:
    """Time fields, best first: known names, then any name that speaks of time, then any column of dates."""
    known = _named(columns, TIME)
    speaking = [n for n in columns if re.search(r"time|date|(^|_)ts$", n.lower())]
    others = [n for n in columns if n not in speaking]
    found: list[TimeField] = []
    for name in dict.fromkeys([*known, *speaking, *others]):
        if plain_name(name) in NOT_TIME:
            continue
        is_named = name in known or name in speaking
        time_format = _time_format(columns[name], numbers=is_named)
        if time_format:
            found.append(TimeField(name, time_format))
    return tuple(found[:MOST_TIMES])


def day_comes_first(values: Sequence[str]) -> bool:
    """Whether times that are written in numbers have the day first: dots speak for it, slashes for the month."""
    return _time_format([v for v in values if NUMBERED.fullmatch(v)], numbers=False) == "day_first"


def _time_format(values: list[str], numbers: bool) -> TimeFormat | None:
    """How at least half of the values write a time; bare numbers count only under a name that speaks of time."""
    enough = max(1.0, len(values) * ENOUGH)
    dated = [v for v in values if ISO.fullmatch(v) or WORDED.fullmatch(v)]
    if len(dated) >= enough:
        return "iso" if sum(bool(ZONED.search(v)) for v in dated) >= len(dated) * ENOUGH else "iso_local"
    matches = [m for v in values if (m := NUMBERED.fullmatch(v))]
    if len(matches) >= enough:
        # Where days and months cannot be told apart, dots speak for the day and slashes for the month.
        is_day = any(int(m[1]) > 12 for m in matches) or (
            matches[0][2] == "." and all(int(m[3]) <= 12 for m in matches)
        )
        return "day_first" if is_day else "month_first"
    if sum(bool(DOTNET.fullmatch(v)) for v in values) >= enough:
        return "dotnet"
    for pattern, time_format in EPOCHS if numbers else ():
        if sum(bool(pattern.fullmatch(v)) for v in values) >= enough:
            return time_format
    return None


def _once(rows: list[Row]) -> tuple[Row, ...]:
    return tuple({(r.column, r.fields, r.via): r for r in rows}.values())
