"""Routes of the audit log: pages, export, checkpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import StreamingResponse

from ircopilot.access.audit_formats import cef_line, json_line
from ircopilot.access.caller import Caller
from ircopilot.domain.audit import AuditEntry
from ircopilot.gateway.audit.shapes import AuditEntryOut, AuditPage, CheckpointOut, Checkpoints
from ircopilot.gateway.audit.sight import seen_entries
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres import audit as rows
from ircopilot.stores.postgres.audit import AuditFilter

router = APIRouter(prefix="/v1/audit", tags=["audit"])
_PIECE = 1000
_LINES = {"jsonl": ("application/x-ndjson", json_line), "cef": ("text/plain; charset=utf-8", cef_line)}
EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One entry a line, oldest first.",
        "content": {
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"seq":1,"act":"run.start"}\n'},
            "text/plain": {
                "schema": {"type": "string"},
                "example": "CEF:0|ircopilot|ircopilot|1|run.start|run start|3|…\n",
            },
        },
    }
}
Text = Annotated[str | None, Query(min_length=1, max_length=500)]


def wanted_entries(
    actor: Annotated[Text, Query(description="The actor's id or label.")] = None,
    act: Annotated[Text, Query(description="An act (`incident.close`), or all of a noun (`incident.`).")] = None,
    target: Annotated[Text, Query(description="A target (`incident/INC-7`), with all that is in it.")] = None,
    since: Moment | None = None,
    until: Moment | None = None,
) -> AuditFilter:
    """Which entries a query asks for."""
    return AuditFilter(actor, act, target, since, until)


Wanted = Annotated[AuditFilter, Depends(wanted_entries)]


@router.get(
    "",
    summary="List audit entries",
    response_model=AuditPage,
    dependencies=[needs("audit:read")],
    responses=problems(InvalidCursor),
)
async def list_audit_entries(
    gate: WithGate, caller: WithCaller, wanted: Wanted, cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:  # fmt: skip
    """Who did what in the organisation, newest first."""
    below = None if cursor is None else read_cursor(cursor, int)[0]

    def work(tx: Tx) -> tuple[list[AuditEntry], int | None, bool]:
        found = rows.page_entries(tx, wanted, limit + 1, below)
        shown, last = seen_entries(tx, caller, wanted, found[:limit])
        return shown, last, len(found) > limit

    shown, last, more = await gate.in_tx(caller.org_id, work)
    return AuditPage(items=[AuditEntryOut.of(entry) for entry in shown], next=cursor_of(last) if more else None)


@router.get(
    "/export",
    summary="Export the audit log",
    status_code=200,
    response_class=StreamingResponse,
    dependencies=[needs("audit:read")],
    responses=problems() | EXPORT,
)
async def export_audit_log(
    gate: WithGate, caller: WithCaller, wanted: Wanted,
    format: Annotated[Literal["jsonl", "cef"], Query(description="JSON lines, or CEF for a SIEM.")] = "jsonl",  # noqa: A002
) -> Response:  # fmt: skip
    """The log, or the part that is asked for, as a file with one entry a line, oldest first."""
    kind, line_of = _LINES[format]
    first = await _piece(gate, caller, wanted, 0)

    async def lines() -> AsyncIterator[bytes]:
        found, last, more = first
        while True:
            yield b"".join(line_of(entry) for entry in found)
            if not more or last is None:
                return
            found, last, more = await _piece(gate, caller, wanted, last)

    name = f"audit-{datetime.now().astimezone():%Y-%m-%d}.{format}"
    return StreamingResponse(
        lines(), headers={"Content-Disposition": f'attachment; filename="{name}"'}, media_type=kind
    )


@router.get(
    "/checkpoints",
    summary="List audit checkpoints",
    response_model=Checkpoints,
    dependencies=[needs("audit:read")],
    responses=problems(),
)
async def list_audit_checkpoints(gate: WithGate, caller: WithCaller) -> Checkpoints:
    """What was signed, for keeping elsewhere: `ircopilot audit verify --copies` takes it."""
    found = await gate.in_tx(caller.org_id, rows.list_checkpoints)
    return Checkpoints(items=[CheckpointOut.of(point) for point in found])


async def _piece(
    gate: Gate, caller: Caller, wanted: AuditFilter, after: int
) -> tuple[list[AuditEntry], int | None, bool]:
    """Entries after that number as the caller may see them, the last number looked at, and whether there are more."""

    def work(tx: Tx) -> tuple[list[AuditEntry], int | None, bool]:
        found = rows.entries_after(tx, after, wanted, _PIECE)
        return (*seen_entries(tx, caller, wanted, found), len(found) == _PIECE)

    return await gate.in_tx(caller.org_id, work)
