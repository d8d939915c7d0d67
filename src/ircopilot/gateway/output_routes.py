"""Routes of the files that runs made, and of the rule sets that they use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any, BinaryIO

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.find import seen_run
from ircopilot.contracts.report import SCHEMA_NAME
from ircopilot.domain.errors import UnusableArgument
from ircopilot.export.registry import EXPORTERS
from ircopilot.gateway.artifacts.stored import disposition
from ircopilot.gateway.described import bytes_body, problems
from ircopilot.gateway.errors import TooLarge, UnknownOutput, UnsupportedMedia
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.shapes import OutputOut, Outputs, RuleSetOut
from ircopilot.gateway.upload import store_body
from ircopilot.stores.postgres import Tx, results
from ircopilot.stores.postgres.errors import UnknownRun

router = APIRouter(prefix="/v1")
# By the ending of the name: those of the exporters, and JSON.
_TYPES = {".json": "application/json"} | {
    exporter.file_name[exporter.file_name.rfind(".") :]: exporter.media_type for exporter in EXPORTERS
}
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
# A file is sent as what it is: JSON of some shape, or bytes.
FILE_KINDS: dict[str, dict[str, Any]] = {
    kind: {"schema": {"type": "object"}, "example": {"schema": SCHEMA_NAME}} if kind == "application/json" else _BYTES
    for kind in (*_TYPES.values(), "application/octet-stream")
}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file's bytes; its `ETag` is their SHA-256 (and `-gzip` where it goes packed).",
        "content": FILE_KINDS,
    },
    304: {"description": "The file that `If-None-Match` names is the one."},
}
_PIECE = 256 << 10


class Download(StreamingResponse):
    """A file out of the vault, in pieces. Who takes nothing for `stall_s` is cut off."""

    def __init__(
        self, gate: Gate, pieces: AsyncIterator[bytes], headers: dict[str, str], kind: str, status: int = 200
    ) -> None:
        super().__init__(pieces, status, headers=headers, media_type=kind)
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, or end the connection, so that nobody takes a part for the whole."""

        async def push(message: Message) -> None:
            async with asyncio.timeout(self._gate.limits.stall_s):
                await send(message)

        try:
            await super().__call__(scope, receive, push)
        except* TimeoutError:
            self._gate.lines.cut(scope)


@router.get(
    "/runs/{run_id}/outputs",
    summary="List a run's files",
    tags=["outputs"],
    response_model=Outputs,
    dependencies=[needs("run:read")],
    responses=problems(UnknownRun),
)
async def list_outputs(run_id: str, gate: WithGate, caller: WithCaller) -> Outputs:
    """The files that the run made; none until it is done."""
    found = await gate.in_tx(caller.org_id, _outputs, caller, run_id)
    return Outputs(items=[OutputOut(name=name, **found[name]) for name in sorted(found)])


@router.get(
    "/runs/{run_id}/outputs/{name}",
    summary="Download a run's file",
    tags=["outputs"],
    dependencies=[needs("run:read")],
    status_code=200,
    response_class=Download,
    responses=problems(UnknownRun, UnknownOutput) | FILE,
)
async def get_output(run_id: str, name: str, request: Request, gate: WithGate, caller: WithCaller) -> Response:
    """One file, as it was made. Its ETag is its SHA-256."""
    found = (await gate.in_tx(caller.org_id, _outputs, caller, run_id)).get(name)
    if found is None:
        raise UnknownOutput(f"run {run_id} made no {name[:200]!r}", f"list them: GET /v1/runs/{run_id}/outputs")
    return await send_file(gate, caller.org_id, request, name, str(found["sha256"]), int(found["size"]))


@router.post(
    "/rule-sets",
    summary="Hand in a rule set",
    tags=["rules"],
    openapi_extra=bytes_body("application/yaml", "application/zip"),
    status_code=201,
    response_model=RuleSetOut,
    dependencies=[needs("rule:write")],
    responses=problems(TooLarge, UnsupportedMedia),
)
async def hand_in_rules(request: Request, gate: WithGate, caller: WithCaller) -> RuleSetOut:
    """Hand in Sigma rules, one YAML file or a zip of them, for runs to use."""
    sha256, size = await store_body(gate, caller.org_id, request, gate.limits.max_rules)
    if not size:
        raise UnusableArgument("the rule set is empty", "send a YAML file or a zip archive of Sigma rules")
    await gate.in_tx(
        caller.org_id, record_act, caller, "rule-set.hand-in", f"rule-set/{sha256}", None, {"size": size}
    )  # fmt: skip
    return RuleSetOut(sha256=sha256, size=size)


async def send_file(gate: Gate, org_id: str, request: Request, name: str, sha256: str, size: int) -> Response:
    """A file of the vault as a download of that name; 304 to whom has it. Its ETag is its SHA-256."""
    etag = f'"{sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    vault = gate.stores.stores_for(org_id).vault
    source = await gate.in_file_thread(lambda: vault.open(org_id, sha256))
    headers |= {
        "Content-Length": str(size),
        "Content-Disposition": disposition(name),
    }
    kind = _TYPES.get(name[name.rfind(".") :], "application/octet-stream")
    return Download(gate, _pieces(gate, source), headers, kind)


async def _pieces(gate: Gate, source: BinaryIO) -> AsyncIterator[bytes]:
    with closing(source):
        while piece := await gate.in_file_thread(lambda: source.read(_PIECE)):
            yield piece


def _outputs(tx: Tx, caller: Caller, run_id: str) -> dict[str, dict[str, Any]]:
    seen_run(tx, caller, run_id)  # another organisation's run is unknown, not empty
    result = results.result_of_run(tx, run_id, "export")
    return dict(result.document.get("outputs", {})) if result else {}
