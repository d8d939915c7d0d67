"""`ircopilot admin`: organisations and their API keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ircopilot.settings import data_dir

if TYPE_CHECKING:
    from ircopilot.stores.postgres import Database
    from ircopilot.stores.postgres.api_keys import ApiKey

out = Console(highlight=False)
Org = Annotated[str, typer.Option("--org", help="Name or id of the organisation; `local` is that of `investigate`.")]


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    admin = typer.Typer(no_args_is_help=True, help="Organisations and API keys, on the machine that runs the service.")
    org = typer.Typer(no_args_is_help=True, help="Organisations.")
    org.command("create", epilog="Example:  ircopilot admin org create 'Example Ltd'")(create_org)
    key = typer.Typer(no_args_is_help=True, help="API keys of an organisation.")
    key.command(
        "create", epilog="Example:  export IRCOPILOT_API_KEY=$(ircopilot admin key create --org local --name laptop)"
    )(create_key)
    key.command("list")(list_keys)
    key.command("revoke", epilog="Example:  ircopilot admin key revoke 0123456789abcdef --org local")(revoke_key)
    admin.add_typer(org, name="org")
    admin.add_typer(key, name="key")
    app.add_typer(admin, name="admin")


def create_org(name: Annotated[str, typer.Argument(help="What people call it.", show_default=False)]) -> None:
    """Make an organisation; prints its id."""
    from ircopilot.access.organisations import create_organisation

    with _database() as database:
        print(create_organisation(database, name).org_id)


def create_key(
    org: Org,
    name: Annotated[str, typer.Option(help="What the key is for.", show_default=False)],
    expires: Annotated[str, typer.Option(help="How long it is valid: 90d, 12h, 8w; for good if left out.")] = "",
) -> None:
    """Make an API key; prints it, this once."""
    from ircopilot.access import keys

    life = keys.key_life(expires) if expires else None
    with _database() as database:
        print(keys.create_key(database, org, name, life))


def list_keys(org: Org) -> None:
    """Show an organisation's keys, never their secrets."""
    from ircopilot.access import keys

    with _database() as database:
        found = keys.list_keys(database, org)
    table = Table("key", "name", "made", "expires", "last used", "state", box=None)
    for key in found:
        times = [f"{t:%Y-%m-%d %H:%M}" if t else "-" for t in (key.created_at, key.expires_at, key.last_used_at)]
        table.add_row(key.key_id, Text(key.name), *times, _state(key))
    out.print(table, soft_wrap=True)


def revoke_key(key: Annotated[str, typer.Argument(help="Its id, as `key list` shows it.")], org: Org) -> None:
    """Make a key useless, at once and for good."""
    from ircopilot.access import keys

    with _database() as database:
        keys.revoke_key(database, org, key)
    out.print(f"Key {key} is revoked.")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= datetime.now(UTC) else "valid"


@contextmanager
def _database() -> Iterator[Database]:
    from ircopilot.embedded.stack import running_stack
    from ircopilot.stores import open_stores

    with running_stack(data_dir()) as urls, open_stores(urls) as stores:
        yield stores.database
