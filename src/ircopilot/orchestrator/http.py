"""What is looked at from outside: health, readiness, metrics, and dead letters for whoever has the service token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from structlog.typing import FilteringBoundLogger

from ircopilot.contracts.problems import MEDIA_TYPE, problem_document
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.orchestrator.acts import Acts, as_problem
from ircopilot.orchestrator.errors import NothingThere, TokenRefused
from ircopilot.orchestrator.gatekeeper import Gatekeeper, is_loopback
from ircopilot.orchestrator.meters import Meters
from ircopilot.telemetry import error_place

Check = Callable[[], Awaitable[bool]]
CHECK_S = 2.0


def make_app(
    acts: Acts, keeper: Gatekeeper, meters: Meters, checks: Mapping[str, Check], log: FilteringBoundLogger
) -> FastAPI:
    """The application. `checks` says of each part that readiness needs whether it answers."""
    app = FastAPI(title="ircopilot orchestrator", openapi_url=None, docs_url=None, redoc_url=None)
    _handle_errors(app, log)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether Postgres, NATS and Redis answer it: 503 and which does not."""
        answers = dict(zip(checks, await asyncio.gather(*map(_ask, checks.values())), strict=True))
        ready = all(answers.values())
        return JSONResponse({"ready": ready, "parts": answers}, 200 if ready else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def admitted(request: Request) -> None:
        keeper.admit(request.headers.get("authorization"))
        # Without a token a web page that somebody reads here could call us: its calls name a host or an origin.
        if not keeper.asks and (request.headers.get("origin") or not is_loopback(request.url.hostname or "")):
            raise TokenRefused("the call does not come from this machine", "set IRCOPILOT_SERVICE_TOKEN")

    @app.get("/admin/dead-letters", dependencies=[Depends(admitted)])
    async def dead_letters(org_id: str) -> dict[str, Any]:
        """The organisation's jobs that were given up, oldest first."""
        letters = await acts.dead_letters(org_id)
        return {
            "dead_letters": [
                {
                    "job_id": letter.job_id, "run_id": letter.message.run_id, "attempt": letter.attempt,
                    "incident_id": letter.message.incident_id, "reason": letter.reason,
                }
                for letter in letters
            ]
        }  # fmt: skip

    @app.post("/admin/dead-letters/{job_id}/redrive", dependencies=[Depends(admitted)])
    async def redrive(job_id: str, org_id: str) -> dict[str, Any]:
        """Send the job again; its run, which goes on."""
        return (await acts.redrive_job(org_id, job_id)).model_dump(mode="json")

    return app


def problem_response(problem: ProblemError) -> Response:
    """Problem+JSON. Source: RFC 9457."""
    headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
    return JSONResponse(problem_document(problem), problem.status, headers, media_type=MEDIA_TYPE)


def _handle_errors(app: FastAPI, log: FilteringBoundLogger) -> None:
    async def answer(_: Request, error: Exception) -> Response:
        problem = as_problem(error)
        if problem.status == 500:
            log.error("call failed", **error_place(error))
        return problem_response(problem)

    async def answer_shape(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return problem_response(UnusableArgument(wrong[:500], "see docs/operations.md"))

    async def answer_missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        problem = NothingThere(f"{request.method} {request.url.path[:200]}", "see docs/operations.md")
        document = problem_document(problem) | {"status": error.status_code}
        return JSONResponse(document, error.status_code, error.headers, media_type=MEDIA_TYPE)

    app.add_exception_handler(RequestValidationError, answer_shape)
    app.add_exception_handler(HTTPException, answer_missing)
    for kind in (ProblemError, Exception):
        app.add_exception_handler(kind, answer)


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_S):
            return await check()
    except Exception:
        return False
