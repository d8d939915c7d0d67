"""What happens to every call before and after its route: a number, who calls, how large, which headers, how long."""

from __future__ import annotations

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ircopilot.gateway.answers import as_problem, problem_answer
from ircopilot.gateway.body import Body
from ircopilot.gateway.door import PUBLIC, check_address, check_origin, check_stage, check_token, shown_by, where_of
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.tracing import trace_of
from ircopilot.telemetry import error_place
from ircopilot.tracing import tracing

_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
)


_DRAIN_S = 5.0


class Edge:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        begun, trace, status = time.monotonic(), trace_of(headers), 0
        request_id, said = trace.request_id, trace.headers()
        body = Body(receive, self._gate.limits.max_json, headers.get("content-length"))
        body.ended = "expect" in headers  # who asks first is still waiting, and sends nothing after a refusal
        scope.setdefault("state", {}).update(request_id=request_id, trace_id=trace.trace_id, body=body, headers=said)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(MutableHeaders(scope=message), said)
            await send(message)

        try:
            said |= await self._let_in(scope, headers, request_id)
            await self._look_at(body, scope, headers)
            with tracing(trace.parent):
                await self._app(scope, body.receive, answer)
        except Exception as error:
            problem = as_problem(error)
            if problem.status >= 500:
                structlog.get_logger().error("call failed", request_id=request_id, **error_place(error))
            if status:
                raise  # half an answer is out: the connection must end, so that nobody takes it for a whole one
            await _refuse(problem_answer(problem, request_id, trace.trace_id), body, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self._gate.meters.requests.labels(_method(scope["method"]), route, str(status)).inc()
            self._gate.meters.seconds.labels(route).observe(time.monotonic() - begun)

    async def _let_in(self, scope: Scope, headers: Headers, request_id: str) -> dict[str, str]:
        """See to it that somebody calls, unless the path is for all. Raises `Unauthenticated`, `Forbidden` and its like."""
        site = self._gate.site
        if scope["path"] in PUBLIC:
            check_origin(headers, scope["method"], site)
            check_address(scope)
            return {}
        shown = shown_by(headers, site)
        caller = await self._gate.admit(shown, where_of(scope, headers, self._gate.settings, request_id))
        if shown.kind == "session":
            check_origin(headers, scope["method"], site)
            check_token(headers, scope["method"], shown.text)
        check_address(scope)
        caller = await self._gate.with_policy(caller)
        check_stage(caller, scope["method"], scope["path"])
        scope["state"].update(caller=caller, shown=shown)
        return await self._gate.rates.count(caller)

    async def _look_at(self, body: Body, scope: Scope, headers: Headers) -> None:
        """See to it that JSON is not too deep. Raises `InvalidRequest`, `BrokenUpload`, `SlowUpload`."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] in ("POST", "PUT", "PATCH") and (kind == "application/json" or kind.endswith("+json")):
            await body.look_ahead(self._gate.limits.max_json, self._gate.limits.idle_s)
            body.check_depth(self._gate.limits.max_depth)


async def _refuse(response: Response, body: Body, send: Send) -> None:
    """Answer, although of the body some may be on its way: taken for a while, for a reset would overtake the answer."""
    response.headers["Connection"] = "close"
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": bytes(response.body), "more_body": True})
    await body.drain(_DRAIN_S)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _dress(headers: MutableHeaders, asked: dict[str, str]) -> None:
    """`asked`: what is to stand in the answer, whether it is an error or not: the call's names, what its route wants."""
    for name, value in asked.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    for name, value in _HEADERS:
        headers.setdefault(name, value)


def _method(name: str) -> str:
    # Whatever a stranger sends as a method must not become a label of its own.
    return name if name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "other"
