"""Servers that somebody else runs, in place of our children."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from ircopilot.embedded.errors import StackFailed
from ircopilot.embedded.layout import Secrets
from ircopilot.settings import ExternalUrls


def urls_of_externals(external: ExternalUrls) -> dict[str, str]:
    """Their share of `StackUrls`, the database's apart."""
    found = external.model_dump(exclude_none=True, exclude={"database_url", "database_app_url", "database_lobby_url"})
    if external.nats_url is not None:
        found.setdefault("nats_token", "")
    return found


async def external_database(external: ExternalUrls, secrets: Secrets) -> dict[str, str]:
    """The URLs of the three login roles on an external server; makes the two lesser roles if no URL is given for them.

    Raises `StackFailed` when they cannot be made.
    """
    owner = external.database_url
    if owner is None:
        return {}
    given = {"app": external.database_app_url, "lobby": external.database_lobby_url}
    passwords = {"app": secrets.postgres_app, "lobby": secrets.postgres_lobby}
    urls = {"database_owner_url": owner}
    for role, url in given.items():
        urls[f"database_{role}_url"] = url or with_login(owner, f"ircopilot_{role}", passwords[role])
    missing = {role: passwords[role] for role, url in given.items() if url is None}
    if missing:
        await asyncio.to_thread(_make_roles, urls, missing)
    return urls


def _make_roles(urls: Mapping[str, str], missing: Mapping[str, str]) -> None:
    from ircopilot.stores.postgres.provision import check_login, provision_roles

    try:
        provision_roles(urls["database_owner_url"], missing)
        for role in missing:
            check_login(urls[f"database_{role}_url"])
    except Exception as error:
        names = " and ".join(f"IRCOPILOT_DATABASE_{role.upper()}_URL" for role in missing)
        raise StackFailed(
            f"the roles {', '.join(missing)} cannot be made or used on the external database: {error}", f"set {names}"
        ) from error


def with_login(url: str, user: str, password: str) -> str:
    """The same URL for another login; `password` holds URL-safe characters only."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))
