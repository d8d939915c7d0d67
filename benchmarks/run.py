"""All measurements in one run: ratios to floors measured beside them, and `docs/benchmarks.md` on request.

    python -m benchmarks.run [--group GROUP] [--only PIECE] [--write]
                             [--incident DIR] [--lines FILE] [--evtx DIR] [--rules DIR]

There are two groups: `investigate`, the parts of an investigation, and `service`, the processes that share it out.

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
from typing import TypeVar

from benchmarks.figures import Figure, as_table
from benchmarks.page import write_part
from benchmarks.pieces import PIECES, Given
from benchmarks.service_pieces import SERVICE_PIECES, Session
from benchmarks.service_stack import running_bench

G = TypeVar("G", Given, Session)
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
GROUPS = {"investigate": list(PIECES), "service": list(SERVICE_PIECES)}


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
    parser.add_argument("--group", choices=list(GROUPS), help="default: both, or that of the pieces named")
    parser.add_argument("--only", action="append", choices=[*PIECES, *SERVICE_PIECES], help="repeatable; default: all")
    parser.add_argument("--write", action="store_true", help="write the groups' parts of docs/benchmarks.md")
    asked = parser.parse_args()
    for group, pieces in GROUPS.items():
        chosen = [name for name in asked.only or pieces if name in pieces]
        if chosen and asked.group in (None, group):
            (_investigate if group == "investigate" else _serve)(chosen, asked)


def _investigate(chosen: list[str], asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="ircopilot-bench-") as folder:
        given = Given.of(Path(folder), asked.incident, asked.lines, asked.evtx, asked.rules, asked.rounds)
        told = given.told()
        print(*told, sep="\n", flush=True)
        figures = [figure for name in chosen for figure in _measured(PIECES[name], given)]
    print(as_table(figures))
    if asked.write:
        listed = "\n".join(f"- {line}" for line in told)
        write_part(PAGE, "investigate", f"{as_table(figures)}\n\n### What was measured with\n\n{listed}")


def _serve(chosen: list[str], asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="irc-bench-", ignore_cleanup_errors=True) as folder:
        with running_bench(Path(folder)) as bench:
            bench.start("gateway", "orchestrator")
            bench.start_workers(1)
            session = Session(bench, Path(folder), min(asked.rounds, 5))
            figures = [figure for name in chosen for figure in _measured(SERVICE_PIECES[name], session)]
        print(as_table(figures), session.curves, sep="\n\n")
        if asked.write:
            curves = f"\n\n### Simulated speed-up\n\n{session.curves}" if session.curves else ""
            write_part(PAGE, "service", as_table(figures) + curves)


def _measured(piece: Callable[[G], list[Figure]], given: G) -> list[Figure]:
    found = piece(given)
    for figure in found:
        print(
            f"  {figure.piece}: {figure.what}: {figure.value:.3g} {figure.unit} {figure.verdict} ({figure.floor})",
            flush=True,
        )
    return found


if __name__ == "__main__":
    main()
