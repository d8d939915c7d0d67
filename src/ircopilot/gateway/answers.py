"""Errors as answers: Problem+JSON without exception (RFC 9457), nothing of the inside."""

from __future__ import annotations

import math
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ircopilot.contracts.problems import MEDIA_TYPE, RemoteProblem, problem_document
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.gateway.errors import BrokenUpload, InvalidRequest, MethodNotAllowed, NoSuchRoute

URN = "urn:ircopilot:error:"
_SHOWN_ERRORS = 20
_OURS = ("an error of our own, noted in the gateway's log under this request_id", "try again, or tell us")


def problem_answer(error: ProblemError, request_id: str, trace_id: str = "") -> Response:
    """The answer that tells of an error. `type` is a URN whose last part names a page in `docs/errors/`."""
    document: dict[str, Any] = problem_document(error)
    document |= {"type": URN + error.type, "request_id": request_id}
    if trace_id:
        document["trace_id"] = trace_id
    if isinstance(error, InvalidRequest) and error.errors:
        document["errors"] = error.errors
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="ircopilot"'
    after = getattr(error, "retry_after_s", 2 if error.status == 503 else None)
    if after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(after)))
    return Response(orjson.dumps(document), error.status, headers, media_type=MEDIA_TYPE)


def as_problem(error: Exception) -> ProblemError:
    """The problem that an exception is; one that is our own fault tells its type, and nothing else of itself."""
    if isinstance(error, ProblemError):
        return error if error.status != 500 else RemoteProblem(error.type, 500, error.title, *_OURS)
    if isinstance(error, ClientDisconnect):
        return BrokenUpload("the connection ended before the body did", "send it again")
    return ProblemError(*_OURS)


async def answer_validation(request: Request, error: Exception) -> Response:
    """A body or parameters of the wrong shape: which, and what is wrong with each. Values are not repeated."""
    assert isinstance(error, RequestValidationError)
    found = [
        {"at": ".".join(str(part) for part in item["loc"]), "reason": str(item["msg"])[:300]} for item in error.errors()
    ]
    said = "; ".join(f"{item['at']}: {item['reason']}" for item in found[:3])
    problem = InvalidRequest(said, "see docs/api.md", found[:_SHOWN_ERRORS])
    return problem_answer(problem, request.state.request_id, request.state.trace_id)


async def answer_http(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: a path, a method, a body that is no JSON."""
    assert isinstance(error, HTTPException)
    answer = problem_answer(_framework_problem(request, error), request.state.request_id, request.state.trace_id)
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(allowed_methods(request))
    return answer


def allowed_methods(request: Request) -> list[str]:
    """What can be done to the address, by all routes that it leads to."""
    path, routes = request.url.path, request.app.state.routes
    found = [route for route in routes if route.path_regex.match(path)]
    # `/actions/suggest` is not what `/actions/{action_id}` means, though it fits.
    fewest = min((len(route.param_convertors) for route in found), default=0)
    return sorted({m for route in found if len(route.param_convertors) == fewest for m in route.methods or ()})


def _framework_problem(request: Request, error: HTTPException) -> ProblemError:
    if isinstance(error.__cause__, ProblemError | ClientDisconnect):
        return as_problem(error.__cause__)
    if error.status_code == 404:
        return NoSuchRoute(f"nothing at {request.url.path[:200]}", "see docs/api.md")
    if error.status_code == 405:
        return MethodNotAllowed(f"{request.method} {request.url.path[:200]}", "see docs/api.md")
    return UnusableArgument("the body cannot be read as JSON", "see docs/api.md")
