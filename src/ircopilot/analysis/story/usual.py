"""What is done over and over in the same way: the work of agents, services and tasks, of which each single run says little."""

from __future__ import annotations

import math
import re
from collections import defaultdict

from ircopilot.analysis.story import names
from ircopilot.analysis.story.processes import Process, ProcessTable
from ircopilot.analysis.story.scripts import read_script

_INSTALLED = re.compile(
    r"^[a-z]:\\(?:program files(?: \(x86\))?|windows\\(?:ccm|ltsvc)|programdata\\microsoft\\windows defender)\\"
    r"|^/(?:opt|snap|usr/(?:lib|libexec|share))/"
)
# What varies from run to run of the same job: numbers, identifiers, dates.
_VARYING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{8,}\b|\d+")
SLOT_S = 600
MAX_SHELLS = 4


def usual_starts(table: ProcessTable) -> dict[str, float]:
    """By the event id of a start's record: 1 + log2 of how often the same program had the same command run, where that is usual.

    An installed agent's runs count on every host. Runs of the system's own starters and of servers, which an attacker
    uses, too, count once in ten minutes, and not at all where the command names an address or hides or fetches anything.
    """
    alike: dict[tuple[str, ...], list[Process]] = defaultdict(list)
    for process in table.by_key.values():
        if process.start is not None and (key := _job(table, process)):
            alike[key].append(process)
    found: dict[str, float] = {}
    for key, runs in alike.items():
        slots = {(p.host, int(p.start.timestamp()) // SLOT_S) for p in runs if p.start}
        count = len(runs) if key[0] == "agent" else len(slots)
        if count > 1:
            found |= {r["event_id"]: 1 + math.log2(count) for p in runs for r in p.start_rows}
    return found


def _job(table: ProcessTable, process: Process) -> tuple[str, ...] | None:
    """What makes two runs the same: who had it run (the shells between left out), which program, which command."""
    above = table.parent_of(process)
    for _ in range(MAX_SHELLS):
        if above is None or above.name not in names.SHELLS:
            break
        above = table.parent_of(above)
    path = (above.executable if above else process.parent_executable).lower()
    starter = names.base(path)
    if (
        not path
        or starter in names.SHELLS | names.CARRIERS | names.DELIVERERS | names.OFFICE
        or names.user_writable(process.executable)
    ):
        return None
    command = _VARYING.sub("#", process.command_line.lower())
    if _INSTALLED.match(path) and not names.is_server(starter):
        return ("agent", path, process.name, command)
    if (
        names.user_writable(process.command_line)
        or (reading := read_script(process.command_line)).decoded
        or reading.urls
    ):
        return None
    return ("starter", process.host, path, process.name, command)
