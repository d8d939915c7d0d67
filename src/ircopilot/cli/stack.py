"""The embedded stack's commands: `up`, `status`, `down`, and `eventstore` for the event store alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from ircopilot.settings import data_dir, external_urls

if TYPE_CHECKING:
    from ircopilot.settings import StackUrls

console = Console()
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The data directory instead of $IRCOPILOT_DATA_DIR.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(up)
    app.command()(status)
    app.command()(down)
    app.command()(eventstore)


def up(
    directory: DataDir = None,
    services: Annotated[
        bool, typer.Option("--services/--no-services", help="Gateway, orchestrator and workers, or the servers alone.")
    ] = True,
) -> None:
    """Start the embedded stack, with the service on it, and keep it running."""
    from ircopilot.embedded.stack import start_stack
    from ircopilot.settings import service_settings

    root = directory or data_dir()
    settings = service_settings()
    urls = start_stack(root)
    if services:
        # The services take seconds to start; the link is made meanwhile.
        with ThreadPoolExecutor(1) as aside:
            token = aside.submit(_first_owners_token, urls)
            start_stack(root, services=True)
    for name, url in urls.model_dump().items():
        if name != "nats_token":
            console.print(f"{name.removesuffix('_url').replace('_', ' '):<16} {without_secrets(url)}", soft_wrap=True)
    if external_urls() is not None:
        console.print(
            "All servers are given from outside: start `ircopilot orchestrator`, `gateway` and `worker KIND`."
        )
        return
    if services:
        console.print(f"{'gateway':<16} http://{settings.gateway_address}", soft_wrap=True)
        _tell_first_link(token.result(), settings.web_url)
    console.print("The stack runs until `ircopilot down`.")


def _first_owners_token(urls: StackUrls) -> str | None:
    """Of the link by which somebody comes to own the local organisation, while nobody does."""
    if external_urls() is not None:
        return None
    from ircopilot.access.joining import invite_first_owner
    from ircopilot.stores import open_stores

    with open_stores(urls) as stores:
        return invite_first_owner(stores.database)


def _tell_first_link(token: str | None, web_url: str) -> None:
    if token is not None:
        console.print(
            "Nobody owns this installation yet. To become its owner, once and within 24 hours:\n"
            f"  {web_url}/sign-in/first?token={token}",
            soft_wrap=True,
        )


def status(directory: DataDir = None) -> None:
    """Show the parts of the embedded stack; exit code 1 when it does not run."""
    from ircopilot.embedded.stack import stack_status

    root = directory or data_dir()
    parts = stack_status(root)
    if not parts:
        console.print(f"Not running on {root}.", soft_wrap=True)
        raise typer.Exit(1)
    table = Table("part", "state", "pid", "uptime", "where", box=None)
    for part in parts:
        up_for = f"{part.uptime:.0f} s" if part.pid else "-"
        table.add_row(part.name, part.state, str(part.pid or "-"), up_for, part.where)
    console.print(table, soft_wrap=True)
    if any(part.state in ("down", "starting") for part in parts):
        raise typer.Exit(1)


def down(directory: DataDir = None) -> None:
    """Stop the embedded stack, whoever uses it."""
    from ircopilot.embedded.stack import stop_stack

    console.print("Stopped." if stop_stack(directory or data_dir()) else "Nothing was running.")


def eventstore(
    directory: Annotated[Path, typer.Argument(help="The folder of the event store.")],
    password: Annotated[
        str, typer.Option(envvar="IRCOPILOT_EVENTSTORE_PASSWORD", help="Of the user `ircopilot`.", show_envvar=True)
    ],
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 8123,
    memory_gb: Annotated[float, typer.Option(help="What all queries together may use; 0 sets no limit.")] = 0,
    threads: Annotated[int, typer.Option(help="Per query; 0 takes one per core.")] = 0,
) -> None:
    """Serve the event store alone, over ClickHouse's HTTP interface."""
    from ircopilot.embedded.eventstore.engine import Limits
    from ircopilot.embedded.eventstore.serve import serve_eventstore

    serve_eventstore(directory, port, password, Limits(memory=int(memory_gb * (1 << 30)), threads=threads))


def without_secrets(url: str) -> str:
    """The URL without its password, for people."""
    parts: Any = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user = login.partition(":")[0]
    return str(parts._replace(netloc=f"{user}{at if user else ''}{host}").geturl())
