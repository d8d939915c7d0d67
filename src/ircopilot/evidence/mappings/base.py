"""The mapping framework: a declarative table, original field → ECS column, compiled to one ClickHouse SELECT.

A mapping knows meaning, not bytes. A decoder hands over records whose payload is one JSON object (`raw`); the mapping's
`layout` turns that into `m Map(String, String)` of the record's own field names, and its rows say which of those
fields fill which column. What each row may say:

    row("process_executable", "NewProcessName", "Image", when=code("4688"))   first candidate that is not empty
    row("process_name", "@process_executable", via="basename")               `@column`: the value of another column
    row("source_ip", "message", via=r"extract:from (\\S+) port")              transforms by name, left to right
    const("event_action", "process-start", when=(src("windows.sysmon"), code("1")))

Several rows may fill one column: the first whose condition holds and whose value is not empty wins. Conditions look at
`source` and at the columns declared in `first`; any other name in a condition is a field of the record.
Numbers become their decimal text, null becomes the empty string, nested values stay JSON text unless the layout
flattens them; of duplicate keys the first one counts. The truth is the artifact's bytes.
Source: ClickHouse functions JSONExtract, parseDateTime64BestEffort; Elastic Common Schema 8 for the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ircopilot.domain.event import HOT_BY_NAME, KINDS

TimeFormat = Literal[
    "iso", "epoch", "epoch_ms", "epoch_us", "dotnet", "rfc3164", "day_first", "month_first", "iso_local"
]
# Forms that name no zone: which one was assumed has to be said.
ZONELESS: tuple[TimeFormat, ...] = ("rfc3164", "day_first", "month_first", "iso_local")


@dataclass(frozen=True, slots=True)
class Test:
    """`name` (`source`, a column of `first`, or a field) is one of `values`; `op` is in | like | present."""

    name: str
    op: Literal["in", "like", "present"]
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One column and the fields that may fill it, in order of preference."""

    column: str
    fields: tuple[str, ...]
    via: tuple[str, ...] = ()
    when: tuple[Test, ...] = ()
    value: str | None = None
    table: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TimeField:
    """A field that holds a time. `iso` also reads US dates with AM/PM and keeps an offset or Z if there is one."""

    field: str
    format: TimeFormat = "iso"
    when: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How `raw` becomes the map of the record's own field names: a SQL expression over `raw`."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The source that an event gets when all tests hold; the first row that fits wins."""

    source: str
    when: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class KindRow:
    """The kind that an event gets, instead of its mapping's, when all tests hold."""

    kind: str
    when: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A format's meaning. `name` is the registry key; `times` and `message` are tried in order.

    `references` are other times of the same event, known or believed to be UTC, that clocks are estimated from.
    """

    name: str
    about: str
    layout: Layout
    sources: tuple[SourceRow, ...]
    times: tuple[TimeField, ...]
    rows: tuple[Row, ...]
    first: tuple[Row, ...] = ()
    message: tuple[str, ...] = ()
    kind: str = "log"
    kinds: tuple[KindRow, ...] = ()
    references: tuple[TimeField, ...] = ()

    def __post_init__(self) -> None:
        unknown = [r.column for r in (*self.first, *self.rows) if r.column not in HOT_BY_NAME]
        if unknown or self.kind not in KINDS:
            raise ValueError(f"mapping {self.name}: no such column or kind: {unknown or self.kind}")


Tests = Test | tuple[Test, ...]


def lookup(column: str, names: tuple[str, ...], table: dict[str, str], when: Tests = ()) -> Row:
    """The table's value for the values of `names` (`source`, columns of `first`, fields) joined by colons."""
    return Row(column, names, (), _tests(when), None, tuple(table.items()))


def _tests(when: Tests) -> tuple[Test, ...]:
    return (when,) if isinstance(when, Test) else when


def row(column: str, *fields: str, via: str | tuple[str, ...] = (), when: Tests = ()) -> Row:
    """The first of `fields` that is not empty, through the transforms of `via`."""
    return Row(column, fields, (via,) if isinstance(via, str) else via, _tests(when))


def const(column: str, value: str, when: Tests = ()) -> Row:
    """A fixed value, where `when` holds."""
    return Row(column, (), (), _tests(when), value)


def code(*codes: str) -> Test:
    """The event's code is one of these."""
    return Test("event_code", "in", codes)


def src(*sources: str) -> Test:
    """The event's source is one of these."""
    return Test("source", "in", sources)


def field_in(name: str, *values: str) -> Test:
    """The field (or column of `first`) has one of these values."""
    return Test(name, "in", values)


def field_like(name: str, *patterns: str) -> Test:
    """The field (or column of `first`) matches one of these SQL LIKE patterns, case ignored."""
    return Test(name, "like", patterns)


def has(name: str) -> Test:
    """The field is there and not empty."""
    return Test(name, "present")


PLAIN_MAP = "JSONExtract(raw, 'Map(String, String)')"
# The column's own type from the start: looked up and stored faster by a fifth.
FLAT = Layout("flat", "JSONExtract(raw, 'Map(LowCardinality(String), String)')")


def expand(inner: str, prefix: str = "concat(k, '.', k2)") -> str:
    """Flatten by one level: every value of map `inner` that is a JSON object gives way to its members."""
    nested = "startsWith(v, '{\"') AND isValidJSON(v)"
    members = f"arrayMap((k2, v2) -> ({prefix}, v2), JSONExtractKeysAndValues(v, 'String'))"
    return (
        f"mapConcat(mapFilter((k, v) -> NOT ({nested}), {inner} AS m0), "
        f"CAST(arrayFlatten(arrayMap((k, v) -> {members}, mapKeys(mapFilter((k, v) -> {nested}, m0) AS n0), "
        f"mapValues(n0))), 'Map(String, String)'))"
    )


def flattened(depth: int) -> Layout:
    """Nested objects joined by dots down to `depth` levels below the top; what lies deeper stays JSON text."""
    sql = PLAIN_MAP
    for level in range(depth):
        sql = expand(sql).replace("m0", f"m_{level}").replace("n0", f"n_{level}")
    return Layout(f"flattened-{depth}", sql)
