"""The process tree of every host: one node per process, however many sources saw it start."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story.audit import AuditTrail, read_audit
from ircopilot.analysis.story.names import base, is_server, short_host

STARTED = (
    "(source IN ('windows.sysmon', 'linux.sysmon') AND event_code = '1') OR "
    "(source = 'windows.security' AND event_code = '4688') OR event_action = 'process-started'"
)
ENDED = (
    "(source IN ('windows.sysmon', 'linux.sysmon') AND event_code = '5') OR "
    "(source = 'windows.security' AND event_code = '4689')"
)
_SAME_START = timedelta(seconds=3)
# Builds and their tools run in the programs that servers run in, too.
_BUILD = re.compile(r"npm-cli|npx-cli|node_modules|\byarn\b|gradle|maven|\bmvn\b|\bwebpack\b|\bvscode\b|code\.exe")


@dataclass(slots=True, eq=False)
class Process:
    """A process on a host. `key` is host|entity id, or host|pid|start where no source gives an entity id."""

    key: str
    host: str
    pid: int
    entity: str = ""
    executable: str = ""
    command_line: str = ""
    user: str = ""
    domain: str = ""
    start: datetime | None = None
    end: datetime | None = None
    parent: str = ""
    parent_executable: str = ""
    start_rows: list[Row] = field(default_factory=list)
    seen_rows: list[Row] = field(default_factory=list)
    end_rows: list[Row] = field(default_factory=list)
    children: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Program name, lower case."""
        return base(self.executable)

    @property
    def account(self) -> str:
        """DOMAIN\\user as the record spells it."""
        return f"{self.domain}\\{self.user}" if self.domain else self.user


def serves(process: Process) -> bool:
    """True for a program that answers requests from the network, and is not at work on a build."""
    return is_server(process.name) and not _BUILD.search(process.command_line.lower())


class ProcessTable:
    """Processes by key, by entity id and by (host, pid) over time."""

    def __init__(self) -> None:
        self.by_key: dict[str, Process] = {}
        self.audit = AuditTrail()
        self._of_record: dict[str, str] = {}
        self._running: dict[tuple[str, int], str] = {}
        self._by_entity: dict[tuple[str, str], str] = {}
        self._by_pid: dict[tuple[str, int], list[tuple[datetime, str]]] = defaultdict(list)
        self._halves: dict[tuple[str, str, int], list[Process]] = defaultdict(list)

    def find(self, host: str, entity: str, pid: int, at: datetime | None) -> Process | None:
        """The process of that entity id, else the one that last started under that pid before `at`."""
        host = short_host(host)
        if entity and (key := self._by_entity.get((host, entity))):
            return self.by_key[key]
        if not pid or at is None:
            return None
        starts = self._by_pid.get((host, pid))
        if not starts:
            return None
        i = bisect_right(starts, at + _SAME_START, key=lambda s: s[0])
        if i == 0:
            return None
        process = self.by_key[starts[i - 1][1]]
        if entity and process.entity and process.entity != entity:
            return None
        return None if process.end and process.end + _SAME_START < at else process

    def ensure(self, host: str, entity: str, pid: int, executable: str, at: datetime) -> Process:
        """The process as found, else a node for one that was already running when the evidence begins."""
        if found := self.find(host, entity, pid, at):
            return found
        host = short_host(host)
        key = f"{host}|{entity}" if entity else f"{host}|{pid}|running|{base(executable)}"
        if known := self.by_key.get(key):
            return known
        if pid and not entity:
            self._running.setdefault((host, pid), key)
        return self._add(Process(key, host, pid, entity, executable), None)

    def running(self, host: str, pid: int) -> Process | None:
        """The process that was already running under that pid when the evidence begins."""
        return self.by_key.get(self._running.get((short_host(host), pid), ""))

    def actor(self, row: Row) -> Process | None:
        """The process that a record says acted, if it says."""
        entity, pid, exe = row["process_entity_id"], row["process_pid"], row["process_executable"]
        if started := self._of_record.get(row["event_id"]):
            return self.by_key[started]
        if pid and not (entity or exe) and row["source"] == "windows.powershell":
            return self.find(row["host_name"], "", pid, row["time"])  # its events know their process by number alone
        # An audit log seldom names its host; it is that of one host all the same.
        if not (row["host_name"] or row["source"] == "linux.auditd") or not (entity or (pid and exe)):
            return None
        process = self.ensure(row["host_name"], entity, pid, exe, row["time"])
        if not process.user and row["user_name"]:
            process.user, process.domain = row["user_name"], row["user_domain"]
        return process

    def started_by(self, row: Row) -> Process | None:
        """The process whose start this record tells of, alone or with others."""
        return self.by_key.get(self._of_record.get(row["event_id"], ""))

    def target(self, row: Row) -> Process | None:
        """The process that a record says was acted upon (Sysmon 8, 10, 25)."""
        entity, pid, exe = row["process_target_entity_id"], row["process_target_pid"], row["process_target_executable"]
        return self.ensure(row["host_name"], entity, pid, exe, row["time"]) if (entity or pid) and exe else None

    def parent_of(self, process: Process) -> Process | None:
        """The parent's node, if it is known."""
        return self.by_key.get(process.parent)

    def _add(self, process: Process, at: datetime | None) -> Process:
        self.by_key[process.key] = process
        if process.entity:
            self._by_entity[(process.host, process.entity)] = process.key
        if process.pid and at:
            starts = self._by_pid[(process.host, process.pid)]
            starts.append((at, process.key))
            starts.sort()
        return process

    def under(self, roots: Iterable[Process]) -> set[str]:
        """Keys of these processes and all that descend from them."""
        found: set[str] = set()
        queue = list(roots)
        while queue:
            process = queue.pop()
            if process.key not in found:
                found.add(process.key)
                queue += [self.by_key[key] for key in process.children]
        return found

    def started(self, row: Row) -> Process:
        """Enter a start record; Sysmon 1 and Security 4688 of one start become one node."""
        host, entity, pid, at = short_host(row["host_name"]), row["process_entity_id"], row["process_pid"], row["time"]
        found = self.by_key.get(self._by_entity.get((host, entity), "")) if entity else None
        if found is None:
            near = self.find(host, "", pid, at)
            same = (
                near
                and near.start
                and abs(near.start - at) <= _SAME_START
                and near.name == base(row["process_executable"])
            )
            found = near if same and not (entity and near and near.entity) else None
        found = found or self._other_half(host, row)
        if not found:
            key = f"{host}|{entity}" if entity else f"{host}|{pid}|{at.isoformat()}"
            found = self._add(Process(key, host, pid, entity), at)
            if not (entity and pid):
                self._halves[(host, base(row["process_executable"]), row["process_parent_pid"])].append(found)
        if entity and not found.entity:
            found.entity = entity
            self._by_entity[(host, entity)] = found.key
        if pid and not found.pid:
            found.pid = pid
            self._add(found, at)
        _fill(found, row)
        self._of_record |= dict.fromkeys((row["event_id"], *row.get("parts", ())), found.key)
        return found

    def _other_half(self, host: str, row: Row) -> Process | None:
        """The node that another source made of this start, where one knows the entity id alone and the other the number.

        Some shippers put the number of the logging service in the place of a Sysmon record's own.
        """
        entity, pid, command = row["process_entity_id"], row["process_pid"], row["process_command_line"]
        if bool(entity) == bool(pid) or not row["process_parent_pid"]:
            return None
        for other in self._halves[(host, base(row["process_executable"]), row["process_parent_pid"])]:
            fits = bool(other.pid) != bool(pid) and bool(other.entity) != bool(entity)
            alike = not command or not other.command_line or _spelt(other.command_line) == _spelt(command)
            if fits and alike and other.start and abs(other.start - row["time"]) <= _SAME_START:
                return other
        return None


def _spelt(command: str) -> str:
    """A command line as all sources spell it: the event log's messages double a percent sign, and some trim blanks."""
    return " ".join(command.replace("%%", "%").split())


def _fill(process: Process, row: Row) -> None:
    process.start_rows.append(row)
    process.start = min(filter(None, (process.start, row["time"])))
    process.executable = process.executable or row["process_executable"]
    if len(row["process_command_line"]) > len(process.command_line):
        process.command_line = row["process_command_line"]
    richer = row["source"].endswith("sysmon") or not process.user
    if richer and row["user_name"] not in ("", "-"):
        process.user, process.domain = row["user_name"], row["user_domain"]
    process.parent_executable = process.parent_executable or row["process_parent_executable"]


def build_processes(query: Query) -> ProcessTable:
    """All processes whose start the evidence holds, with parents joined by entity id, else by pid and time."""
    table = ProcessTable()
    for row in rows(query, STARTED, limit=400_000):
        table.started(row)
    table.audit = read_audit(query)
    for row in table.audit.starts:
        table.started(row)
    for row in table.audit.effects:
        if (actor := table.actor(row)) and not actor.start_rows and not actor.seen_rows:
            actor.seen_rows.append(row)
    for process in list(table.by_key.values()):
        _join_parent(table, process)
    for row in rows(query, ENDED, limit=400_000):
        if ended := table.find(row["host_name"], row["process_entity_id"], row["process_pid"], row["time"]):
            ended.end_rows.append(row)
            ended.end = ended.end or row["time"]
    return table


def _join_parent(table: ProcessTable, process: Process) -> None:
    for row in process.start_rows:
        entity, pid, exe = row["process_parent_entity_id"], row["process_parent_pid"], row["process_parent_executable"]
        if not (entity or pid):
            continue
        parent = table.find(row["host_name"], entity, pid, row["time"])
        if parent is None and exe not in ("", "-"):
            parent = table.ensure(row["host_name"], entity, pid, exe, row["time"])
        elif parent is None:
            parent = table.running(row["host_name"], pid)
        if parent is not None and parent is not process:
            process.parent = parent.key
            parent.children.append(process.key)
            if exe in ("", "-"):
                row["witness"] = tuple(r["event_id"] for r in (*parent.start_rows, *parent.seen_rows)[:1])
            return
