"""Routes of artifacts. Whoever reads bytes of one is written into its chain of custody before the first byte goes out."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.find import seen_incident
from ircopilot.gateway.answers import problem_answer
from ircopilot.gateway.artifacts.shapes import (
    ArtifactErrors,
    ArtifactOut,
    Artifacts,
    CustodyOut,
    CustodyPage,
    ErrorLine,
    HoldReason,
    RawBytes,
    Verified,
)
from ircopilot.gateway.artifacts.stored import (
    asked_range,
    disposition,
    hash_stored,
    lock_of,
    read_part,
    seen_artifact,
    sent_pieces,
)
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, UnknownArtifact, UnsatisfiableRange
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.output_routes import Download
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.gateway.until_gone import unless_gone
from ircopilot.stores.events import EventScope, Timeline
from ircopilot.stores.events.sparks import Sparks
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.artifact_views import (
    ArtifactView,
    CustodyLine,
    custody_page,
    error_lines,
    page_of_artifacts,
    time_span,
)
from ircopilot.stores.postgres.artifacts import record_custody
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.vault import MissingObject, TamperedObject, UnreachableVault

router = APIRouter(prefix="/v1/incidents/{key}/artifacts", tags=["evidence"])
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", examples=["5a" * 32])]
Limit = Annotated[int, Query(ge=1, le=200)]
AtCursor = Annotated[str | None, Query(max_length=2000, description="`next` of the page before.")]
_OF_ONE = problems(UnknownIncident, UnknownArtifact)
_OF_BYTES = (UnknownIncident, UnknownArtifact, MissingObject, TamperedObject, UnreachableVault)
MOST_RAW = 1 << 20


@router.get(
    "", summary="Artifacts of an incident", response_model=Artifacts, dependencies=[needs("evidence:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)  # fmt: skip
async def list_artifacts(
    key: str, gate: WithGate, caller: WithCaller, cursor: AtCursor = None, limit: Limit = 50,
    parent: Annotated[str | None, Query(pattern=r"^[0-9a-f]{64}$", description="Only what came out of that one.")] = None,
) -> Artifacts:  # fmt: skip
    """Artifacts by name: what they are, how they were read, how they are held, and a curve of their events."""
    after = None if cursor is None else read_cursor(cursor, str, str)
    views, span = await gate.in_tx(caller.org_id, _page, caller, key, after, limit + 1, parent)
    items = await _shown(gate, caller.org_id, views[:limit], span)
    last = views[limit - 1].artifact if len(views) > limit else None
    return Artifacts(items=items, next=None if last is None else cursor_of(last.name, last.sha256))


@router.get(
    "/{sha256}", summary="One artifact", response_model=ArtifactOut, dependencies=[needs("evidence:read")],
    responses=_OF_ONE,
)  # fmt: skip
async def get_artifact(key: str, sha256: Hash, gate: WithGate, caller: WithCaller) -> ArtifactOut:
    """One artifact, as in the list."""
    view, span = await gate.in_tx(caller.org_id, _one, caller, key, sha256)
    (item,) = await _shown(gate, caller.org_id, [view], span)
    return item


@router.get(
    "/{sha256}/errors", summary="What could not be read", response_model=ArtifactErrors,
    dependencies=[needs("evidence:read")], responses=problems(UnknownIncident, UnknownArtifact, InvalidCursor),
)  # fmt: skip
async def list_artifact_errors(
    key: str, sha256: Hash, gate: WithGate, caller: WithCaller, cursor: AtCursor = None, limit: Limit = 50
) -> ArtifactErrors:
    """Records of the artifact that could not be read, each with its place and the reason. Of a load the first hundred
    are kept; all are counted.
    """
    after: tuple[str, str] = ("", "") if cursor is None else read_cursor(cursor, str, str)
    lines, total = await gate.in_tx(caller.org_id, _errors, caller, key, sha256)
    left = [line for line in lines if cursor is None or line > after]
    following = cursor_of(*left[limit - 1]) if len(left) > limit else None
    items = [ErrorLine(locator=locator, reason=reason) for locator, reason in left[:limit]]
    return ArtifactErrors(items=items, next=following, total=total)


@router.get(
    "/{sha256}/custody", summary="Chain of custody", response_model=CustodyPage, dependencies=[needs("evidence:read")],
    responses=problems(UnknownIncident, UnknownArtifact, InvalidCursor),
)  # fmt: skip
async def list_custody(
    key: str, sha256: Hash, gate: WithGate, caller: WithCaller, cursor: AtCursor = None, limit: Limit = 50
) -> CustodyPage:
    """Who received, read, downloaded, verified or held the artifact, the latest first."""
    before = None if cursor is None else int(read_cursor(cursor, int)[0])
    lines = await gate.in_tx(caller.org_id, _custody, caller, key, sha256, before, limit + 1)
    following = cursor_of(lines[limit - 1].custody_id) if len(lines) > limit else None
    return CustodyPage(items=[CustodyOut.of(line) for line in lines[:limit]], next=following)


@router.get(
    "/{sha256}/download", summary="Download an artifact", response_class=Response,
    dependencies=[needs("evidence:read")], responses=problems(*_OF_BYTES, UnsatisfiableRange) | {
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The part that `Range` asked for.", "content": {"application/octet-stream": {
            "schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "The caller has it (`If-None-Match`)."},
    },
)  # fmt: skip
async def download_artifact(
    key: str, sha256: Hash, request: Request, gate: WithGate, caller: WithCaller
) -> Response:  # fmt: skip
    """The artifact's bytes, never to be shown by a browser; one `Range` at a time. The ETag is its SHA-256."""
    _, view = await gate.in_tx(caller.org_id, seen_artifact, caller, key, sha256)
    size, etag = view.artifact.size, f'"{sha256}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    part = asked_range(request, size, etag)
    if part is None:
        refused = problem_answer(UnsatisfiableRange(f"it has {size} bytes"), request.state.request_id)
        refused.headers["Content-Range"] = f"bytes */{size}"
        return refused
    vault = gate.stores.stores_for(caller.org_id).vault
    source = await gate.in_file_thread(lambda: vault.open(caller.org_id, sha256))
    read = {"offset": part.first, "length": part.end - part.first}
    try:
        await gate.in_tx(caller.org_id, _note, caller, key, sha256, "downloaded", read)
    except BaseException:
        source.close()
        raise
    headers |= {"Content-Length": str(part.end - part.first), "Content-Disposition": disposition(view.artifact.name)}
    if part.partial:
        headers["Content-Range"] = f"bytes {part.first}-{part.end - 1}/{size}"
    return Download(
        gate, sent_pieces(gate, source, part), headers, "application/octet-stream", 206 if part.partial else 200
    )


@router.get(
    "/{sha256}/raw", summary="Some bytes of an artifact", response_model=RawBytes, dependencies=[needs("evidence:read")],
    responses=problems(*_OF_BYTES),
)  # fmt: skip
async def read_artifact(
    key: str, sha256: Hash, gate: WithGate, caller: WithCaller,
    offset: Annotated[int, Query(ge=0, le=1 << 60)] = 0,
    length: Annotated[int, Query(ge=1, le=MOST_RAW)] = 4096,
) -> RawBytes:  # fmt: skip
    """Up to 1 MiB of it as base64, for a view of its bytes. What lies before is decrypted, too: far into a large
    artifact that takes its time.
    """
    _, view = await gate.in_tx(caller.org_id, seen_artifact, caller, key, sha256)
    stores, size = gate.stores.stores_for(caller.org_id), view.artifact.size
    found = b""
    if offset < size:
        await gate.in_tx(caller.org_id, _note, caller, key, sha256, "read", {"offset": offset, "length": length})
        found = await gate.in_file_thread(lambda: read_part(stores, caller.org_id, sha256, offset, length))
    return RawBytes(offset=offset, length=len(found), size=size, base64=base64.b64encode(found).decode())


@router.post(
    "/{sha256}/verify", summary="Hash an artifact anew", response_model=Verified, dependencies=[needs("evidence:read")],
    responses=_OF_ONE,
)  # fmt: skip
async def verify_artifact(
    key: str, sha256: Hash, request: Request, gate: WithGate, caller: WithCaller
) -> Verified:  # fmt: skip
    """Read the stored bytes, all of them, and hash them now; the outcome stands in the chain of custody."""
    _, view = await gate.in_tx(caller.org_id, seen_artifact, caller, key, sha256)
    vault, left = gate.stores.stores_for(caller.org_id).vault, []
    hashed, size, wrong = await unless_gone(
        request, lambda: hash_stored(vault, caller.org_id, sha256, lambda: bool(left)), lambda: left.append(True),
        gate.files,
    )  # fmt: skip
    intact = hashed == sha256 and size == view.artifact.size
    if not intact and wrong is None:
        wrong = f"{size} bytes with SHA-256 {hashed} are stored in its place"
    outcome = {"intact": intact, "sha256": hashed, "size": size, "reason": wrong}
    await gate.in_tx(caller.org_id, _note, caller, key, sha256, "verified", outcome)
    return Verified(intact=intact, sha256=hashed, size=size, reason=wrong)


@router.put(
    "/{sha256}/hold", summary="Set a legal hold", response_model=ArtifactOut, dependencies=[needs("incident:restrict")],
    responses=problems(*_OF_BYTES),
)  # fmt: skip
async def hold_artifact(
    key: str, sha256: Hash, why: HoldReason, gate: WithGate, caller: WithCaller
) -> ArtifactOut:  # fmt: skip
    """Put a legal hold on the artifact's bytes, in every incident of the organisation that has them."""
    await _hold(gate, caller, key, sha256, why.reason, on=True)
    return await get_artifact(key, sha256, gate, caller)


@router.post(
    "/{sha256}/hold/lift", summary="Lift a legal hold", response_model=ArtifactOut,
    dependencies=[needs("incident:restrict")], responses=problems(*_OF_BYTES),
)  # fmt: skip
async def lift_hold(
    key: str, sha256: Hash, why: HoldReason, gate: WithGate, caller: WithCaller
) -> ArtifactOut:  # fmt: skip
    """Take the legal hold off. How long the bytes are retained does not change."""
    await _hold(gate, caller, key, sha256, why.reason, on=False)
    return await get_artifact(key, sha256, gate, caller)


async def _hold(gate: Gate, caller: Caller, key: str, sha256: str, reason: str, *, on: bool) -> None:
    """Write it down first: a hold that nobody noted must not be, one that was noted and failed is told as an error."""
    vault = gate.stores.stores_for(caller.org_id).vault

    def work(tx: Tx) -> None:
        act = "held" if on else "released"
        _note(tx, caller, key, sha256, act, {"reason": reason})
        vault.set_legal_hold(caller.org_id, sha256, on)

    await gate.in_tx(caller.org_id, work)


async def _shown(
    gate: Gate, org_id: str, views: list[ArtifactView], span: tuple[datetime, datetime] | None
) -> list[ArtifactOut]:
    stores = gate.stores.stores_for(org_id)
    loads = tuple(load.load_id for view in views for load in view.loads)

    def look() -> list[ArtifactOut]:
        sparks: Sparks | None = None
        if span and loads:
            sparks = Timeline(stores.events, EventScope(org_id, loads), gate.limits.query()).sparks(*span)
        return [ArtifactOut.of(view, lock_of(stores.vault, org_id, view.artifact.sha256), sparks) for view in views]

    return await gate.in_file_thread(look)


def _page(
    tx: Tx, caller: Caller, key: str, after: tuple[str, str] | None, limit: int, parent: str | None
) -> tuple[list[ArtifactView], tuple[datetime, datetime] | None]:
    incident_id = seen_incident(tx, caller, key).incident_id
    return page_of_artifacts(tx, incident_id, after, limit, parent), time_span(tx, incident_id)


def _one(
    tx: Tx, caller: Caller, key: str, sha256: str
) -> tuple[ArtifactView, tuple[datetime, datetime] | None]:  # fmt: skip
    incident_id, view = seen_artifact(tx, caller, key, sha256)
    return view, time_span(tx, incident_id)


def _errors(tx: Tx, caller: Caller, key: str, sha256: str) -> tuple[list[tuple[str, str]], int]:
    incident_id, view = seen_artifact(tx, caller, key, sha256)
    total = sum(load.errors for load in view.loads) + view.other_errors
    return error_lines(tx, incident_id, sha256, view.loads), total


def _custody(tx: Tx, caller: Caller, key: str, sha256: str, before: int | None, limit: int) -> list[CustodyLine]:
    incident_id, _ = seen_artifact(tx, caller, key, sha256)
    return custody_page(tx, incident_id, sha256, before, limit)


def _note(tx: Tx, caller: Caller, key: str, sha256: str, act: str, detail: Mapping[str, object]) -> None:
    """In the chain of custody and in the audit log."""
    incident_id, _ = seen_artifact(tx, caller, key, sha256)
    record_custody(tx, incident_id, sha256, act, actor=caller.name, detail=dict(detail))
    record_act(tx, caller, f"artifact.{act}", f"incident/{key}/artifact/{sha256}", after=detail)
