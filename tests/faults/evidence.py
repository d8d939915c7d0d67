"""A small evidence folder, cut from the sample incident: every kind of source, a few thousand records, seconds to read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ircopilot.sample.incident import build_sample

EVERY = 8  # of the records that only say what a computer does all day
MARKS = (
    b"Invoice",
    b"fodhelper",
    b"comsvcs",
    b"wer88",
    b"HBDiag",
    b"HBdiag",
    b"AKIA",
    b"whoami",
    b"nltest",
    b"System Time",
)
WHOLE = ("zeek/conn.log", "zeek/dns.log", "jump01/syslog", "slack/", "alerts/", "aws/")


@cache
def small_evidence() -> dict[str, bytes]:
    """Files by path. The victim's computer keeps its wrong clock, its attack and its other records around them."""
    files = build_sample()
    kept = {name: data for name, data in files.items() if name.startswith(WHOLE)}
    for name in ("windows/fin-ws07.jsonl", "windows/app-srv02.jsonl"):
        lines = files[name].splitlines(keepends=True)
        kept[name] = b"".join(line for n, line in enumerate(lines) if n % EVERY == 0 or any(m in line for m in MARKS))
    return kept


def write_evidence(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """Write the files (the small evidence by default) and return the folder."""
    for name, data in (small_evidence() if files is None else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
