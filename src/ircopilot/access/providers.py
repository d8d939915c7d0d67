"""An organisation's sign-in providers, as its owners set them up. The client's secret goes in and never comes out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.permissions import Role
from ircopilot.access.ranks import check_grant
from ircopilot.access.sealing import seal
from ircopilot.access.single_sign_on import secret_place
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, oidc_providers
from ircopilot.stores.postgres.oidc_providers import Provider


@dataclass(frozen=True, slots=True)
class ProviderWanted:
    """A provider to be set up, its secret in clear."""

    name: str
    issuer: str
    client_id: str
    secret: str
    scopes: str
    groups_claim: str
    group_roles: Mapping[str, Role]
    default_role: Role | None
    trust_mfa: bool
    enabled: bool

    def __repr__(self) -> str:
        return f"ProviderWanted({self.name})"


def add_provider(stores: StoreSet, tx: Tx, caller: Caller, wanted: ProviderWanted) -> Provider:
    """Set one up. Raises `RoleTooHigh` when its groups would get more than the caller has."""
    _check_roles(tx, caller, wanted.group_roles, wanted.default_role)
    provider_id = str(uuid.uuid4())
    row = _columns(wanted) | {"secret": seal(stores, tx.org_id, secret_place(provider_id), wanted.secret)}
    made = oidc_providers.add_provider(tx, provider_id, **row)
    record_act(tx, caller, "provider.create", f"oidc-provider/{provider_id}", after=_told(made))
    return made


def change_provider(
    stores: StoreSet, tx: Tx, caller: Caller, provider_id: str, seen: int, change: Mapping[str, Any]
) -> Provider | None:  # fmt: skip
    """Change some of its columns, `secret` in clear among them; None when it was changed in the meantime.

    Raises `UnknownProvider`, `RoleTooHigh`.
    """
    before = oidc_providers.get_provider(tx, provider_id)
    _check_roles(tx, caller, change.get("group_roles") or {}, change.get("default_role"))
    columns = dict(change)
    if "secret" in columns:
        columns["secret"] = seal(stores, tx.org_id, secret_place(provider_id), columns["secret"])
    if not oidc_providers.change_provider(tx, provider_id, seen, **columns):
        return None
    after = oidc_providers.get_provider(tx, provider_id)
    record_act(tx, caller, "provider.change", f"oidc-provider/{provider_id}", _told(before), _told(after))
    return after


def remove_provider(tx: Tx, caller: Caller, provider_id: str) -> None:
    """Remove one; who signed in through it stays a member and cannot sign in. Raises `UnknownProvider`."""
    before = oidc_providers.get_provider(tx, provider_id)
    oidc_providers.remove_provider(tx, provider_id)
    record_act(tx, caller, "provider.remove", f"oidc-provider/{provider_id}", _told(before))


def _check_roles(tx: Tx, caller: Caller, group_roles: Mapping[str, Role], default: Role | None) -> None:
    for role in {*group_roles.values(), *((default,) if default else ())}:
        check_grant(tx, caller, cast(Role, role))


def _columns(wanted: ProviderWanted) -> dict[str, Any]:
    names = ("name", "issuer", "client_id", "scopes", "groups_claim", "default_role", "trust_mfa", "enabled")
    return {name: getattr(wanted, name) for name in names} | {"group_roles": dict(wanted.group_roles)}


def _told(provider: Provider) -> dict[str, Any]:
    """What may be told of it: all but the secret."""
    names = ("name", "issuer", "client_id", "scopes", "groups_claim", "default_role", "trust_mfa", "enabled")
    return {name: getattr(provider, name) for name in names} | {"group_roles": provider.group_roles}
