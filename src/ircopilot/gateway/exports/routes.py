"""Routes of exports: formats, ask for one, list them, look at one, download it and its manifest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.domain.errors import UnusableArgument
from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.registry import EXPORTERS
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, UnknownOutput
from ircopilot.gateway.exports.shapes import (
    PREVIEW,
    ExportFormat,
    ExportFormats,
    ExportList,
    ExportOut,
    NewExport,
    made_file,
    preview_headers,
)
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.output_routes import FILE, Download, send_file
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import GROUNDS
from ircopilot.gateway.until_gone import unless_gone
from ircopilot.pipeline import export as pipeline
from ircopilot.pipeline.export import Previewed, Wish
from ircopilot.report.errors import UnknownFinding, UnknownReport
from ircopilot.stores.events import QueryStopped
from ircopilot.stores.postgres import Tx, exports
from ircopilot.stores.postgres.errors import UnknownExport, UnknownIncident
from ircopilot.stores.postgres.exports import ExportRow

router = APIRouter(prefix="/v1", tags=["exports"])
_FINDING = (UnknownIncident, UnknownExport)


@router.get(
    "/export-formats",
    summary="List export formats",
    response_model=ExportFormats,
    dependencies=[needs("export:read")],
    responses=problems(),
)
async def list_export_formats() -> ExportFormats:
    """The formats in which a report can be had, each with the JSON Schema of its options."""
    return ExportFormats(items=[ExportFormat.of(exporter) for exporter in EXPORTERS])


@router.post(
    "/incidents/{key}/exports",
    summary="Export a report",
    status_code=202,
    response_model=ExportOut,
    dependencies=[needs("export:write")],
    responses=problems(UnknownIncident, IncidentMerged, UnknownReport, UnknownFinding, UnusableArgument),
)
async def create_export(
    key: str, asked: NewExport, gate: WithGate, caller: WithCaller, response: Response
) -> ExportOut:  # fmt: skip
    """Ask for a document of a report's version as people have edited it. The export worker makes it: look again, or watch
    its `run`.
    """
    wish = _wish(asked)

    def work(tx: Tx) -> ExportRow:
        return pipeline.ask_for_export(tx, GROUNDS, caller, open_incident(tx, caller, key), wish)

    made = await gate.in_tx(caller.org_id, work)
    response.headers["Location"] = f"/v1/incidents/{key}/exports/{made.export_id}"
    return ExportOut.of(made)


@router.post(
    "/incidents/{key}/exports/preview",
    summary="Preview an export",
    dependencies=[needs("export:write")],
    status_code=200,
    response_class=Response,
    responses=problems(UnknownIncident, IncidentMerged, UnknownReport, UnknownFinding, UnusableArgument, QueryStopped)
    | PREVIEW,
)
async def preview_export(
    key: str, asked: NewExport, request: Request, gate: WithGate, caller: WithCaller
) -> Response:  # fmt: skip
    """The very document that an export of the same would be now. Nothing is kept of it, and nobody has got it: what is
    handed out is exported, which the audit log tells.
    """
    wish = _wish(asked)

    def work(tx: Tx) -> Previewed:
        return pipeline.preview_export(tx, GROUNDS, open_incident(tx, caller, key), wish)

    found = await gate.in_tx(caller.org_id, work)
    data, places = await unless_gone(request, found.render, lambda: None, gate.previews)
    return Response(data, media_type=found.exporter.media_type, headers=preview_headers(data, places))


@router.get(
    "/incidents/{key}/exports",
    summary="List a report's exports",
    response_model=ExportList,
    dependencies=[needs("export:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)
async def list_exports(
    key: str, gate: WithGate, caller: WithCaller, limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> ExportList:  # fmt: skip
    """What was exported, newest first: by whom, when, how large, with which SHA-256."""
    before = read_place(cursor) if cursor else None

    def work(tx: Tx) -> list[ExportRow]:
        return exports.list_exports(tx, seen_incident(tx, caller, key).incident_id, limit + 1, before)

    rows = await gate.in_tx(caller.org_id, work)
    last = rows[limit - 1] if len(rows) > limit else None
    after = cursor_of(last.at.isoformat(), last.export_id) if last else None
    return ExportList(items=[ExportOut.of(row) for row in rows[:limit]], next=after)


@router.get(
    "/incidents/{key}/exports/{export_id}",
    summary="Look at an export",
    response_model=ExportOut,
    dependencies=[needs("export:read")],
    responses=problems(*_FINDING),
)
async def get_export(key: str, export_id: str, gate: WithGate, caller: WithCaller) -> ExportOut:
    """One export, with its SHA-256 when it is done."""
    return ExportOut.of(await gate.in_tx(caller.org_id, _one, caller, key, export_id))


@router.get(
    "/incidents/{key}/exports/{export_id}/file",
    summary="Download an export",
    dependencies=[needs("export:read")],
    status_code=200,
    response_class=Download,
    responses=problems(*_FINDING, UnknownOutput) | FILE,
)
async def download_export(
    key: str, export_id: str, request: Request, gate: WithGate, caller: WithCaller
) -> Response:  # fmt: skip
    """The document. Its ETag is its SHA-256."""
    row = await gate.in_tx(caller.org_id, _one, caller, key, export_id)
    name, made = made_file(row)
    return await _send(gate, request, row, name, made)


@router.get(
    "/incidents/{key}/exports/{export_id}/manifest",
    summary="Download an export's manifest",
    dependencies=[needs("export:read")],
    status_code=200,
    response_class=Download,
    responses=problems(*_FINDING, UnknownOutput) | FILE,
)
async def download_export_manifest(
    key: str, export_id: str, request: Request, gate: WithGate, caller: WithCaller
) -> Response:  # fmt: skip
    """manifest.json: the document's SHA-256 and the digest of the findings, for `ircopilot verify`."""
    row = await gate.in_tx(caller.org_id, _one, caller, key, export_id)
    return await _send(gate, request, row, MANIFEST_FILE, row.outputs.get(MANIFEST_FILE, {}))


def _wish(asked: NewExport) -> Wish:
    return Wish(asked.format, asked.version, asked.tlp, asked.sections, asked.redact_values, asked.redact_entities)


async def _send(
    gate: WithGate, request: Request, row: ExportRow, name: str | None, made: dict[str, Any]
) -> Response:  # fmt: skip
    if name is None or not made:
        raise UnknownOutput(f"the export is {row.state}", "look again when its state is done")
    return await send_file(gate, request.state.caller.org_id, request, name, made["sha256"], made["size"])


def _one(tx: Tx, caller: Caller, key: str, export_id: str) -> ExportRow:
    incident = seen_incident(tx, caller, key)
    row = exports.get_export(tx, export_id)
    if row.incident_id != incident.incident_id:
        raise UnknownExport(f"no export {export_id[:100]}", f"list them: GET /v1/incidents/{incident.key}/exports")
    return row
