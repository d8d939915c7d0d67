"""All measurements in one run: ratios to floors measured beside them, and `docs/benchmarks.md` on request.

    python -m benchmarks.run [--incident DIR] [--lines FILE] [--evtx DIR] [--rules DIR] [--only PIECE] [--write]

Evidence and rules are never part of the repository. What is not given is replaced by invented data of the same shape
and by the starter rules, and the table says so. The same paths may stand in `IRCOPILOT_BENCH_INCIDENT`, `…_LINES`,
`…_EVTX`, `…_RULES`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, as_table
from benchmarks.page import write_page
from benchmarks.pieces import PIECES, Given


def main() -> None:
    """Measure the pieces asked for, print each as it comes, write the page if wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, told in (
        ("incident", "a folder to investigate from files to PDF; its largest file of JSON lines serves --lines"),
        ("lines", "a file of JSON lines"),
        ("evtx", "a folder of EVTX files"),
        ("rules", "a SigmaHQ checkout"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, default=os.environ.get(f"IRCOPILOT_BENCH_{name.upper()}"), help=told
        )
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is taken")
    parser.add_argument("--only", action="append", choices=list(PIECES), help="repeatable; default: all")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ircopilot-bench-") as folder:
        given = Given.of(Path(folder), asked.incident, asked.lines, asked.evtx, asked.rules, asked.rounds)
        for line in given.told():
            print(line, flush=True)
        figures = [figure for name in asked.only or PIECES for figure in _measured(PIECES[name], given)]
        print(as_table(figures))
        if asked.write:
            write_page(Path(__file__).parents[1] / "docs" / "benchmarks.md", figures, given.told())


def _measured(piece: Callable[[Given], list[Figure]], given: Given) -> list[Figure]:
    found = piece(given)
    for figure in found:
        print(
            f"  {figure.piece}: {figure.what}: {figure.value:.3g} {figure.unit} {figure.verdict} ({figure.floor})",
            flush=True,
        )
    return found


if __name__ == "__main__":
    main()
