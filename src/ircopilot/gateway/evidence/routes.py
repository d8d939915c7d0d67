"""Routes of resumable uploads (tus 1.0.0): begin, send, ask how far, end, give up."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.incident import Incident
from ircopilot.gateway.described import bytes_body, problems
from ircopilot.gateway.errors import BrokenUpload, OverQuota, SlowUpload, TooLarge, UnsupportedMedia
from ircopilot.gateway.evidence.receiving import finish_if_whole, receive_bytes
from ircopilot.gateway.evidence.room import refuse_over_quota
from ircopilot.gateway.evidence.shapes import UploadOut, Uploads
from ircopilot.gateway.evidence.tus import (
    EXTENSIONS,
    MEDIA,
    VERSION,
    ChecksumMismatch,
    Tus,
    UnsupportedTus,
    announced_checksum,
    check_media,
    headers_of,
    name_of,
    number,
    read_metadata,
)
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.run_start import run_over_all
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.uploads import (
    UnknownUpload,
    Upload,
    UploadConflict,
    UploadExpired,
    add_upload,
    find_upload,
    forget_expired,
    forget_upload,
    list_uploads,
)

router = APIRouter(prefix="/v1/incidents/{key}/uploads", tags=["evidence"])
UploadId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=["9f86d081884c7d659a2feaa0c55ad015"])]
AndRun = Annotated[bool, Query(description="Start a run when all of it has come.")]
_OF_ONE = (UnknownIncident, IncidentMerged, UnknownUpload, UploadExpired, UnsupportedTus)
_OF_BYTES = (
    *_OF_ONE,
    UploadConflict,
    ChecksumMismatch,
    TooLarge,
    UnsupportedMedia,
    UnusableArgument,
    BrokenUpload,
    SlowUpload,
)
_MOST_LISTED = 200
_SWEEP_SLACK_S = 3600.0


def _header(name: str, about: str, example: str, required: bool = True) -> dict[str, Any]:
    schema = {"type": "string", "example": example}
    return {"name": name, "in": "header", "required": required, "description": about, "schema": schema}


_RESUMABLE = _header("Tus-Resumable", "The protocol's version.", VERSION)
_OFFSET = _header("Upload-Offset", "The byte at which the body begins.", "0")
_CHECKSUM = _header(
    "Upload-Checksum",
    "sha256 and the body's digest as base64.",
    "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    required=False,
)
_LENGTH = _header("Upload-Length", "How many bytes it will have.", "17179869184")
_METADATA = _header("Upload-Metadata", "Keys and base64 values; filename names it.", "filename bWVtb3J5LnJhdw==", False)


def _described(*headers: dict[str, Any], body: bool = False) -> dict[str, Any]:
    return {"parameters": list(headers), **(bytes_body(MEDIA) if body else {})}


@router.options(
    "", summary="What uploads can do", status_code=204, response_class=Response, dependencies=[needs("evidence:write")],
    responses=problems(),
)  # fmt: skip
async def describe_uploads(key: str, gate: WithGate) -> Response:
    """The version of the tus protocol, its extensions, and the largest upload, in headers."""
    headers = {
        "Tus-Resumable": VERSION, "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(gate.limits.max_upload), "Tus-Checksum-Algorithm": "sha256",
    }  # fmt: skip
    return Response(status_code=204, headers=headers)


@router.post(
    "", summary="Begin an upload", status_code=201, response_class=Response, dependencies=[needs("evidence:write")],
    responses=problems(*_OF_BYTES, OverQuota), openapi_extra=_described(_RESUMABLE, _LENGTH, _METADATA),
)  # fmt: skip
async def begin_upload(
    key: str, request: Request, gate: WithGate, caller: WithCaller, tus: Tus, run: AndRun = False
) -> Response:  # fmt: skip
    """Begin a resumable upload; `Location` is where its bytes go. The first of them may come along as the body."""
    length = number(request, "upload-length")
    if "upload-defer-length" in request.headers:
        raise UnusableArgument("the length must be known at the beginning", "send Upload-Length")
    if length > gate.limits.max_upload:
        raise TooLarge(f"an upload has at most {gate.limits.max_upload:,} bytes", "hand it in in several files")
    metadata = request.headers.get("upload-metadata", "")
    name, with_bytes = name_of(read_metadata(metadata)), _has_body(request)
    checksum = announced_checksum(request)
    if with_bytes:
        check_media(request)
    incident, upload = await gate.in_tx(
        caller.org_id, _begin, gate, caller, key, (name, metadata, length, run)
    )  # fmt: skip
    request.scope["state"]["headers"]["Location"] = f"/v1/incidents/{incident.key}/uploads/{upload.upload_id}"
    if with_bytes:
        await receive_bytes(gate, caller, request, upload, checksum)
    upload = await _finished(gate, caller, incident, upload.upload_id)
    return Response(status_code=201, headers=headers_of(upload))


@router.head(
    "/{upload_id}", summary="How far an upload is", response_class=Response, dependencies=[needs("evidence:write")],
    responses=problems(*_OF_ONE), openapi_extra=_described(_RESUMABLE),
)  # fmt: skip
async def ask_upload(key: str, upload_id: UploadId, gate: WithGate, caller: WithCaller, tus: Tus) -> Response:
    """`Upload-Offset` is the byte to go on from."""
    upload = await gate.in_tx(caller.org_id, _seen, caller, key, upload_id)
    told = {"Upload-Length": str(upload.length)}
    if upload.metadata.get("tus"):
        told["Upload-Metadata"] = str(upload.metadata["tus"])
    return Response(status_code=200, headers=headers_of(upload) | told)


@router.patch(
    "/{upload_id}", summary="Send bytes of an upload", status_code=204, response_class=Response,
    dependencies=[needs("evidence:write")], responses=problems(*_OF_BYTES),
    openapi_extra=_described(_RESUMABLE, _OFFSET, _CHECKSUM, body=True),
)  # fmt: skip
async def send_upload(
    key: str, upload_id: UploadId, request: Request, gate: WithGate, caller: WithCaller, tus: Tus
) -> Response:  # fmt: skip
    """The body is the upload's next bytes. What came before a connection broke is kept; with a checksum, all or nothing.
    With the last byte it becomes evidence of the incident.
    """
    check_media(request)
    offset, checksum = number(request, "upload-offset"), announced_checksum(request)
    incident, upload = await gate.in_tx(caller.org_id, _to_write, caller, key, upload_id)
    if offset != upload.received:
        request.scope["state"]["headers"]["Upload-Offset"] = str(upload.received)
        raise UploadConflict(f"the upload is at byte {upload.received}, not {offset}", "go on from there")
    await receive_bytes(gate, caller, request, upload, checksum)
    upload = await _finished(gate, caller, incident, upload_id)
    return Response(status_code=204, headers=headers_of(upload))


@router.delete(
    "/{upload_id}", summary="Give an upload up", status_code=204, response_class=Response,
    dependencies=[needs("evidence:write")], responses=problems(*_OF_ONE), openapi_extra=_described(_RESUMABLE),
)  # fmt: skip
async def give_up_upload(key: str, upload_id: UploadId, gate: WithGate, caller: WithCaller, tus: Tus) -> Response:
    """Forget the upload and remove its bytes. What has become evidence stays evidence."""
    await gate.in_tx(caller.org_id, _forget, caller, key, upload_id)
    staging = gate.staging(caller.org_id)
    await gate.in_file_thread(lambda: staging.drop(caller.org_id, upload_id))
    return Response(status_code=204)


@router.get(
    "", summary="Uploads under way", response_model=Uploads, dependencies=[needs("evidence:read")],
    responses=problems(UnknownIncident),
)  # fmt: skip
async def list_incident_uploads(key: str, gate: WithGate, caller: WithCaller) -> Uploads:
    """Resumable uploads to the incident, the latest first, until they expire."""
    found = await gate.in_tx(caller.org_id, _listed, caller, key)
    return Uploads(items=[UploadOut.of(upload) for upload in found])


@router.get(
    "/{upload_id}", summary="One upload", response_model=UploadOut, dependencies=[needs("evidence:read")],
    responses=problems(UnknownIncident, UnknownUpload, UploadExpired),
)  # fmt: skip
async def get_upload(key: str, upload_id: UploadId, gate: WithGate, caller: WithCaller) -> UploadOut:
    """How far it is, and what it became."""
    return UploadOut.of(await gate.in_tx(caller.org_id, _seen, caller, key, upload_id))


async def _finished(gate: Gate, caller: Caller, incident: Incident, upload_id: str) -> Upload:
    upload = await finish_if_whole(gate, caller, incident, upload_id)
    if upload.state == "done" and upload.and_run:
        await run_over_all(gate, incident, caller)
    return upload


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _begin(
    tx: Tx, gate: Gate, caller: Caller, key: str, asked: tuple[str, str, int, bool]
) -> tuple[Incident, Upload]:  # fmt: skip
    name, metadata, length, run = asked
    incident, now, upload_id = open_incident(tx, caller, key), datetime.now(UTC), secrets.token_hex(16)
    staging, life = gate.staging(caller.org_id), gate.limits.upload_life_s
    for expired in forget_expired(tx, now):
        staging.drop(caller.org_id, expired)
    staging.sweep(life + _SWEEP_SLACK_S)
    refuse_over_quota(tx, gate.limits, length)
    upload = Upload(
        upload_id=upload_id, incident_id=incident.incident_id, name=name, metadata={"tus": metadata}, length=length,
        received=0, wrapped_key=staging.new_key(caller.org_id, upload_id), state="open", deposit_id=None, sha256=None,
        and_run=run, made_by=caller.name, made_at=now, expires_at=now + timedelta(seconds=life),
    )  # fmt: skip
    add_upload(tx, upload)
    record_act(tx, caller, "upload.begin", f"incident/{key}/upload/{upload_id}", after={"name": name, "length": length})
    return incident, upload


def _seen(tx: Tx, caller: Caller, key: str, upload_id: str) -> Upload:
    return find_upload(tx, seen_incident(tx, caller, key).incident_id, upload_id, datetime.now(UTC))


def _to_write(tx: Tx, caller: Caller, key: str, upload_id: str) -> tuple[Incident, Upload]:
    incident = open_incident(tx, caller, key)
    return incident, find_upload(tx, incident.incident_id, upload_id, datetime.now(UTC))


def _forget(tx: Tx, caller: Caller, key: str, upload_id: str) -> None:
    _, upload = _to_write(tx, caller, key, upload_id)
    forget_upload(tx, upload_id)
    before = {"name": upload.name, "received": upload.received, "length": upload.length}
    record_act(tx, caller, "upload.give-up", f"incident/{key}/upload/{upload_id}", before=before)


def _listed(tx: Tx, caller: Caller, key: str) -> list[Upload]:
    return list_uploads(tx, seen_incident(tx, caller, key).incident_id, datetime.now(UTC), _MOST_LISTED)
