"""How analysis reads events: one callable, bound to an organisation, an incident and a window by its maker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pyarrow as pa

from ircopilot.domain.event import HOT_COLUMNS

Row = dict[str, Any]

ROW_COLUMNS = ("event_id", "seq", "time", "kind", "source", "message", *(c.name for c in HOT_COLUMNS))
_SELECT = ", ".join(ROW_COLUMNS)


class Query(Protocol):
    """Runs SQL that names the committed events of one incident as `{events}`; parameters are bound, never formatted."""

    def __call__(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """Rows as an Arrow table."""
        ...


def rows(query: Query, where: str, params: Mapping[str, Any] | None = None, limit: int = 20_000) -> list[Row]:
    """Events that meet `where`, hot columns only, by time and id; at most `limit`, the earliest first."""
    sql = f"SELECT {_SELECT} FROM {{events}} WHERE {where} ORDER BY time, event_id LIMIT {int(limit)}"  # noqa: S608
    return _decoded(query(sql, params))


def rows_by_id(query: Query, ids: Iterable[str]) -> dict[str, Row]:
    """The events of these ids, by id; unknown ids are absent."""
    wanted = sorted(set(ids))
    found: dict[str, Row] = {}
    for at in range(0, len(wanted), 1000):
        part = wanted[at : at + 1000]
        found.update(
            (r["event_id"], r) for r in rows(query, "event_id IN {ids:Array(String)}", {"ids": part}, len(part))
        )
    return found


def fields_by_id(query: Query, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """The original fields of these events, by id."""
    wanted = sorted(set(ids))
    found: dict[str, dict[str, str]] = {}
    for at in range(0, len(wanted), 1000):
        part = {"ids": wanted[at : at + 1000]}
        table = query("SELECT event_id, fields FROM {events} WHERE event_id IN {ids:Array(String)}", part)
        found.update((r["event_id"], dict(r["fields"])) for r in _decoded(table))
    return found


def _decoded(table: pa.Table) -> list[Row]:
    """Rows with text where the engine gave bytes, and nothing but plain Python values."""
    out: list[Row] = table.to_pylist()
    binary = [f.name for f in table.schema if "binary" in str(f.type)]
    for row in out:
        for name in binary:
            value = row[name]
            row[name] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return out
