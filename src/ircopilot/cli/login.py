"""`ircopilot login` and `logout`: a key of one's own for the commands that speak to a server."""

from __future__ import annotations

import platform
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ircopilot.cli.connection import Login, forget_login, keep_login, known_login
from ircopilot.domain.errors import UnusableArgument


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    app.command("login", epilog="Examples:  ircopilot login https://irc.example.org --email ada@example.org   ·   "
                "ircopilot login http://127.0.0.1:7464 --key < key.txt")(login)  # fmt: skip
    app.command("logout", epilog="Example:  ircopilot logout")(logout)


def login(
    url: Annotated[str, typer.Argument(help="Address of the gateway.", show_default=False)],
    email: Annotated[str, typer.Option(help="Of your account; asked for if left out.", show_default=False)] = "",
    organisation: Annotated[
        str, typer.Option(help="Name or id of the organisation, if you are in several.", show_default=False)
    ] = "",
    with_key: Annotated[bool, typer.Option("--key", help="Keep a key that you have, read from stdin.")] = False,
    days: Annotated[int, typer.Option(min=1, max=90, help="How long the new key is valid.")] = 30,
) -> None:
    """Sign in: a key of your own is made and kept in a file that only you can read."""
    if not url.startswith(("http://", "https://")):
        raise UnusableArgument(f"{url!r} is no address of a gateway", "write it as http://127.0.0.1:7464")
    url = url.rstrip("/")
    key = _asked_key() if with_key else _made_key(url, email, organisation or None, days)
    from ircopilot.client import Client

    with Client(url, key) as client:
        client.api.list_incidents(limit=1)  # a key that opens nothing is not kept
    path = keep_login(Login(url, key))
    print(f"Signed in to {url}; the key lies in {path}.")


def logout() -> None:
    """Revoke the kept key, and forget it."""
    from ircopilot.client import Client
    from ircopilot.domain.errors import ProblemError

    try:
        kept = known_login()
        with Client(kept.url, kept.api_key) as client:
            client.api.revoke_own_key(kept.api_key.split("_")[1])
    except ProblemError as error:
        typer.echo(f"the key was not revoked: {error.detail}", err=True)
    print("Signed out." if forget_login() else "Nobody was signed in.")


def _asked_key() -> str:
    key = str(typer.prompt("API key", hide_input=True)).strip()
    if not key.startswith("irc_"):
        raise UnusableArgument("that is no API key", "keys begin with irc_; see `ircopilot admin key create`")
    return key


def _made_key(url: str, email: str, organisation: str | None, days: int) -> str:
    from ircopilot.client.signing_in import signed_in

    email = email or str(typer.prompt("E-mail"))
    password = str(typer.prompt("Password", hide_input=True))
    until = datetime.now(UTC) + timedelta(days=days)

    def code() -> str:
        return str(typer.prompt("One-time or recovery code"))

    with signed_in(url, email, password, organisation, code) as session:
        return session.make_key(f"command line on {platform.node()[:60] or 'this machine'}", until)
