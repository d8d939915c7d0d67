"""`ircopilot worker KIND`: one of the five kinds of workers as a process of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from ircopilot.settings import data_dir, service_settings


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "worker",
        epilog="Servers are named by IRCOPILOT_DATABASE_URL, …_DATABASE_APP_URL, …_DATABASE_LOBBY_URL, …_CLICKHOUSE_URL, "
        "…_NATS_URL, …_NATS_TOKEN, …_REDIS_URL and …_VAULT_URL; without them it joins the stack of the data directory.",
    )(worker)


def worker(
    kind: Annotated[str, typer.Argument(help="collector, timeline, forensic, report or export.", show_default=False)],
) -> None:
    """Do the jobs of one kind until SIGTERM; start as many side by side as there are cores for."""
    from ircopilot.workers.kinds import stage_of_kind

    stage_of_kind(kind)
    settings, root = service_settings(), data_dir()

    from ircopilot.embedded.stack import running_stack
    from ircopilot.workers.worker import run_worker

    with running_stack(root) as urls:
        run_worker(kind, urls, settings, root)
