"""`ircopilot orchestrator`: runs over gRPC, the relay to the bus, the sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ircopilot.settings import audit_settings, data_dir, service_settings


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(orchestrator)


def orchestrator(
    directory: Annotated[
        Path | None,
        typer.Option("--data-dir", help="The data directory instead of $IRCOPILOT_DATA_DIR.", show_default=False),
    ] = None,
) -> None:
    """Serve the orchestrator until it is asked to end.

    Against the servers that IRCOPILOT_DATABASE_URL and the like name; where one is missing, against the embedded stack.
    """
    from ircopilot.embedded.stack import running_stack
    from ircopilot.orchestrator.process import serve_orchestrator

    root = directory or data_dir()
    with running_stack(root) as urls:
        serve_orchestrator(urls, service_settings(), audit_settings(root))
