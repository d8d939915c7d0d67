"""`ircopilot sample DIR`: write the sample incident."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

from ircopilot.domain.errors import UnusableArgument
from ircopilot.sample import truth, write_sample


def sample(
    directory: Annotated[Path, typer.Argument(help="Folder for the evidence; made when it does not exist.")],
    truth_file: Annotated[
        Path | None, typer.Option("--truth", help="Also write what truly happened (YAML), outside DIRECTORY.")
    ] = None,
) -> None:
    """Write the sample incident: invented, the same bytes each time, told by 18 files of six kinds."""
    if directory.exists() and not directory.is_dir():
        raise UnusableArgument(f"{directory} is not a folder", "Name a folder that exists or can be made.")
    if truth_file and truth_file.resolve().is_relative_to(directory.resolve()):
        raise UnusableArgument(f"{truth_file} lies among the evidence", "Name a file outside the evidence folder.")
    write_sample(directory)
    typer.echo(f"Sample incident written to {directory}")
    if truth_file:
        truth_file.parent.mkdir(parents=True, exist_ok=True)
        truth_file.write_text(yaml.safe_dump(truth(), sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
        typer.echo(f"Its truth written to {truth_file}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("sample")(sample)
