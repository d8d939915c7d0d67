"""Routes of incidents: open, list, look at."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.find import seen_incident
from ircopilot.domain.incident import Incident
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import IncidentExists
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.shapes import DepositOut, IncidentOut, Incidents, IncidentWhole, NewIncident
from ircopilot.stores.postgres import Tx, incidents
from ircopilot.stores.postgres.deposits import Deposit, list_deposits
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])


@router.post(
    "",
    summary="Open an incident",
    status_code=201,
    response_model=IncidentOut,
    dependencies=[needs("incident:write")],
    responses=problems(IncidentExists),
)
async def open_incident(asked: NewIncident, gate: WithGate, caller: WithCaller, response: Response) -> IncidentOut:
    """Open an incident. The same key and title again is the same incident (200)."""
    key = asked.key or f"INC-{secrets.token_hex(5)}"
    incident, new = await gate.in_tx(caller.org_id, _open, caller, key, asked.title)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/incidents/{key}"
    return IncidentOut.of(incident)


@router.get(
    "", summary="List incidents", response_model=Incidents, dependencies=[needs("incident:read")], responses=problems()
)
async def list_incidents(gate: WithGate, caller: WithCaller) -> Incidents:
    """The organisation's incidents, by key."""
    return Incidents(items=[IncidentOut.of(i) for i in await gate.in_tx(caller.org_id, incidents.list_incidents)])


@router.get(
    "/{key}",
    summary="Look at an incident",
    response_model=IncidentWhole,
    dependencies=[needs("incident:read")],
    responses=problems(UnknownIncident),
)
async def get_incident(key: str, gate: WithGate, caller: WithCaller) -> IncidentWhole:
    """One incident, with what was handed in to it."""
    incident, deposits = await gate.in_tx(caller.org_id, _whole, caller, key)
    return IncidentWhole(**IncidentOut.of(incident).model_dump(), evidence=[DepositOut.of(d) for d in deposits])


def _open(tx: Tx, caller: Caller, key: str, title: str) -> tuple[Incident, bool]:
    try:
        found: Incident = seen_incident(tx, caller, key)
    except UnknownIncident:
        if incidents.is_taken(tx, key):
            raise IncidentExists(f"{key} is taken", "choose another key") from None
        return incidents.upsert_incident(tx, key, title), True
    if found.title != title:
        raise IncidentExists(f"{key} is called {found.title!r}", "choose another key, or the same title")
    return found, False


def _whole(tx: Tx, caller: Caller, key: str) -> tuple[Incident, list[Deposit]]:
    incident = seen_incident(tx, caller, key)
    return incident, list_deposits(tx, incident.incident_id)
