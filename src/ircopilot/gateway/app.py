"""The application: routes under `/v1` behind a key, and three without one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ircopilot import __version__
from ircopilot.gateway.acceptance import check_accept
from ircopilot.gateway.answers import answer_http, answer_validation
from ircopilot.gateway.documentation import routes as documentation
from ircopilot.gateway.edge import Edge
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.hub import Hub
from ircopilot.gateway.idempotency import Idempotency
from ircopilot.gateway.packing import Packing
from ircopilot.gateway.routers import ROUTERS
from ircopilot.gateway.site import BuiltSite, SiteLayer


def make_app(gate: Gate, site: BuiltSite | None = None) -> FastAPI:
    """The application over these parts, and the web application beside it if its site is given."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        gate.hub = Hub(gate)
        try:
            yield
        finally:
            await gate.finish()
            await gate.hub.close()
            await gate.orchestrator.close()
            await gate.rates.close()

    app = FastAPI(
        title="Incident Response Copilot", version=__version__, lifespan=life, openapi_url=None, docs_url=None,
        redoc_url=None, redirect_slashes=False, generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.gate = gate
    routers = (*ROUTERS, documentation.router)
    app.state.routes = [route for router in routers for route in router.routes]
    for router in routers:
        app.include_router(router, dependencies=[Depends(check_accept)])
    app.add_exception_handler(RequestValidationError, answer_validation)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_middleware(Idempotency, gate=gate)
    app.add_middleware(Edge, gate=gate)
    app.add_middleware(Packing)  # the outermost is added last
    if site is not None:
        app.add_middleware(SiteLayer, site=site)
    return app
