"""The tables of the event store, their columns taken from `domain.event`.

`events` is a plain MergeTree: nothing in it is ever updated. A load that is replaced or half written is invisible,
because every reader names the committed loads, and is deleted later.
Source: ClickHouse MergeTree, `non_replicated_deduplication_window`.
"""

from __future__ import annotations

from ircopilot.domain.event import HOT_COLUMNS, ColumnType

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

EVENTS_DDL = (
    "CREATE TABLE IF NOT EXISTS events ("
    + ", ".join(f"`{name}` {kind}" for name, kind in COLUMN_TYPES.items())
    + ") ENGINE = MergeTree ORDER BY (org_id, load_id, time) SETTINGS non_replicated_deduplication_window = 10000, "
    # A hundred columns are a hundred files in a wide part: inserts are faster by a third into compact ones.
    "min_bytes_for_wide_part = 1073741824, min_rows_for_wide_part = 1000000"
)

SAMPLES_TABLE = "paired_times"
# What clocks are estimated from, before a load is written: small, and dropped by partition afterwards.
SAMPLES_DDL = (
    f"CREATE TABLE IF NOT EXISTS {SAMPLES_TABLE} (org_id UUID, load_id UUID, artifact_sha256 String, event_id String, "
    "seq UInt64, host String, code String, recorded DateTime64(6, 'UTC'), reference DateTime64(6, 'UTC')) "
    "ENGINE = MergeTree PARTITION BY load_id ORDER BY (org_id, load_id, artifact_sha256, seq)"
)
SAMPLE_COLUMNS = ("org_id", "load_id", "artifact_sha256", "event_id", "seq", "host", "code", "recorded", "reference")
