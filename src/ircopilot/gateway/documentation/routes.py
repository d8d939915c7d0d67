"""`/openapi.json` and `/docs`. The page is plain HTML with one style sheet, allowed by its digest: no script, no other host."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import orjson
from fastapi import APIRouter, Request, Response

from ircopilot.gateway.documentation.page import STYLE, documentation_page
from ircopilot.gateway.openapi import api_document

router = APIRouter(include_in_schema=False)
_CACHED = "public, max-age=0, must-revalidate"


@router.get("/openapi.json", summary="The OpenAPI document")
async def get_openapi_document(request: Request) -> Response:
    """The API as OpenAPI 3.1."""
    return _answer(request, _document(), "application/json", {})


@router.get("/docs", summary="The documentation")
async def get_documentation(request: Request) -> Response:
    """The API as a page."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    rules = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return _answer(request, _page(), "text/html; charset=utf-8", {"Content-Security-Policy": rules})


@cache
def _document() -> bytes:
    return orjson.dumps(api_document())


@cache
def _page() -> bytes:
    return documentation_page(api_document()).encode()


def _answer(request: Request, body: bytes, kind: str, more: dict[str, str]) -> Response:
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": _CACHED, **more}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)
