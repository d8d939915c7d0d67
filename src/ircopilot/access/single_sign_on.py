"""Single sign-on: from our page to the organisation's provider and back, and a member made when first seen.

An account that a provider made belongs to that organisation (`home_org`): what the provider says never opens an account
that another organisation knows, whatever address it names.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import ProviderRefused
from ircopilot.access.oidc import Client, OidcPeer, browser_mark
from ircopilot.access.permissions import Role
from ircopilot.access.ranks import highest_role
from ircopilot.access.sealing import unseal
from ircopilot.access.sessions import Begun, Where
from ircopilot.access.sign_in import enter
from ircopilot.access.throttle import Throttle
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, accounts, members, oidc_providers
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.members import Member
from ircopilot.stores.postgres.oidc_providers import Provider

LIFE_S = 600


@dataclass(frozen=True, slots=True)
class Started:
    """Where the browser goes, and the cookie that it must bring back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Came:
    """What the provider's redirection brought: `state`, `code` or `error`, `iss`; and the browser's cookie."""

    state: str
    code: str
    error: str
    issuer: str
    cookie: str


def secret_place(provider_id: str) -> str:
    """Where a provider's secret belongs."""
    return f"oidc-provider/{provider_id}"


def start(
    stores: StoreSet, peer: OidcPeer, provider_id: str, redirect_uri: str, back_to: str, where: Where
) -> Started:  # fmt: skip
    """Begin. Raises `UnknownProvider`, `ProviderUnreachable`, `TooManyAttempts`."""
    Throttle(stores.failures, "begin").begun(where.address)
    org_id = oidc_providers.organisation_of_provider(stores.database, provider_id)
    with stores.stores_for(org_id).database.tenant(org_id) as tx:
        provider = oidc_providers.get_provider(tx, provider_id)
    nonce, verifier, cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    kept = {
        "org_id": org_id, "provider_id": provider_id, "nonce": nonce, "verifier": verifier, "back_to": back_to,
        "redirect_uri": redirect_uri, "mark": browser_mark(cookie),
    }  # fmt: skip
    state = stores.once.put("oidc", kept, LIFE_S)
    return Started(peer.authorization_url(_client(stores, provider, redirect_uri), state, nonce, verifier), cookie)


def finish(stores: StoreSet, peer: OidcPeer, came: Came, where: Where, old: str = "") -> tuple[Begun, str]:
    """Begin the session of whoever the provider says it is; and where the person wanted to go.

    Raises `ProviderRefused`, `ProviderUnreachable`, `UnknownProvider`.
    """
    kept: dict[str, str] | None = stores.once.take("oidc", came.state) if came.state else None
    if kept is None or not hmac.compare_digest(kept["mark"], browser_mark(came.cookie)):
        raise ProviderRefused("that sign-in was not begun in this browser, or was ended", "begin again")
    org_id = oidc_providers.organisation_of_provider(stores.database, kept["provider_id"])
    with stores.stores_for(org_id).database.tenant(org_id) as tx:
        provider = oidc_providers.get_provider(tx, kept["provider_id"])
    if came.error or not came.code:
        raise ProviderRefused("the provider did not sign you in", "begin again")
    if came.issuer and came.issuer != provider.issuer:
        raise ProviderRefused("another provider answered", "begin again")
    client = _client(stores, provider, kept["redirect_uri"])
    claims = peer.claims_of_code(client, came.code, kept["nonce"], kept["verifier"])
    member = _member(stores, provider, claims, where)
    begun = enter(
        stores, member.account_id or "", org_id, member.member_id, "oidc", where, old, factor=provider.trust_mfa
    )  # fmt: skip
    return begun, kept["back_to"]


def role_of(tx: Tx, provider: Provider, claims: Mapping[str, Any]) -> Role:
    """The highest role of the person's groups, else the default. Raises `ProviderRefused` when there is neither."""
    said = claims.get(provider.groups_claim)
    groups = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    roles = [provider.group_roles[g] for g in groups if isinstance(g, str) and g in provider.group_roles]
    found = highest_role(tx, cast(list[Role], roles)) if roles else cast(Role | None, provider.default_role)
    if found is None:
        raise ProviderRefused("none of your groups has a role here", "ask an administrator of the organisation")
    return found


def _member(stores: StoreSet, provider: Provider, claims: Mapping[str, Any], where: Where) -> Member:
    """The member that the provider speaks of, made if there is none, with the role that the groups give now."""
    subject, org_id = str(claims["sub"]), provider.org_id
    database = stores.stores_for(org_id).database
    with database.tenant(org_id) as tx:
        role = role_of(tx, provider, claims)
        account_id = oidc_providers.account_of_subject(tx, provider.provider_id, subject)
        found = members.member_of_account(tx, account_id) if account_id else None
        if found is not None:
            return _as_now(tx, members.get_member(tx, found.member_id, lock=True), role, provider, where)
    account_id = str(uuid.uuid4())
    said = str(claims.get("email") or claims.get("preferred_username") or subject)
    email = storable(said.strip().casefold()[:254])
    name = str(claims.get("name") or email)[:120]
    with database.tenant(org_id, account_id) as tx:
        known = members.member_with_email(tx, email)
        if known is not None and known.state == "active":
            raise ProviderRefused(f"there is a member {email} already", "an administrator disables it first")
        member_id = str(uuid.uuid4())
        accounts.make_account(tx.connection, account_id, email, name, org_id)
        if not oidc_providers.add_identity(tx, provider.provider_id, subject, account_id):
            raise ProviderRefused("you were signed in elsewhere at this moment", "begin again")
        members.add_member(tx, member_id, name, role, account_id)
        made = members.get_member(tx, member_id)
        after = {"email": email, "role": role, "provider": provider.provider_id}
        record_act(tx, _caller(made, provider, where), "member.join", f"member/{member_id}", after=after)
        return made


def _as_now(tx: Tx, member: Member, role: Role, provider: Provider, where: Where) -> Member:
    """The member with the role that the groups give now; the last owner stays one. Raises `ProviderRefused`."""
    if member.state != "active":
        raise ProviderRefused("you are no active member", "ask an administrator of the organisation")
    if member.role == role or (member.role == "owner" and members.active_owners(tx) == [member.member_id]):
        return member
    members.change_member(tx, member.member_id, role=role)
    before, after = {"role": member.role}, {"role": role}
    record_act(tx, _caller(member, provider, where), "member.role", f"member/{member.member_id}", before, after)
    return replace(member, role=role)


def _caller(member: Member, provider: Provider, where: Where) -> Caller:
    return Caller(
        member.org_id, "user", member.member_id, cast(Role, member.role), f"{provider.name} for {member.email}",
        address=where.address, request_id=where.request_id,
    )  # fmt: skip


def _client(stores: StoreSet, provider: Provider, redirect_uri: str) -> Client:
    secret = unseal(stores, provider.org_id, secret_place(provider.provider_id), provider.secret)
    return Client(provider.issuer, provider.client_id, secret, provider.scopes, redirect_uri)
