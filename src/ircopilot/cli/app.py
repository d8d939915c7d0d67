"""The commands of `ircopilot`, put together."""

from __future__ import annotations

import typer

from ircopilot import __version__
from ircopilot.cli import (
    admin,
    audit,
    gateway,
    incident,
    investigate,
    login,
    orchestrator,
    report,
    rules,
    run,
    sample,
    stack,
    verify,
    worker,
)

app = typer.Typer(
    name="ircopilot",
    help="Incident response copilot: evidence in, a cited report out. Every claim leads back to a line of the evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for part in (
    investigate,
    verify,
    rules,
    sample,
    stack,
    gateway,
    admin,
    audit,
    login,
    incident,
    report,
    run,
    worker,
    orchestrator,
):
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
