"""Routes by which evidence comes in: files, alerts of other systems, actions; all of them are deposits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Incident
from ircopilot.faults import pass_point
from ircopilot.gateway.described import bytes_body, json_body, problems
from ircopilot.gateway.errors import BrokenUpload, DigestMismatch, OverQuota, TooLarge
from ircopilot.gateway.evidence.forms import is_form, store_form
from ircopilot.gateway.evidence.room import refuse_over_quota
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.gateway.permit import needs
from ircopilot.gateway.run_start import run_over_all
from ircopilot.gateway.shapes import DepositOut, Received, RunOut
from ircopilot.gateway.upload import announced_digests, store_body
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.deposits import Deposit, record_deposit
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}", tags=["evidence"])
ALERT = {"rule": "LSASS memory read", "host": "FIN-WS07", "time": "2026-03-10T09:12:44Z", "severity": "high"}
_OBJECT = {"type": "object", "minProperties": 1}
ALERTS_SCHEMA = {"anyOf": [_OBJECT, {"type": "array", "items": _OBJECT, "minItems": 1}]}
FileName = Annotated[str, Query(description="A relative path, for people to read.")]
AndRun = Annotated[bool, Query(description="Start a run that looks into it.")]
MOST_NAME = 1024


@router.post(
    "/evidence",
    summary="Hand in a file",
    openapi_extra=bytes_body("application/octet-stream", "multipart/form-data"),
    status_code=201,
    response_model=Received,
    dependencies=[needs("evidence:write")],
    responses=problems(UnknownIncident, IncidentMerged, TooLarge, OverQuota, UnusableArgument, BrokenUpload),
)
async def hand_in_evidence(
    key: str, request: Request, gate: WithGate, caller: WithCaller, name: FileName = "", run: AndRun = False
) -> Received:
    """Hand in a file: the body is its bytes, kept as they are. Or several: the body is a form (`multipart/form-data`),
    whose files are named by it. Each counts as soon as it is whole.
    """
    incident, most = await gate.in_tx(caller.org_id, _room, gate.limits, caller, key, _announced(request))
    if is_form(request):
        found = [
            await _deposited(gate, caller, incident, stored)
            async for stored in store_form(gate, caller.org_id, request, most)
        ]
        return await _answered(gate, caller, incident, found, run)
    name = checked_name(name)
    sha256, size = await store_body(gate, caller.org_id, request, most)
    return await _received(gate, caller, incident, (sha256, size, name), run)


@router.post(
    "/alerts",
    summary="Hand in alerts",
    openapi_extra=json_body(ALERTS_SCHEMA, ALERT),
    status_code=201,
    response_model=Received,
    dependencies=[needs("evidence:write")],
    responses=problems(UnknownIncident, IncidentMerged, TooLarge, UnusableArgument),
)
async def hand_in_alerts(
    key: str, request: Request, gate: WithGate, caller: WithCaller, run: AndRun = False
) -> Received:
    """Hand in alerts: one JSON object or an array of them, kept as it was sent. Sent again, it is the same deposit."""
    incident = await gate.in_tx(caller.org_id, open_incident, caller, key)
    request.state.body.allow(gate.limits.max_alerts)
    body = await request.body()
    digest = hashlib.sha256(body)
    if any(said != digest.digest() for said in announced_digests(request)):
        raise DigestMismatch(f"the bytes received have SHA-256 {digest.hexdigest()}", "send them again")
    _check_alerts(body)
    return await _keep(gate, caller, incident, body, f"alerts/{digest.hexdigest()[:16]}.json", run, kind="alert")


def checked_name(name: str) -> str:
    """A name for what is handed in: a relative path, for people to read. Raises `UnusableArgument`."""
    parts = name.replace("\\", "/").split("/")
    if not 0 < len(name.encode("utf-8", "replace")) <= MOST_NAME:
        raise UnusableArgument(f"a name has 1 to {MOST_NAME} bytes", "send ?name=<file name>")
    if not name.isprintable():
        raise UnusableArgument("the name holds characters that cannot be shown", "send a name of visible characters")
    if parts[0] in ("", "~") or ":" in parts[0] or any(p in ("", ".", "..") for p in parts):
        raise UnusableArgument(f"{name[:100]!r} leads outside of the evidence", "send a plain relative path")
    return name


async def _keep(
    gate: Gate, caller: Caller, incident: Incident, body: bytes, name: str, run: bool, kind: str = ""
) -> Received:  # fmt: skip
    vault = gate.stores.stores_for(caller.org_id).vault
    sha256, size = await gate.in_file_thread(lambda: vault.put(caller.org_id, _once(body)))
    gate.meters.received.inc(size)
    return await _received(gate, caller, incident, (sha256, size, name), run, kind)


async def _received(
    gate: Gate, caller: Caller, incident: Incident, stored: tuple[str, int, str], run: bool, kind: str = ""
) -> Received:  # fmt: skip
    return await _answered(gate, caller, incident, [await _deposited(gate, caller, incident, stored, kind)], run)


async def _deposited(
    gate: Gate, caller: Caller, incident: Incident, stored: tuple[str, int, str], kind: str = ""
) -> Deposit:  # fmt: skip
    deposit = await gate.in_tx(caller.org_id, _deposit, caller, incident, stored, kind)
    pass_point("before-answer")
    return deposit


async def _answered(gate: Gate, caller: Caller, incident: Incident, found: list[Deposit], run: bool) -> Received:
    started = await run_over_all(gate, incident, caller) if run else None
    shown = [DepositOut.of(deposit) for deposit in found]
    return Received(
        deposit=shown[0], deposits=shown, run=None if started is None else RunOut.of(started, incident.key)
    )  # fmt: skip


def _deposit(tx: Tx, caller: Caller, incident: Incident, stored: tuple[str, int, str], kind: str) -> Deposit:
    sha256, size, name = stored
    deposit = record_deposit(tx, incident.incident_id, sha256, name, size, caller.name, kind)
    after = {"name": name, "sha256": sha256, "size": size}
    record_act(tx, caller, "evidence.receive", f"incident/{incident.key}/deposit/{deposit.deposit_id}", after=after)
    return deposit


def _room(
    tx: Tx, limits: GatewayLimits, caller: Caller, key: str, announced: int
) -> tuple[Incident, int]:  # fmt: skip
    """The incident, and how many bytes may be handed in to it now."""
    incident = open_incident(tx, caller, key)
    return incident, min(limits.max_upload, refuse_over_quota(tx, limits, announced))


def _announced(request: Request) -> int:
    said = request.headers.get("content-length", "")
    return int(said) if said.isdigit() else 0


def _once(body: bytes) -> Iterator[bytes]:
    yield body


def _check_alerts(body: bytes) -> None:
    try:
        alerts: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnusableArgument(f"the body is no JSON: {str(error)[:200]}", "send one object or an array") from None
    found = alerts if isinstance(alerts, list) else [alerts]
    if not found or not all(isinstance(alert, dict) and alert for alert in found):
        raise UnusableArgument("alerts are one JSON object, or an array of objects", "see docs/api.md")
