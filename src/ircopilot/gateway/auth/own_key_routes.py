"""Routes of one's own API keys: what a command line works with after its person has signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response
from pydantic import AwareDatetime

from ircopilot.access import key_ring
from ircopilot.access.key_ring import KeyWanted
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.auth.cookies import WithPerson
from ircopilot.gateway.described import problems
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.kept_answers import holds_secret
from ircopilot.gateway.organisations.key_shapes import ApiKeyMade, ApiKeyOut, ApiKeys, KeyName
from ircopilot.gateway.permit import needs
from ircopilot.gateway.shapes import In, shown
from ircopilot.stores.postgres import api_keys
from ircopilot.stores.postgres.errors import UnknownKey

router = APIRouter(prefix="/v1/me/api-keys", tags=["me"])
LONGEST = timedelta(days=90)
MOST = 500


class OwnKeyNew(In):
    """A key for oneself: it may what its person may, and lasts at most 90 days."""

    model_config = shown({"name": "command line on laptop", "expires_at": "2026-12-24T12:00:00Z"})

    name: KeyName
    expires_at: AwareDatetime


@router.get(
    "",
    summary="One's own keys",
    response_model=ApiKeys,
    dependencies=[needs("self:read")],
    responses=problems(),
)
async def list_own_keys(gate: WithGate, caller: WithPerson) -> ApiKeys:
    """One's keys in this organisation, oldest first, also those that are of no use any more; never their texts."""
    found = await gate.in_tx(caller.org_id, lambda tx: api_keys.list_keys(tx, MOST, member_id=caller.member_id))
    now = datetime.now(UTC)
    return ApiKeys(items=[ApiKeyOut.of(key, now) for key in found])


@router.post(
    "",
    summary="Make a key for oneself",
    status_code=201,
    response_model=ApiKeyMade,
    dependencies=[needs("self:write")],
    responses=problems(UnusableArgument),
    openapi_extra=holds_secret("secret"),
)
async def create_own_key(asked: OwnKeyNew, gate: WithGate, caller: WithPerson, response: Response) -> ApiKeyMade:
    """A key for a program that works in one's name. Its text is shown once; it ends with its person's membership."""
    if asked.expires_at > datetime.now(UTC) + LONGEST:
        raise UnusableArgument(f"a key of one's own lasts at most {LONGEST.days} days", "let it expire sooner")
    wanted = KeyWanted(asked.name, caller.role, None, asked.expires_at)
    made = await gate.in_tx(caller.org_id, key_ring.make_key, caller, wanted)
    response.headers["Location"] = f"/v1/me/api-keys/{made.key.key_id}"
    return ApiKeyMade(api_key=ApiKeyOut.of(made.key, datetime.now(UTC)), secret=made.text)


@router.delete(
    "/{key_id}",
    summary="Revoke a key of one's own",
    status_code=204,
    dependencies=[needs("self:write")],
    responses=problems(UnknownKey),
)
async def revoke_own_key(key_id: str, gate: WithGate, caller: WithCaller) -> None:
    """Make a key of one's own useless, at once and for good; a key may do that to itself."""
    await gate.in_tx(caller.org_id, key_ring.revoke_own_key, caller, key_id)
