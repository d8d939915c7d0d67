"""Routes of API keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from ircopilot.access import key_ring
from ircopilot.access.errors import RoleTooHigh
from ircopilot.access.key_ring import KeyMade, KeyWanted
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.kept_answers import holds_secret
from ircopilot.gateway.organisations.key_shapes import ApiKeyMade, ApiKeyNew, ApiKeyOut, ApiKeys
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres import api_keys
from ircopilot.stores.postgres.errors import NoSuchMember, UnknownKey

router = APIRouter(prefix="/v1/api-keys", tags=["organisations"])


@router.get(
    "",
    summary="List API keys",
    response_model=ApiKeys,
    dependencies=[needs("key:read")],
    responses=problems(InvalidCursor),
)
async def list_api_keys(
    gate: WithGate, caller: WithCaller, limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: str | None = None,
    member: Annotated[str | None, Query(max_length=100, description="Those of one member.")] = None,
) -> ApiKeys:  # fmt: skip
    """The organisation's keys, oldest first, also those that are of no use any more; never their texts."""
    after = None if cursor is None else read_place(cursor)
    found = await gate.in_tx(
        caller.org_id, lambda tx: api_keys.list_keys(tx, limit + 1, after, member_id=member)
    )  # fmt: skip
    last, now = found[limit - 1] if len(found) > limit else None, datetime.now(UTC)
    return ApiKeys(
        items=[ApiKeyOut.of(key, now) for key in found[:limit]],
        next=cursor_of(last.created_at.isoformat(), last.key_id) if last else None,
    )


@router.post(
    "",
    summary="Make an API key",
    status_code=201,
    response_model=ApiKeyMade,
    dependencies=[needs("key:write")],
    responses=problems(RoleTooHigh, NoSuchMember, UnusableArgument),
    openapi_extra=holds_secret("secret"),
)
async def create_api_key(asked: ApiKeyNew, gate: WithGate, caller: WithCaller, response: Response) -> ApiKeyMade:
    """A key for oneself or for a service account, which may never do more than its maker. Its text is shown once."""
    wanted = KeyWanted(asked.name, asked.role, asked.scopes, asked.expires_at, asked.service_account)
    made = await gate.in_tx(caller.org_id, key_ring.make_key, caller, wanted)
    response.headers["Location"] = f"/v1/api-keys/{made.key.key_id}"
    return _made(made)


@router.get(
    "/{key_id}",
    summary="One API key",
    response_model=ApiKeyOut,
    dependencies=[needs("key:read")],
    responses=problems(UnknownKey),
)
async def get_api_key(key_id: str, gate: WithGate, caller: WithCaller) -> ApiKeyOut:
    """A key without its text."""
    return ApiKeyOut.of(await gate.in_tx(caller.org_id, api_keys.get_key, key_id), datetime.now(UTC))


@router.post(
    "/{key_id}/rotate",
    summary="Replace an API key",
    status_code=201,
    response_model=ApiKeyMade,
    dependencies=[needs("key:write")],
    responses=problems(UnknownKey, RoleTooHigh),
    openapi_extra=holds_secret("secret"),
)
async def rotate_api_key(key_id: str, gate: WithGate, caller: WithCaller, response: Response) -> ApiKeyMade:
    """A key like it with another text, shown once. The old one is useless from now on."""
    made = await gate.in_tx(caller.org_id, key_ring.rotate_key, caller, key_id)
    response.headers["Location"] = f"/v1/api-keys/{made.key.key_id}"
    return _made(made)


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    status_code=204,
    dependencies=[needs("key:write")],
    responses=problems(UnknownKey, RoleTooHigh),
)
async def revoke_api_key(key_id: str, gate: WithGate, caller: WithCaller) -> None:
    """Make a key useless, at once and for good, on every process."""
    await gate.in_tx(caller.org_id, key_ring.revoke_key, caller, key_id)


def _made(made: KeyMade) -> ApiKeyMade:
    return ApiKeyMade(api_key=ApiKeyOut.of(made.key, datetime.now(UTC)), secret=made.text)
