"""Tables of processes, whatever product made them: a mapping inferred by sense becomes one that tells what was started.

A table that names a host, a command line and the parent of each is a list of starts, unless a column says what kind of record
each is: then only those are that it calls so. Source: column names of exports of endpoint products; see `senses`.
"""

from __future__ import annotations

from collections.abc import Mapping as Columns
from collections.abc import Sequence
from dataclasses import replace

from ircopilot.evidence.mappings.base import Mapping, Row, SourceRow, Test, const, field_like, has, row
from ircopilot.evidence.mappings.edr import LINUX, STARTED, WINDOWS

# Names of the column that says the kind of record, lower case without marks; and what a start is called there.
TYPES = ("eventtype", "eventaction", "activitytype", "eventname", "operation", "action", "type")
STARTS = (
    "%process%creat%", "%process%start%", "%process%launch%", "%process%exec%", "%procstart%", "%exec", "%execve",
)  # fmt: skip
_NEEDED = frozenset(("host_name", "process_command_line"))
_PARENTS = frozenset(("process_parent_executable", "process_parent_command_line"))
_WORDS = (("process", "creat"), ("process", "start"), ("process", "launch"), ("process", "exec"), ("procstart",))


def as_process_table(mapping: Mapping, columns: Columns[str, Sequence[str]], types: Sequence[str]) -> Mapping:
    """The mapping with its starts told as such; unchanged where the records are none. `columns` are values by name,
    `types` the columns that may say the kind.
    """
    filled = {r.column: r for r in mapping.rows}
    if not (filled.keys() >= _NEEDED and filled.keys() & _PARENTS) or mapping.kind != "log" or mapping.kinds:
        return mapping
    kind = next((name for name in types if any(_starts(value) for value in columns[name])), "")
    if types and not kind:
        return mapping
    when: tuple[Test, ...] = (field_like(kind, *STARTS),) if kind else (has(filled["process_command_line"].fields[0]),)
    own = tuple(r for r in mapping.rows if r.column == "event_code")
    rows = [const("event_action", STARTED, when), *(r for r in mapping.rows if r.column != "event_code")]
    return replace(
        mapping,
        name="process_table",
        about="Processes as an endpoint product lists them, columns found by sense",
        sources=_sources(filled, columns),
        first=(const("event_code", STARTED, when), *own),
        rows=(*rows, *_more(filled)),
    )


def _starts(value: str) -> bool:
    low = value.lower()
    return low.endswith(("exec", "execve")) or any(all(word in low for word in words) for words in _WORDS)


def _more(filled: Columns[str, Row]) -> list[Row]:
    """What the other columns say as well: a program by its name alone, the domain before an account."""
    more: list[Row] = []
    if "process_name" in filled:
        more.append(row("process_executable", *filled["process_name"].fields, via="dash"))
    if "process_executable" in filled:
        more.append(row("process_name", *filled["process_executable"].fields, via=("dash", "basename")))
    if "user_name" in filled:
        more.append(row("user_domain", *filled["user_name"].fields, via="before_backslash"))
    return more


def _sources(filled: Columns[str, Row], columns: Columns[str, Sequence[str]]) -> tuple[SourceRow, ...]:
    """The system of each record by how its paths begin; without paths that of them all by their programs' names."""
    paths = filled["process_executable"].fields if "process_executable" in filled else ()
    told = tuple(SourceRow(LINUX, (field_like(name, "/%"),)) for name in paths)
    texts = [
        v.lower() for r in filled.values() if r.column.startswith("process_") for f in r.fields for v in columns[f]
    ]
    windows = any("\\" in text or ".exe" in text for text in texts)
    return (*told, SourceRow(WINDOWS if windows else LINUX))
