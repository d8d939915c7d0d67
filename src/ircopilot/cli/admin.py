"""`ircopilot admin`: organisations, their API keys and their encryption keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ircopilot.settings import data_dir, service_settings

if TYPE_CHECKING:
    from ircopilot.stores import StoreSet
    from ircopilot.stores.postgres import Database
    from ircopilot.stores.postgres.api_keys import ApiKey

out = Console(highlight=False)
Org = Annotated[str, typer.Option("--org", help="Name or id of the organisation; `local` is that of `investigate`.")]


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    admin = typer.Typer(
        no_args_is_help=True, help="Organisations, links for people and API keys, on the machine that runs the service."
    )
    org = typer.Typer(no_args_is_help=True, help="Organisations.")
    org.command("create", epilog="Example:  ircopilot admin org create 'Example Ltd'")(create_org)
    key = typer.Typer(no_args_is_help=True, help="API keys of an organisation.")
    key.command(
        "create", epilog="Example:  export IRCOPILOT_API_KEY=$(ircopilot admin key create --org local --name laptop)"
    )(create_key)
    key.command("list")(list_keys)
    key.command("revoke", epilog="Example:  ircopilot admin key revoke 0123456789abcdef --org local")(revoke_key)
    vault = typer.Typer(no_args_is_help=True, help="The key that an organisation's evidence is encrypted under.")
    vault.command("rotate", epilog="Example:  ircopilot admin vault-key rotate --org 'Example Ltd'")(rotate_key)
    vault.command("rewrap", epilog="Example:  ircopilot admin vault-key rewrap --org 'Example Ltd'")(rewrap_key)
    vault.command("destroy", epilog="Example:  ircopilot admin vault-key destroy --org Old --confirm Old")(destroy_key)
    admin.command(
        "invite", epilog="Example:  ircopilot admin invite --org local --role analyst --email ada@example.org"
    )(invite)
    admin.command("reset", epilog="Example:  ircopilot admin reset ada@example.org --without-factors")(reset)
    admin.add_typer(vault, name="vault-key")
    admin.add_typer(org, name="org")
    admin.add_typer(key, name="key")
    app.add_typer(admin, name="admin")


def create_org(name: Annotated[str, typer.Argument(help="What people call it.", show_default=False)]) -> None:
    """Make an organisation; prints its id."""
    from ircopilot.access.organisations import create_organisation

    with _database() as database:
        print(create_organisation(database, name).org_id)


def invite(
    org: Org,
    role: Annotated[str, typer.Option(help="owner, admin, lead, analyst, viewer or auditor.")] = "owner",
    email: Annotated[str, typer.Option(help="Who may use it; anybody who holds it if left out.")] = "",
) -> None:
    """Make a link by which a person becomes a member, once, within 24 hours; prints it."""
    from ircopilot.access.joining import invite_from_machine

    settings = service_settings()
    with _database() as database:
        kind, token = invite_from_machine(database, org, role, email)
    page = "first" if kind == "first" else "join"
    out.print(f"{settings.web_url}/sign-in/{page}?token={token}", soft_wrap=True)


def reset(
    email: Annotated[str, typer.Argument(help="The address that the person signs in with.", show_default=False)],
    without_factors: Annotated[
        bool, typer.Option("--without-factors", help="Take the second factors away as well.")
    ] = False,
) -> None:
    """Give somebody who lost it a new password; prints it, this once. Their sessions end."""
    from ircopilot.access.recovery import reset_account

    with _database() as database:
        print(reset_account(database, email, without_factors=without_factors))


def create_key(
    org: Org,
    name: Annotated[str, typer.Option(help="What the key is for.", show_default=False)],
    expires: Annotated[str, typer.Option(help="How long it is valid: 90d, 12h, 8w; for good if left out.")] = "",
    role: Annotated[
        str, typer.Option(help="What it may: owner, admin, lead, analyst, viewer, auditor, service.")
    ] = "service",
    scope: Annotated[
        list[str] | None, typer.Option(help="A permission that it is narrowed to, as incident:read; may be repeated.")
    ] = None,
) -> None:
    """Make an API key; prints it, this once."""
    from ircopilot.access import keys

    life = keys.key_life(expires) if expires else None
    with _database() as database:
        print(keys.create_key(database, org, name, life, role, scope))


def list_keys(org: Org) -> None:
    """Show an organisation's keys, never their secrets."""
    from ircopilot.access import keys

    with _database() as database:
        found = keys.list_keys(database, org)
    table = Table("key", "name", "role", "made", "expires", "last used", "state", box=None)
    for key in found:
        times = [f"{t:%Y-%m-%d %H:%M}" if t else "-" for t in (key.created_at, key.expires_at, key.last_used_at)]
        table.add_row(
            key.key_id, Text(key.name), key.role + ("*" if key.scopes is not None else ""), *times, _state(key)
        )
    out.print(table, soft_wrap=True)


def revoke_key(key: Annotated[str, typer.Argument(help="Its id, as `key list` shows it.")], org: Org) -> None:
    """Make a key useless, at once and for good."""
    from ircopilot.access import keys

    with _database() as database:
        keys.revoke_key(database, org, key)
    out.print(f"Key {key} is revoked.")


def rotate_key(org: Org) -> None:
    """Begin a new version of the key: new evidence is wrapped under it, older evidence still opens."""
    from ircopilot.access import vault_keys

    with _stores() as stores:
        vault_keys.rotate_key(stores, org)
    out.print("New evidence is wrapped under a new version of the key.")


def rewrap_key(
    org: Org,
    here: Annotated[bool, typer.Option("--here", help="Do it in this process, not in the orchestrator.")] = False,
) -> None:
    """Ask for the keys to be wrapped anew under the key service's present version, and watch it.

    The orchestrator does it. Where none runs, this command does after a while. It may be stopped at any time: asked for
    again, it goes on.
    """
    from ircopilot.access.organisations import named_organisation
    from ircopilot.cli.chores import watch_chore

    with _stores() as stores:
        chore = watch_chore(stores, named_organisation(stores.database, org).org_id, "rewrap", out.print, here=here)
    out.print(f"{chore.done} steps, all keys are wrapped anew." if chore.done else "Nothing is to be wrapped anew.")


def destroy_key(
    org: Org,
    confirm: Annotated[str, typer.Option(help="The organisation once more, as with --org.", show_default=False)],
) -> None:
    """Make all evidence of the organisation unreadable, for ever. Refused while a legal hold lies on some of it."""
    from ircopilot.access import vault_keys
    from ircopilot.domain.errors import UnusableArgument

    if confirm != org:
        raise UnusableArgument("--confirm does not name the same organisation", "name it twice if you mean it")
    with _stores() as stores:
        count = vault_keys.destroy_key(stores, org)
    out.print(f"The key is destroyed: {count} artifacts can no longer be read by anybody.")


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.suspended_at is not None:
        return "suspended"
    return "expired" if key.expires_at is not None and key.expires_at <= datetime.now(UTC) else "valid"


@contextmanager
def _database() -> Iterator[Database]:
    with _stores() as stores:
        yield stores.database


@contextmanager
def _stores() -> Iterator[StoreSet]:
    from ircopilot.embedded.stack import running_stack
    from ircopilot.stores import open_stores

    with running_stack(data_dir()) as urls, open_stores(urls) as stores:
        yield stores
