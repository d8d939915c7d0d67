"""Sign-in providers of an organisation, and who signs in through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.stores.postgres.database import Database, Tx
from ircopilot.stores.postgres.errors import UnknownProvider
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables.access import identities, oidc_providers


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider. `secret` is sealed. `group_roles`: role by group; `default_role` of who is in none (None: refused).

    `trust_mfa`: a sign-in there counts as one with a second factor.
    """

    org_id: str
    provider_id: str
    name: str
    issuer: str
    client_id: str
    secret: str
    scopes: str
    groups_claim: str
    group_roles: dict[str, str]
    default_role: str | None
    trust_mfa: bool
    enabled: bool
    created_at: datetime
    version: int


def organisation_of_provider(database: Database, provider_id: str) -> str:
    """Whose enabled provider it is. Works as the lobby. Raises `UnknownProvider`."""
    query = select(oidc_providers.c.org_id).where(oidc_providers.c.provider_id == provider_id, oidc_providers.c.enabled)
    with database.lobby(provider_id=provider_id) as connection:
        found = connection.execute(query).scalar()
    if found is None:
        raise _unknown(provider_id)
    return str(found)


def add_provider(tx: Tx, provider_id: str, **values: Any) -> Provider:
    """Add a provider; its columns by name."""
    row = {"org_id": tx.org_id, "provider_id": provider_id} | values
    added = tx.connection.execute(oidc_providers.insert().values(row).returning(oidc_providers)).one()
    return _provider(added)


def change_provider(tx: Tx, provider_id: str, seen: int, **values: Any) -> bool:
    """Change columns of a provider if it has the version that was seen."""
    here = update(oidc_providers).where(oidc_providers.c.provider_id == provider_id, oidc_providers.c.version == seen)
    return tx.connection.execute(here.values(**values, version=seen + 1)).rowcount == 1


def remove_provider(tx: Tx, provider_id: str) -> None:
    """Remove a provider, and who signed in through it."""
    tx.connection.execute(oidc_providers.delete().where(oidc_providers.c.provider_id == provider_id))


def get_provider(tx: Tx, provider_id: str) -> Provider:
    """One provider of the organisation. Raises `UnknownProvider`."""
    query = select(oidc_providers).where(oidc_providers.c.provider_id == provider_id)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise _unknown(provider_id)
    return _provider(row)


def list_providers(tx: Tx) -> list[Provider]:
    """The organisation's providers, by name."""
    query = select(oidc_providers).order_by(oidc_providers.c.name, oidc_providers.c.provider_id)
    return [_provider(row) for row in tx.connection.execute(query)]


def account_of_subject(tx: Tx, provider_id: str, subject: str) -> str | None:
    """The account that signs in as that subject; noted as seen now."""
    mine = update(identities).where(identities.c.provider_id == provider_id, identities.c.subject == storable(subject))
    return tx.connection.execute(mine.values(last_seen_at=func.now()).returning(identities.c.account_id)).scalar()


def add_identity(tx: Tx, provider_id: str, subject: str, account_id: str) -> bool:
    """Remember whose account signs in as that subject; False when somebody was quicker."""
    row = {
        "org_id": tx.org_id, "provider_id": provider_id, "subject": storable(subject), "account_id": account_id,
        "last_seen_at": func.now(),
    }  # fmt: skip
    added = insert(identities).values(row).on_conflict_do_nothing().returning(identities.c.subject)
    return tx.connection.execute(added).one_or_none() is not None


def _unknown(provider_id: str) -> UnknownProvider:
    return UnknownProvider(f"no sign-in provider {provider_id[:100]}", "list them: GET /v1/oidc-providers")


def _provider(row: Row[Any]) -> Provider:
    return Provider(**row._mapping)
