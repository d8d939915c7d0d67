"""The tables of the event store, their columns taken from `domain.event`.

`events` is a plain MergeTree: nothing in it is ever updated. A load that is replaced or half written is invisible,
because every reader names the committed loads, and is deleted later.
Source: ClickHouse MergeTree, `non_replicated_deduplication_window`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ircopilot.domain.event import HOT_COLUMNS, ColumnType
from ircopilot.stores.events.rollups import ROLLUP_COLUMNS, ROLLUP_KEYS, ROLLUPS, view_of

_TYPES: dict[ColumnType, str] = {
    "lc": "LowCardinality(String)",
    "str": "String",
    "u16": "UInt16",
    "u32": "UInt32",
    "u64": "UInt64",
    "f64": "Float64",
}

_KEYS = {
    "org_id": "UUID",
    "load_id": "UUID",
    "event_id": "String",
    "artifact_sha256": "LowCardinality(String)",
    "locator": "String",
    "seq": "UInt64",
    "time_recorded": "DateTime64(6, 'UTC')",
    "time": "DateTime64(6, 'UTC')",
    "time_field": "LowCardinality(String)",
    "kind": "LowCardinality(String)",
    "source": "LowCardinality(String)",
    "message": "String",
    "fields": "Map(LowCardinality(String), String)",
}

COLUMN_TYPES: dict[str, str] = {**_KEYS, **{c.name: _TYPES[c.type] for c in HOT_COLUMNS}}

SAMPLES_TABLE = "paired_times"
SHARD = "_shard"  # what the table that holds a shard's rows is called beyond the name that everybody uses
_SAMPLES = {
    "org_id": "UUID", "load_id": "UUID", "artifact_sha256": "String", "event_id": "String", "seq": "UInt64",
    "host": "String", "code": "String", "recorded": "DateTime64(6, 'UTC')", "reference": "DateTime64(6, 'UTC')",
}  # fmt: skip
# A hundred columns are a hundred files in a wide part: inserts are faster by a third into compact ones.
# Parts are merged when there are sixteen alike instead of five: merging took a quarter of the time of a large load.
_COMPACT = "min_bytes_for_wide_part = 1073741824, min_rows_for_wide_part = 1000000, merge_selector_base = 16"
# What full text is searched in; lower() folds ASCII. The index `words` holds its words, and a query must spell it the same way.
SEARCHED_TEXT = "lower(concat(message, '\\n', arrayStringConcat(mapValues(fields), '\\n')))"
# The same text, spelt so that no index knows it: it is read.
READ_TEXT = "lower(concat(message, '\\n', arrayStringConcat(mapValues(fields), '\\n'), ''))"
# Hexadecimal digits become one and the same. What contains a value contains, so folded, the value so folded; and numbers,
# GUIDs and hashes, most of all the words there are, become a few: the index `shapes` is looked through in no time.
_FOLDED, _TO = "123456789abcdef", "0" * 15
SHAPED_TEXT = f"translate({SEARCHED_TEXT}, '{_FOLDED}', '{_TO}')"
shape_of = str.maketrans(_FOLDED, _TO)
_TEXT_INDEX = "TYPE text(tokenizer = 'splitByNonAlpha')"
TEXT_INDEXES = {"words": SEARCHED_TEXT, "shapes": SHAPED_TEXT}


def table_statements(cluster: str = "") -> tuple[str, ...]:
    """The statements that make the tables: on one server, or on every server of a ClickHouse cluster of that name.

    On a cluster a load's rows lie on one shard, replicated there; the name that everybody uses is a `Distributed` table
    over the shards. Source: ClickHouse `ReplicatedMergeTree`, `Distributed`, `ON CLUSTER`.
    """
    order = "ORDER BY (org_id, load_id, time)"
    # What clocks are estimated from, before a load is written: small, and dropped by partition afterwards.
    scratch = "PARTITION BY load_id ORDER BY (org_id, load_id, artifact_sha256, seq)"
    return (
        *_table("events", COLUMN_TYPES, order, _COMPACT, cluster),
        *_table(SAMPLES_TABLE, _SAMPLES, scratch, "", cluster),
        # Added to the table, so that data directories of before get it too: for what is written from then on.
        *(
            f"ALTER TABLE {rows_of('events', cluster)} ADD INDEX IF NOT EXISTS {name} {text} {_TEXT_INDEX}"
            for name, text in TEXT_INDEXES.items()
        ),
        *_rollups(cluster),
    )


def _rollups(cluster: str) -> Iterator[str]:
    """The roll-ups and the views that fill them: on a cluster, each server's from the rows that it holds."""
    shard, on = (SHARD, f" ON CLUSTER `{cluster}`") if cluster else ("", "")
    for rollup in ROLLUPS:
        order = f"ORDER BY (org_id, load_id, {', '.join(ROLLUP_KEYS)})"
        yield from _table(rollup.table, ROLLUP_COLUMNS, order, "", cluster, "SummingMergeTree")
        yield f"CREATE MATERIALIZED VIEW IF NOT EXISTS {rollup.table}_filled{on} {view_of(rollup, shard)}"


def rows_of(table: str, cluster: str = "") -> str:
    """The table as statements name it that change rows in place: on a cluster, each server's own part of it."""
    return f"{table}{SHARD} ON CLUSTER `{cluster}`" if cluster else table


def _table(
    name: str, columns: dict[str, str], order: str, settings: str, cluster: str, engine: str = "MergeTree"
) -> tuple[str, ...]:
    declared = ", ".join(f"`{column}` {kind}" for column, kind in columns.items())
    window = "replicated_deduplication_window" if cluster else "non_replicated_deduplication_window"
    tail = f"{order} SETTINGS {window} = 10000{', ' + settings if settings else ''}"
    if not cluster:
        return (f"CREATE TABLE IF NOT EXISTS {name} ({declared}) ENGINE = {engine} {tail}",)
    on, shard = f"ON CLUSTER `{cluster}`", f"{name}{SHARD}"
    path = f"'/clickhouse/tables/{{shard}}/{{database}}/{shard}', '{{replica}}'"
    return (
        f"CREATE TABLE IF NOT EXISTS {shard} {on} ({declared}) ENGINE = Replicated{engine}({path}) {tail}",
        f"CREATE TABLE IF NOT EXISTS {name} {on} ({declared}) "
        f"ENGINE = Distributed('{cluster}', currentDatabase(), '{shard}', cityHash64(load_id))",
    )


SAMPLE_COLUMNS = tuple(_SAMPLES)
