"""The OpenAPI document: made from the routes, with what FastAPI does not know of them. Clients are generated from it."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from ircopilot import __version__
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.gateway.acceptance import kinds_of
from ircopilot.gateway.answer_headers import HEADERS, add_answer_headers
from ircopilot.gateway.described import Problem, add_problems
from ircopilot.gateway.errors import (
    BrokenUpload,
    IdempotencyInFlight,
    IdempotencyKeyReused,
    InvalidIdempotencyKey,
    InvalidRequest,
    NotAcceptable,
    SlowUpload,
    TooLarge,
    TooManyRequests,
    UnsupportedMedia,
)
from ircopilot.gateway.links import add_links
from ircopilot.gateway.nulls import restore_nulls
from ircopilot.gateway.permit import Needs
from ircopilot.gateway.query_parameters import drop_nulls
from ircopilot.gateway.routers import ROUTERS
from ircopilot.gateway.shared_answers import share_answers
from ircopilot.gateway.tags import TAGS
from ircopilot.stores.postgres.errors import LostClaim

SAFE = frozenset({"get", "head", "options"})
SESSION_COOKIE, CSRF_HEADER = "__Host-ircopilot", "X-CSRF-Token"
_ABOUT = """Evidence goes in, runs are started and watched, reports come out; people work on incidents together.

Every error is `application/problem+json` (RFC 9457). Lists answer `{"items": […], "next": …}`: send `next` as `cursor`
to go on. What several people edit has an `ETag`, to be sent as `If-Match` with a change. What belongs to another
organisation does not exist (404)."""
_SCHEMES: dict[str, Any] = {
    "key": {
        "type": "http", "scheme": "bearer", "bearerFormat": "irc_<key id>_<secret>",
        "description": "An API key of a person or a service account.",
    },
    "session": {
        "type": "apiKey", "in": "cookie", "name": SESSION_COOKIE,
        "description": "The session of somebody who has signed in; what changes something needs `csrf` too.",
    },
    "csrf": {
        "type": "apiKey", "in": "header", "name": CSRF_HEADER,
        "description": "The token that the session was given, against requests that other sites cause.",
    },
}  # fmt: skip
_REQUEST_ID = {
    "description": "Names the call in the gateway's log and in the audit log.",
    "schema": {"type": "string"},
    "example": "9f86d081884c7d65",
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names what is to be done once: sent again within 24 hours, the call is answered as it was.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "example": "6d0b4f5e-9a51-4c1d-8e3f-4a5b3f6c2a52",
}
# What every call with a body may be told, whatever its route.
_OF_BODIES: tuple[type[ProblemError], ...] = (UnusableArgument, BrokenUpload, SlowUpload, TooLarge, UnsupportedMedia)


@cache
def api_document() -> dict[str, Any]:
    """The document, OpenAPI 3.1; the same for the same code. Nobody may change what is returned."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    made = get_openapi(
        title="Incident Response Copilot", version=__version__, openapi_version="3.1.0", summary="Incidents, from "
        "evidence to a cited report", description=_ABOUT, routes=found, tags=[t.described() for t in TAGS],
        servers=[{"url": "/", "description": "This gateway."}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    document = deepcopy(made)  # parts of it belong to the routes
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {}).update(_problem_schemas())
    restore_nulls(document)
    drop_nulls(document)
    parts["securitySchemes"] = _SCHEMES
    parts["headers"] = {"RequestId": _REQUEST_ID, **HEADERS}
    for route in found:
        if route.include_in_schema:
            for method in sorted(route.methods or ()):
                _complete(document["paths"][route.path_format][method.lower()], route, method.lower())
    add_links(document["paths"])
    add_answer_headers(document["paths"])
    share_answers(document)
    return document


def permission_of(route: APIRoute) -> str | None:
    """What the route asks of its caller; None when it is public."""
    declared = [d.dependency.permission for d in route.dependencies if isinstance(d.dependency, Needs)]
    return declared[0] if declared else None


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    """Add who may call, the errors of bodies, and the header of every answer."""
    operation["operationId"] = route.name
    permission = permission_of(route)
    if permission is None:
        operation["security"] = []
    else:
        operation["security"] = [{"key": []}, {"session": []} if method in SAFE else {"session": [], "csrf": []}]
        operation["x-permission"] = permission
        add_problems(operation["responses"], (TooManyRequests,))
    answers = operation["responses"]
    if kinds_of(route):
        add_problems(answers, (NotAcceptable,))
    if method in ("post", "patch") and permission is not None:
        operation.setdefault("parameters", []).append(dict(IDEMPOTENCY_KEY))
        add_problems(answers, (InvalidIdempotencyKey, IdempotencyKeyReused, IdempotencyInFlight, LostClaim))
    if "requestBody" in operation:
        add_problems(answers, _OF_BODIES)
    elif "500" in answers:
        add_problems(answers, (UnusableArgument, InvalidRequest))
    for answer in answers.values():
        answer.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/RequestId"}
    operation["responses"] = dict(sorted(answers.items()))


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "Problem": schema}
