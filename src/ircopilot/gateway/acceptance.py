"""Whether the caller takes what a route answers in. Source: RFC 9110 §12.5.1. Errors are problems, whatever is asked for."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute

from ircopilot.gateway.errors import NotAcceptable

_MOST = 1000
_JSON = "application/json"
_KINDS: dict[str, frozenset[str]] = {}  # by the route's name


async def check_accept(request: Request) -> None:
    """Raises `NotAcceptable` when the route answers in none of the media types that `Accept` names."""
    wanted = ",".join(request.headers.getlist("accept"))
    route = request.scope.get("route")
    if not wanted.strip() or ("*/*" in wanted and "q=" not in wanted) or not isinstance(route, APIRoute):
        return
    offered = kinds_of(route)
    if offered and not any(_takes(wanted[:_MOST], kind) for kind in offered):
        raise NotAcceptable(
            f"this address answers in {' or '.join(sorted(offered))}", "ask for one of these, or leave Accept out"
        )


def kinds_of(route: APIRoute) -> frozenset[str]:
    """The media types of the route's answers that are no errors; none where it answers without a body."""
    if route.name not in _KINDS:
        _KINDS[route.name] = _told_kinds(route)
    return _KINDS[route.name]


def _told_kinds(route: APIRoute) -> frozenset[str]:
    told = [answer for status, answer in route.responses.items() if str(status)[:1] == "2"]
    kinds = {kind for answer in told for kind in answer.get("content", {})}
    if route.response_model is not None or any("model" in answer for answer in told):
        kinds.add(_JSON)
    return frozenset(kinds)


def _takes(wanted: str, kind: str) -> bool:
    """Whether the header takes that media type, by the most specific range that fits it."""
    best, quality = -1, 0.0
    for part in wanted.split(","):
        pattern, *parameters = (text.strip().lower() for text in part.split(";"))
        main, _, _ = kind.partition("/")
        rank = {kind: 2, f"{main}/*": 1, "*/*": 0}.get(pattern, -1)
        if rank > best:
            best, quality = rank, _quality(parameters)
    return best >= 0 and quality > 0


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
