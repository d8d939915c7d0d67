"""`docs/benchmarks.md`, written from the figures of one run."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.figures import Figure, as_table

TEXT = """# Benchmarks

Written by `python -m benchmarks.run --write` ({date}, {machine}; load average {load} while it ran).
Every rate is a ratio to a floor that was measured in the same run on the same bytes: other machines give other seconds,
and about the same ratios. Each figure is the median of the run's rounds.

{table}

## What was measured with

{given}

## How to read it

- **Ingest**: a file's bytes are hashed, encrypted and kept, its records decoded and mapped, the clock estimated, the
  events inserted and the load committed. The floor is the least that Python can do: `orjson.loads` on each line, or the
  `evtx` crate's records as JSON text, and nothing else. The floor has one core, ingest has all; on a machine that others use at the same time the ratio by
  the clock falls, which is why the one by processor time stands below it (work that waits is not in it).
- **Sigma**: from rules that are loaded to detections with their events. The floor reads two columns of all events.
- **Memory**: the greatest sum over the command and all processes of the stack, pages they share counted once (PSS),
  during a whole `investigate`, sampled each 0.15 s.
- **Investigate**: the command as a person types it, on an empty data directory in which only the compiled rules lie:
  start of Python and of the stack, files to PDF, end of the stack.
- **Stack**: `ircopilot up` until it returns, on an empty data directory (cold) and on one that was used (warm).

## Run it

    make bench
    .venv/bin/python -m benchmarks.run --incident DIR --evtx DIR --rules SIGMAHQ --write

Without evidence it makes its own (`benchmarks/make_data.py`), without rules it takes the starter set; both are kinder
than the world, and the table then says that they were used.
"""


def write_page(path: Path, figures: list[Figure], given: list[str]) -> None:
    """Replace the page."""
    cores, memory = os.cpu_count(), psutil.virtual_memory().total >> 30
    page = TEXT.format(
        date=datetime.now(UTC).date().isoformat(),
        machine=f"{cores} cores, {memory} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        load=f"{psutil.getloadavg()[1]:.1f}",
        table=as_table(figures),
        given="\n".join(f"- {line}" for line in given),
    )
    path.write_text(page, encoding="utf-8")
