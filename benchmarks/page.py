"""`docs/benchmarks.md`: what is written by hand stays, and the part of each group of figures is put between its marks."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

HEAD = """Written by `{command} --write` ({date}, {machine}; load average {load} while it ran).
"""


def write_part(path: Path, group: str, text: str, command: str = "") -> None:
    """Replace what stands between `<!-- GROUP -->` and `<!-- end GROUP -->`. Raises ValueError when the marks are not there."""
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(f"<!-- {group} -->\n")
    _, end, after = rest.partition(f"<!-- end {group} -->\n")
    if not (begin and end):
        raise ValueError(f"{path.name} has no marks of {group}")
    cores, memory = os.cpu_count(), psutil.virtual_memory().total >> 30
    machine = (
        f"{cores} cores, {memory} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    head = HEAD.format(
        command=command or f"python -m benchmarks.run --group {group}",
        date=datetime.now(UTC).date().isoformat(),
        machine=machine,
        load=f"{psutil.getloadavg()[1]:.1f}",
    )
    path.write_text(f"{before}{begin}{head}\n{text}\n{end}{after}", encoding="utf-8")
