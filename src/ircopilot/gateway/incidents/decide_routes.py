"""Routes of what is decided about an incident: close, open again, merge, restrict, hold."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged, TimesOutOfOrder, UnknownMember, WrongState
from ircopilot.cases.fields import close_case, hold_case, reopen_case, restrict_case
from ircopilot.cases.find import seen_incident
from ircopilot.cases.keep import evidence_to_keep, lock_evidence, note_kept
from ircopilot.cases.merge import merge_case
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.incident import Case
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.incidents.shapes import (
    Closing,
    Hold,
    IncidentOut,
    Merging,
    Reopening,
    Restriction,
    RestrictionOut,
)
from ircopilot.gateway.live import change
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.cases import granted_to
from ircopilot.stores.postgres.errors import RunInProgress, UnknownIncident
from ircopilot.stores.vault import UnreachableVault

router = APIRouter(prefix="/v1/incidents/{key}", tags=["incidents"])


@router.post(
    "/close",
    summary="Close an incident",
    response_model=IncidentOut,
    dependencies=[needs("incident:close")],
    responses=problems(UnknownIncident, IncidentMerged, WrongState, TimesOutOfOrder),
)
async def close_incident(
    key: str, asked: Closing, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:  # fmt: skip
    """Close an incident with a reason."""
    at = asked.closed_at or datetime.now(UTC)
    return _shown(await change(gate, caller, close_case, caller, key, asked.reason, asked.note, at), response)


@router.post(
    "/reopen",
    summary="Open a closed incident again",
    response_model=IncidentOut,
    dependencies=[needs("incident:close")],
    responses=problems(UnknownIncident, IncidentMerged, WrongState),
)
async def reopen_incident(
    key: str, asked: Reopening, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:
    """Go on with a closed incident. One that was merged goes on as the other."""
    return _shown(await change(gate, caller, reopen_case, caller, key, asked.status, asked.note), response)


@router.post(
    "/merge",
    summary="Merge an incident into another",
    response_model=IncidentOut,
    dependencies=[needs("incident:close")],
    responses=problems(UnknownIncident, IncidentMerged, WrongState, RunInProgress, UnreachableVault),
)
async def merge_incident(
    key: str, asked: Merging, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:  # fmt: skip
    """Let another incident go on with this one's evidence, comments and actions; this one is closed and points to it.

    No event is rewritten. Start a run of the other to have its report tell of both.
    """
    now = datetime.now(UTC)
    gone, kept = await change(gate, caller, merge_case, caller, key, asked.into, asked.note, now)
    await _keep(gate, caller, kept)
    show_tag(response, gone.version)
    return IncidentOut.of(gone, kept.key)


@router.get(
    "/restriction",
    summary="See who may know of an incident",
    response_model=RestrictionOut,
    dependencies=[needs("incident:read")],
    responses=problems(UnknownIncident),
)
async def get_restriction(key: str, gate: WithGate, caller: WithCaller, response: Response) -> RestrictionOut:
    """Whether it is restricted, and whom it is open to by name. The `ETag` is the incident's."""
    case, granted = await gate.in_tx(caller.org_id, _granted, caller, key)
    show_tag(response, case.version)
    return RestrictionOut(restricted=case.restricted, granted=granted)


@router.put(
    "/restriction",
    summary="Say who may know of an incident",
    response_model=IncidentOut,
    dependencies=[needs("incident:restrict")],
    responses=problems(UnknownIncident, IncidentMerged, PreconditionRequired, PreconditionFailed, UnknownMember),
)
async def restrict_incident(
    key: str, asked: Restriction, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:
    """Restrict it to some, or open it to all. To everybody else a restricted incident does not exist, wherever they look."""
    case = await change(gate, caller, restrict_case, caller, key, seen, asked.restricted, asked.granted)
    return _shown(case, response)


@router.put(
    "/hold",
    summary="Hold an incident",
    response_model=IncidentOut,
    dependencies=[needs("incident:close")],
    responses=problems(
        UnknownIncident, IncidentMerged, PreconditionRequired, PreconditionFailed, WrongState, UnreachableVault
    ),
)
async def hold_incident(
    key: str, asked: Hold, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:
    """Put a legal hold on it, or take it off, and say until when it is kept: so long the vault keeps its evidence, and
    what is added to it later. While an incident is held, or kept, the organisation's key is not destroyed. Where the vault
    does not answer, the date stands: ask again for its lock.
    """
    case = await change(gate, caller, hold_case, caller, key, seen, asked.legal_hold, asked.retain_until)
    await _keep(gate, caller, case)
    return _shown(case, response)


async def _keep(gate: Gate, caller: Caller, case: Case) -> None:
    """Have the vault keep the incident's evidence as long as the incident is kept."""
    org_id, vault = caller.org_id, gate.stores.stores_for(caller.org_id).vault
    until, hashes = await gate.in_tx(org_id, evidence_to_keep, case.incident_id)
    if until is not None:
        locked = await gate.in_upload_thread(lambda: lock_evidence(vault, org_id, hashes, until))
        await gate.in_tx(org_id, note_kept, case.incident_id, locked, until, caller.name)


def _shown(case: Case, response: Response) -> IncidentOut:
    show_tag(response, case.version)
    return IncidentOut.of(case)


def _granted(tx: Tx, caller: Caller, key: str) -> tuple[Case, list[str]]:
    case = seen_incident(tx, caller, key)
    return case, granted_to(tx, case.incident_id)
