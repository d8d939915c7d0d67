"""Stage timeline: everything on one axis: what each source holds, and how dense each host is over time."""

from __future__ import annotations

from typing import Any

from ircopilot.pipeline.request import EventQuery, Job

_COUNTS = "SELECT source, kind, count() AS n, min(time) AS first, max(time) AS last FROM {events} GROUP BY source, kind ORDER BY source, kind"
_NAMED = "SELECT uniqExact(lower(host_name)) - (countIf(host_name = '') > 0) AS hosts, uniqExact(lower(user_name)) - (countIf(user_name = '') > 0) AS users FROM {events}"  # noqa: E501


def lay_out_timeline(job: Job) -> dict[str, Any]:
    """Counts by source and kind, named hosts and users. Document: {"counts": {name: n}, "sources": [...]}."""
    query = EventQuery(job.stores, job.scope())
    job.progress.stage("timeline", 0, 1, "step", "laying out the timeline")
    rows = query(_COUNTS).to_pylist()
    named = query(_NAMED).to_pylist()[0] if rows else {"hosts": 0, "users": 0}
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["source"]] = counts.get(row["source"], 0) + row["n"]
        counts[f"kind:{row['kind']}"] = counts.get(f"kind:{row['kind']}", 0) + row["n"]
    sources = [
        {
            "source": r["source"],
            "kind": r["kind"],
            "events": r["n"],
            "first": r["first"].isoformat(),
            "last": r["last"].isoformat(),
        }
        for r in rows
    ]
    job.progress.stage("timeline", 1, 1, "step", f"{len(sources)} sources", sum(r["n"] for r in rows))
    return {"counts": counts | {"hosts": named["hosts"], "users": named["users"]}, "sources": sources}


def activity_of(job: Job, start: Any, end: Any, buckets: int = 120) -> dict[str, Any] | None:
    """Events per host and bucket over the window and a margin of a tenth on each side; None without a window."""
    if start is None or end is None:
        return None
    span = max((end - start).total_seconds(), 60.0)
    bucket = span * 1.2 / buckets
    begin = start.timestamp() - span * 0.1
    sql = (
        "SELECT lower(host_name) AS host, toUInt32(floor((toUnixTimestamp64Micro(time) / 1e6 - {begin:Float64}) / {bucket:Float64})) AS slot, count() AS n "
        "FROM {events} WHERE host_name != '' AND toUnixTimestamp64Micro(time) / 1e6 >= {begin:Float64} "
        "AND toUnixTimestamp64Micro(time) / 1e6 < {stop:Float64} GROUP BY host, slot ORDER BY host, slot"
    )
    params = {"begin": begin, "bucket": bucket, "stop": begin + bucket * buckets}
    lanes: dict[str, list[int]] = {}
    for row in EventQuery(job.stores, job.scope())(sql, params).to_pylist():
        lanes.setdefault(row["host"], [0] * buckets)[min(row["slot"], buckets - 1)] += row["n"]
    busiest = sorted(lanes.items(), key=lambda kv: (-sum(kv[1]), kv[0]))[:8]
    return {"begin": begin, "bucket_s": bucket, "lanes": [{"lane": h, "counts": c} for h, c in sorted(busiest)]}
