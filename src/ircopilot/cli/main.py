"""`ircopilot`: the command line. Every error says what to do next; exit codes: 0 done, 1 failed, 2 arguments, 3 nothing readable."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from ircopilot import __version__
from ircopilot.cli import investigate, rules, sample, stack, verify
from ircopilot.domain.errors import ProblemError

app = typer.Typer(
    name="ircopilot",
    help="Incident response copilot: evidence in, a cited report out. Every claim leads back to a line of the evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (investigate, verify, rules, sample, stack):
    part.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"ircopilot {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; a `ProblemError` becomes two lines on stderr and its exit code."""
    try:
        app()
    except ProblemError as error:
        console = Console(stderr=True, highlight=False, markup=False)
        console.print(f"ircopilot: {error.title.lower()}: {error.detail}")
        if error.next_step:
            console.print(f"  next: {error.next_step}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        Console(stderr=True).print("ircopilot: stopped; run the same command again to continue")
        sys.exit(130)
