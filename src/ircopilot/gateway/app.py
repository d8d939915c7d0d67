"""The application: routes under `/v1` behind a key, and three without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ircopilot import __version__
from ircopilot.gateway import evidence_routes, health_routes, incident_routes, output_routes, run_routes
from ircopilot.gateway.answers import answer_http, answer_validation
from ircopilot.gateway.edge import Edge
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.hub import Hub


def make_app(gate: Gate) -> FastAPI:
    """The application over these parts."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        gate.hub = Hub(gate)
        try:
            yield
        finally:
            await gate.hub.close()
            await gate.orchestrator.close()

    app = FastAPI(
        title="Incident Response Copilot", version=__version__, lifespan=life, openapi_url=None, docs_url=None,
        redoc_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.gate = gate
    for part in (incident_routes, evidence_routes, run_routes, output_routes, health_routes):
        app.include_router(part.router)
    app.add_exception_handler(RequestValidationError, answer_validation)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_middleware(Edge, gate=gate)
    return app
