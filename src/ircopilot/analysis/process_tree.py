"""The processes of one host as a tree, with what each did in the incident's story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ircopilot.analysis.query import Query
from ircopilot.analysis.story.names import short_host
from ircopilot.analysis.story.processes import STARTED, Process, build_processes
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.findings import Act

MOST_STARTS = 20_000
_OF_HOST = "(SELECT * FROM {events} WHERE lower(host_name) = {host:String} OR lower(splitByChar('.', host_name)[1]) = {host:String})"


@dataclass(frozen=True, slots=True)
class TreeProcess:
    """A process. `parent` is the key of another one of the answer, or empty; `evidence` are its start's records;
    `acts` the verbs of the story that its records show, `techniques` those acts' techniques. Times are UTC.
    """

    key: str
    parent: str
    name: str
    executable: str
    pid: int
    command_line: str
    user: str
    start: datetime | None
    end: datetime | None
    evidence: tuple[str, ...]
    acts: tuple[str, ...]
    techniques: tuple[str, ...]


def process_tree(query: Query, host: str, acts: Iterable[Act], most: int = 2000) -> tuple[list[TreeProcess], int]:
    """At most `most` processes of the host, and how many there are: those of the story with their ancestors first, then
    by start. Raises `UnusableArgument` where more processes were started than can be looked at in one call.
    """
    here = _of_host(query, host)
    starts = here(f"SELECT count() AS n FROM {{events}} WHERE {STARTED}", None).to_pylist()[0]["n"]  # noqa: S608
    if starts > MOST_STARTS:
        raise UnusableArgument(f"{starts:,} processes were started in that time", "name a shorter time: since, until")
    table = build_processes(here)
    told: dict[str, list[Act]] = {}
    for act in acts:
        for event_id in act.evidence:
            told.setdefault(event_id, []).append(act)
    found = {p.key: _shown(p, table.by_key, told) for p in table.by_key.values()}
    wanted: dict[str, None] = {}
    for process in sorted(found.values(), key=lambda p: (not p.acts, p.start is None, p.start, p.key)):
        line = _line_of(process, found)
        if len(wanted.keys() | set(line)) > most:
            break
        wanted |= dict.fromkeys(line)
    kept = [found[key] for key in wanted]
    return sorted(kept, key=lambda p: (p.start is None, p.start, p.key)), len(found)


def _of_host(query: Query, host: str) -> Query:
    name = short_host(host.lower())

    def asked(sql: str, params: Mapping[str, Any] | None = None) -> Any:
        return query(sql.replace("{events}", _OF_HOST), {**(params or {}), "host": name})

    return asked


def _shown(process: Process, known: Mapping[str, Process], told: Mapping[str, list[Act]]) -> TreeProcess:
    rows = [*process.start_rows, *process.seen_rows, *process.end_rows]
    acts = [act for row in rows for act in told.get(row["event_id"], ())]
    return TreeProcess(
        key=process.key, parent=process.parent if process.parent in known else "", name=process.name,
        executable=process.executable, pid=process.pid, command_line=process.command_line, user=process.account,
        start=process.start, end=process.end, evidence=tuple(r["event_id"] for r in process.start_rows[:3]),
        acts=tuple(dict.fromkeys(a.verb for a in acts)),
        techniques=tuple(dict.fromkeys(t for a in acts for t in a.techniques)),
    )  # fmt: skip


def _line_of(process: TreeProcess, found: Mapping[str, TreeProcess]) -> list[str]:
    """The process and its ancestors."""
    line: list[str] = []
    key = process.key
    while key and key not in line:
        line.append(key)
        key = found[key].parent
    return line
