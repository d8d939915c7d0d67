"""Routes of the caller's organisation: read, rename, what it asks of sessions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from ircopilot.access.caller import Caller
from ircopilot.access.errors import OrganisationExists, UnknownOrganisation
from ircopilot.access.settling import change_settings, check_name
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.evidence.room import Room, check_limit, room_of
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.gateway.organisations.shapes import OrganisationChange, OrganisationOut
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.organisations import Organisation, find_organisation

router = APIRouter(prefix="/v1/organisation", tags=["organisations"])


@router.get(
    "",
    summary="The caller's organisation",
    response_model=OrganisationOut,
    dependencies=[needs("org:read")],
    responses=problems(UnknownOrganisation),
)
async def get_organisation(gate: WithGate, caller: WithCaller, response: Response) -> OrganisationOut:
    """Its name, what it asks of its members' sessions, and how much evidence it may hold and holds."""
    found, room = await gate.in_tx(caller.org_id, _with_room, gate.limits)
    show_tag(response, found.version)
    return OrganisationOut.of(found, room)


@router.patch(
    "",
    summary="Change the organisation",
    response_model=OrganisationOut,
    dependencies=[needs("org:write")],
    responses=problems(
        UnknownOrganisation, OrganisationExists, UnusableArgument, PreconditionRequired, PreconditionFailed
    ),
)
async def change_organisation(
    asked: OrganisationChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> OrganisationOut:
    """Rename it, ask for second factors, change how long sessions last (also those that are open) or how much evidence it
    may hold, within what the installation allows; at once.
    """
    values = asked.model_dump(exclude_none=True)
    check_limit(gate.limits, asked.max_held or 0)
    if asked.name is not None:
        await gate.in_lobby(lambda: check_name(gate.stores.database, caller.org_id, asked.name or ""))
    changed = await gate.in_tx(caller.org_id, _change, caller, seen, values)
    show_tag(response, changed.version)
    return OrganisationOut.of(changed, await gate.in_tx(caller.org_id, room_of, gate.limits))


def _found(tx: Tx) -> Organisation:
    found = find_organisation(tx)
    if found is None:
        raise UnknownOrganisation("the organisation is no more", "use another key")
    return found


def _with_room(tx: Tx, limits: GatewayLimits) -> tuple[Organisation, Room]:
    return _found(tx), room_of(tx, limits)


def _change(tx: Tx, caller: Caller, seen: int, values: dict[str, Any]) -> Organisation:
    changed = change_settings(tx, caller, _found(tx), seen, values)
    if changed is None:
        raise PreconditionFailed("the organisation was changed in the meantime", "read it again and send its ETag")
    return changed
