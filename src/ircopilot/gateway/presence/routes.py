"""Routes of presence: be seen on an incident, and be seen no more. Who is there, the feed tells."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from ircopilot.cases.find import seen_incident
from ircopilot.gateway.described import problems
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.presence.shapes import Here
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.redis_presence import Visit

router = APIRouter(prefix="/v1/incidents/{key}/presence", tags=["incidents"])
VisitId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{8,32}$", examples=["5b0f7a523c56"], description="Any, of the page that is open.")
]


@router.put(
    "/{visit_id}",
    summary="Be seen on an incident",
    status_code=204,
    response_class=Response,
    dependencies=[needs("incident:read")],
    responses=problems(UnknownIncident),
)
async def enter_incident(key: str, visit_id: VisitId, here: Here, gate: WithGate, caller: WithCaller) -> Response:
    """Say that one looks at the incident, or writes a sentence of its report. It holds for 45 seconds: say it again. The
    feed tells it as `presence` to who may know of the incident; nothing of it is kept or logged.
    """
    case = await gate.in_tx(caller.org_id, seen_incident, caller, key)
    visit = Visit(
        case.incident_id, case.key, caller.principal_id, caller.name, here.page, here.report, here.claim
    )  # fmt: skip
    presence = gate.stores.stores_for(caller.org_id).presence
    await gate.in_file_thread(lambda: presence.enter(caller.org_id, visit_id, visit))
    return Response(status_code=204)


@router.delete(
    "/{visit_id}",
    summary="Be seen no more",
    status_code=204,
    response_class=Response,
    dependencies=[needs("incident:read")],
    responses=problems(),
)
async def leave_incident(key: str, visit_id: VisitId, gate: WithGate, caller: WithCaller) -> Response:
    """Say that the page was left, whichever incident it showed. Who says nothing is forgotten, too, only later."""
    presence = gate.stores.stores_for(caller.org_id).presence
    await gate.in_file_thread(lambda: presence.leave(caller.org_id, caller.principal_id, visit_id))
    return Response(status_code=204)
