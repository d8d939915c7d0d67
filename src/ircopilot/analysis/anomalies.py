"""Simple anomalies: what is rare in this evidence. They hint; no claim rests on them alone."""

from __future__ import annotations

import math
from typing import Any

from ircopilot.analysis.query import Query
from ircopilot.analysis.story.names import SIDE_EFFECTS, peer_ip
from ircopilot.analysis.story.network import INFRASTRUCTURE
from ircopilot.analysis.story.processes import STARTED
from ircopilot.domain.findings import Anomaly

_PARENTS = f"""
SELECT child, parent, n, total, parents, first_id FROM (
  SELECT lower(process_name) AS child, lower(arrayElement(splitByChar('\\\\', process_parent_executable), -1)) AS parent,
    count() AS n, argMin(event_id, (time, event_id)) AS first_id, sum(n) OVER (PARTITION BY child) AS total,
    count() OVER (PARTITION BY child) AS parents
  FROM {{events}} WHERE ({STARTED}) AND process_parent_executable NOT IN ('', '-') GROUP BY child, parent)
WHERE n <= 2 AND total >= 8 ORDER BY total DESC, child, parent LIMIT 20
"""  # noqa: S608
_DESTINATIONS = """
SELECT ip, port, groupUniqArray(20)(program) AS programs, sum(n) AS n, argMin(id, at) AS first_id FROM (
  SELECT destination_ip AS ip, destination_port AS port, lower(process_name) AS program, count() AS n,
    argMin(event_id, (time, event_id)) AS id, min(time) AS at
  FROM {events} WHERE destination_ip != '' AND process_name != '' AND network_direction != 'inbound' GROUP BY ip, port, program)
GROUP BY ip, port HAVING length(programs) = 1 ORDER BY n, ip, port LIMIT 400
"""
_AGENTS = """
SELECT key, agent, ip, n, first_id, at FROM (
  SELECT cloud_access_key_id AS key, user_agent_original AS agent, any(source_ip) AS ip, count() AS n,
    argMin(event_id, (time, event_id)) AS first_id, min(time) AS at, row_number() OVER (PARTITION BY key ORDER BY min(time), agent) AS nth
  FROM {events} WHERE source = 'aws.cloudtrail' AND cloud_access_key_id != '' GROUP BY key, agent)
WHERE nth > 1 ORDER BY at, key, agent LIMIT 20
"""


def find_anomalies(query: Query) -> tuple[Anomaly, ...]:
    """Rare parents of common programs, destinations only one program knows, first use of a key by a new agent; at most 30."""
    found = [*_rare_parents(query), *_rare_destinations(query), *_new_agents(query)]
    return tuple(sorted(found, key=lambda a: (-a.score, a.kind, a.summary))[:30])


def _table(query: Query, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query(sql).to_pylist()
    return rows


def _rare_parents(query: Query) -> list[Anomaly]:
    return [
        Anomaly(
            kind="rare-parent-child", score=round(1 - r["n"] / r["total"], 3), evidence=(r["first_id"],),
            summary=f"{r['child']} was started by {r['parent']} {r['n']} of {r['total']} times",
        )
        for r in _table(query, _PARENTS) if r["child"] not in SIDE_EFFECTS
    ]  # fmt: skip


def _rare_destinations(query: Query) -> list[Anomaly]:
    rows = [r for r in _table(query, _DESTINATIONS) if peer_ip(r["ip"]) and r["port"] not in INFRASTRUCTURE]
    per_program: dict[str, int] = {}
    for r in rows:
        per_program[r["programs"][0]] = per_program.get(r["programs"][0], 0) + 1
    return [
        Anomaly(
            kind="rare-destination", score=round(1 / math.sqrt(per_program[r["programs"][0]]), 3), evidence=(r["first_id"],),
            summary=f"only {r['programs'][0]} connected to {r['ip']}:{r['port']}",
        )
        for r in rows if per_program[r["programs"][0]] <= 3
    ]  # fmt: skip


def _new_agents(query: Query) -> list[Anomaly]:
    return [
        Anomaly(
            kind="new-agent-for-key",
            score=0.6,
            evidence=(r["first_id"],),
            summary=f"access key {r['key']} was first used by {r['agent']} from {r['ip']}",
        )
        for r in _table(query, _AGENTS)
    ]
