"""The audit log's records put together again: one program start, connection or file per event, out of several records.

An event's records share a serial. The joined row is the SYSCALL record with what its other records say; `parts` names
them, so that an act rests on all of them. Source: audit project, "Audit Event Parsing"; Linux x86-64 and arm64 system calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story.names import base

_CONNECT = frozenset({"42", "connect", "203"})
_ACCEPT = frozenset({"43", "288", "accept", "accept4", "202", "242"})
_KINDS = "event_code IN ('SYSCALL', 'EXECVE', 'SOCKADDR', 'PATH', 'CWD', 'PROCTITLE', 'AUOMS_EXECVE', 'AUOMS_SYSCALL')"
_EXTRA = f"""
SELECT event_id, artifact_sha256 AS log, fields['serial'] AS serial, fields['syscall'] AS syscall, fields['SYSCALL'] AS named,
  fields['nametype'] AS nametype, fields['success'] AS success
FROM {{events}} WHERE source = 'linux.auditd' AND {_KINDS} ORDER BY time, event_id LIMIT 600000
"""  # noqa: S608


@dataclass(slots=True)
class AuditTrail:
    """Joined rows: program starts, and what running programs did (codes as Sysmon has them: 3, 11, 23)."""

    starts: list[Row] = field(default_factory=list)
    effects: list[Row] = field(default_factory=list)

    def of(self, pids: Iterable[int]) -> list[Row]:
        """What processes of these ids did."""
        wanted = set(pids)
        return [r for r in self.effects if r["process_pid"] in wanted]

    def reaching(self, ips: Iterable[str]) -> list[Row]:
        """Connections with these addresses."""
        wanted = set(ips)
        return [r for r in self.effects if r["destination_ip"] in wanted or r["source_ip"] in wanted]


def read_audit(query: Query) -> AuditTrail:
    """All events of the audit log that start programs, connect, create or delete files."""
    extra = {r["event_id"]: r for r in _text(query(_EXTRA).to_pylist())}
    trail = AuditTrail()
    if not extra:
        return trail
    events: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows(query, f"source = 'linux.auditd' AND {_KINDS}", limit=600_000):
        more = extra.get(row["event_id"])
        if more:
            events[(row["host_name"], more["log"], more["serial"])].append(row)
    for parts in events.values():
        _join(trail, parts, extra)
    return trail


def _text(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{k: v.decode() if isinstance(v, bytes) else str(v) for k, v in r.items()} for r in found]


def _join(trail: AuditTrail, parts: list[Row], extra: dict[str, dict[str, str]]) -> None:
    call = next((r for r in parts if r["event_code"].endswith("SYSCALL") or r["event_code"] == "AUOMS_EXECVE"), None)
    if call is None or extra[call["event_id"]]["success"] == "no":
        return
    by_type: dict[str, list[Row]] = defaultdict(list)
    for row in parts:
        by_type[row["event_code"]].append(row)
    name = extra[call["event_id"]]["named"] or extra[call["event_id"]]["syscall"]
    if call["event_action"] == "execve" or by_type["EXECVE"]:
        trail.starts.append(_start(call, by_type))
    elif by_type["SOCKADDR"] and by_type["SOCKADDR"][0]["destination_ip"]:
        trail.effects.append(_connection(call, by_type["SOCKADDR"][0], name in _ACCEPT))
    for path in by_type["PATH"]:
        kind = extra[path["event_id"]]["nametype"]
        if kind in ("CREATE", "DELETE") and call["event_action"] != "execve":
            joined = call | {"event_code": "11" if kind == "CREATE" else "23", "parts": (path["event_id"],)}
            trail.effects.append(joined | {"file_path": path["file_path"], "file_name": base(path["file_path"])})


def _start(call: Row, by_type: dict[str, list[Row]]) -> Row:
    spoken = next((r for t in ("EXECVE", "PROCTITLE") for r in by_type[t] if r["process_command_line"]), None)
    joined = call | {"event_code": "1", "parts": (spoken["event_id"],) if spoken else ()}
    if spoken:
        joined["process_command_line"] = spoken["process_command_line"]
    return joined


def _connection(call: Row, socket: Row, accepted: bool) -> Row:
    side = "source" if accepted else "destination"
    return call | {
        "event_code": "3", "parts": (socket["event_id"],), "network_direction": "inbound" if accepted else "outbound",
        f"{side}_ip": socket["destination_ip"], f"{side}_port": socket["destination_port"],
    }  # fmt: skip
