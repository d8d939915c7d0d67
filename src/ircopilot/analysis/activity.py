"""Everything on one axis: what each source holds, and how dense each host is over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ircopilot.analysis.query import Query

_COUNTS = """
SELECT source, kind, count() AS n, min(time) AS first, max(time) AS last
FROM {events} GROUP BY source, kind ORDER BY source, kind
"""
_NAMED = """
SELECT groupUniqArrayIf(lower(host_name), host_name != '') AS hosts,
  groupUniqArrayIf(lower(user_name), user_name != '') AS users,
  argMin(event_id, (time, event_id)) AS first, argMax(event_id, (time, event_id)) AS last
FROM {events}
"""
_DENSITY = """
SELECT
  if(isIPv4String(host_name) OR isIPv6String(host_name), host_name, splitByChar('.', lower(host_name))[1]) AS host,
  toUInt32(floor((toUnixTimestamp64Micro(time) / 1e6 - {begin:Float64}) / {bucket:Float64})) AS slot,
  count() AS n
FROM {events} WHERE host_name != '' AND toUnixTimestamp64Micro(time) / 1e6 >= {begin:Float64}
  AND toUnixTimestamp64Micro(time) / 1e6 < {stop:Float64} GROUP BY host, slot ORDER BY host, slot
"""
LANES = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Counts by source, by `kind:` and of named hosts and users; sources with their span; the first and last event."""

    counts: dict[str, int]
    sources: list[dict[str, Any]]
    samples: tuple[str, ...]


def lay_out(query: Query) -> Layout:
    """What the incident's sources hold."""
    return join_layouts([lay_out_part(query)])


def lay_out_part(query: Query) -> dict[str, Any]:
    """What the sources hold within one slice of time, as a document that `join_layouts` puts together with others."""
    rows = query(_COUNTS).to_pylist()
    if not rows:
        return {"sources": [], "hosts": [], "users": [], "samples": []}
    named = query(_NAMED).to_pylist()[0]
    sources = [{**row, "first": row["first"].isoformat(), "last": row["last"].isoformat()} for row in rows]
    samples = [named["first"], named["last"]]
    return {"sources": sources, "hosts": sorted(named["hosts"]), "users": sorted(named["users"]), "samples": samples}


def join_layouts(parts: Iterable[dict[str, Any]]) -> Layout:
    """The layout of slices that follow each other in time."""
    held = [part for part in parts if part["sources"]]
    if not held:
        return Layout({}, [], ())
    sources: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (row for part in held for row in part["sources"]):
        first = sources.setdefault((row["source"], row["kind"]), {**row, "n": 0})
        first |= {"n": first["n"] + row["n"], "last": row["last"]}
    counts: dict[str, int] = {}
    for (source, kind), row in sorted(sources.items()):
        for name in (source, f"kind:{kind}"):
            counts[name] = counts.get(name, 0) + row["n"]
    for name in ("hosts", "users"):
        counts[name] = len({value for part in held for value in part[name]})
    return Layout(counts, [row for _, row in sorted(sources.items())], (held[0]["samples"][0], held[-1]["samples"][1]))


@dataclass(frozen=True, slots=True)
class Density:
    """Events per host and bucket: bucket i begins at `begin + i * bucket_s` (Unix seconds)."""

    begin: float
    bucket_s: float
    lanes: list[tuple[str, tuple[int, ...]]]


def density_of(query: Query, start: datetime, end: datetime, buckets: int = 120) -> Density:
    """Density over the window and a tenth of it on each side, of the `LANES` busiest hosts by name without domain."""
    span = max((end - start).total_seconds(), 60.0)
    bucket, begin = span * 1.2 / buckets, start.timestamp() - span * 0.1
    params = {"begin": begin, "bucket": bucket, "stop": begin + bucket * buckets}
    lanes: dict[str, list[int]] = {}
    for row in query(_DENSITY, params).to_pylist():
        lanes.setdefault(row["host"], [0] * buckets)[min(row["slot"], buckets - 1)] += row["n"]
    busiest = sorted(lanes.items(), key=lambda kv: (-sum(kv[1]), kv[0]))[:LANES]
    return Density(begin, bucket, [(host, tuple(counts)) for host, counts in sorted(busiest)])
