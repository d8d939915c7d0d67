"""Routes of an organisation's sign-in providers."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from ircopilot.access import providers
from ircopilot.access.caller import Caller
from ircopilot.access.errors import ProviderUnreachable, RoleTooHigh
from ircopilot.access.providers import ProviderWanted
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.gateway.auth.oidc_routes import CALLBACK
from ircopilot.gateway.described import problems
from ircopilot.gateway.door import own_origins
from ircopilot.gateway.errors import PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.organisations.key_shapes import (
    DiscoveredOut,
    IssuerIn,
    ProviderChange,
    ProviderNew,
    ProviderOut,
    Providers,
)
from ircopilot.gateway.permit import needs
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Tx, oidc_providers
from ircopilot.stores.postgres.errors import UnknownProvider
from ircopilot.stores.postgres.oidc_providers import Provider

router = APIRouter(prefix="/v1/oidc-providers", tags=["organisations"])
READ, WRITE = [needs("org:read")], [needs("org:write")]


@router.get("", summary="List sign-in providers", response_model=Providers, dependencies=READ, responses=problems())
async def list_oidc_providers(gate: WithGate, caller: WithCaller) -> Providers:
    """The organisation's providers, by name, without their secrets."""
    found = await gate.in_tx(caller.org_id, oidc_providers.list_providers)
    return Providers(items=[ProviderOut.of(p) for p in found])


@router.post(
    "",
    summary="Set up a sign-in provider",
    status_code=201,
    response_model=ProviderOut,
    dependencies=WRITE,
    responses=problems(RoleTooHigh),
)
async def create_oidc_provider(
    asked: ProviderNew, gate: WithGate, caller: WithCaller, response: Response
) -> ProviderOut:  # fmt: skip
    """Let the organisation's people sign in there. The client's secret is kept sealed, and never shown again."""
    fields = {name: getattr(asked, name) for name in ProviderNew.model_fields if name != "client_secret"}
    wanted = ProviderWanted(**fields, secret=asked.client_secret)
    made = await gate.in_tx(
        caller.org_id, lambda tx: providers.add_provider(gate.stores, tx, caller, wanted)
    )  # fmt: skip
    response.headers["Location"] = f"/v1/oidc-providers/{made.provider_id}"
    show_tag(response, made.version)
    return ProviderOut.of(made)


@router.post(
    "/discover",
    summary="Try a provider's discovery",
    response_model=DiscoveredOut,
    dependencies=WRITE,
    responses=problems(ProviderUnreachable),
)
async def discover_oidc_provider(asked: IssuerIn, request: Request, gate: WithGate) -> DiscoveredOut:
    """Fetch what a provider says of itself, and its keys, before it is set up; nothing is kept."""
    found = await gate.outside(lambda: gate.peer.look_at(asked.issuer))
    return DiscoveredOut(**asdict(found), redirect_uri=own_origins(request.headers, gate.site)[0] + CALLBACK)


@router.get(
    "/{provider_id}",
    summary="One sign-in provider",
    response_model=ProviderOut,
    dependencies=READ,
    responses=problems(UnknownProvider),
)
async def get_oidc_provider(
    provider_id: str, gate: WithGate, caller: WithCaller, response: Response
) -> ProviderOut:  # fmt: skip
    """A provider without its secret."""
    found = await gate.in_tx(caller.org_id, oidc_providers.get_provider, provider_id)
    show_tag(response, found.version)
    return ProviderOut.of(found)


@router.patch(
    "/{provider_id}",
    summary="Change a sign-in provider",
    response_model=ProviderOut,
    dependencies=WRITE,
    responses=problems(UnknownProvider, RoleTooHigh, PreconditionRequired, PreconditionFailed),
)
async def change_oidc_provider(
    provider_id: str, asked: ProviderChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> ProviderOut:
    """Change some of it; a disabled provider lets nobody in. Its issuer stays: another one is another provider."""
    changed = await gate.in_tx(caller.org_id, _change, gate.stores, caller, provider_id, seen, asked)
    show_tag(response, changed.version)
    return ProviderOut.of(changed)


@router.delete(
    "/{provider_id}",
    summary="Remove a sign-in provider",
    status_code=204,
    dependencies=WRITE,
    responses=problems(UnknownProvider),
)
async def remove_oidc_provider(provider_id: str, gate: WithGate, caller: WithCaller) -> None:
    """Remove it. Who signed in there stays a member, who can sign in no more."""
    await gate.in_tx(caller.org_id, providers.remove_provider, caller, provider_id)


def _change(
    tx: Tx, stores: StoreSet, caller: Caller, provider_id: str, seen: int, asked: ProviderChange
) -> Provider:  # fmt: skip
    change = asked.model_dump(exclude_none=True, exclude={"client_secret", "no_default_role"})
    if asked.client_secret is not None:
        change["secret"] = asked.client_secret
    if asked.no_default_role:
        change["default_role"] = None
    changed = providers.change_provider(stores, tx, caller, provider_id, seen, change)
    if changed is None:
        raise PreconditionFailed("the provider was changed in the meantime", "read it again and send its ETag")
    return changed
