"""Routes without a key: whether the process lives, whether it can serve, what it counted."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from ircopilot.domain.errors import ProblemError
from ircopilot.gateway.gate import WithGate

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(gate: WithGate, response: Response) -> dict[str, object]:
    """200 when calls can be served, which takes the database alone; the other parts are told beside it."""
    try:
        await gate.check_database()
        database = True
    except ProblemError:
        database = False
    parts = {
        "database": database,
        "orchestrator": await gate.orchestrator.answers(),
        "redis": await gate.hub.answers(),
    }
    response.status_code = 200 if database else 503
    status = "ok" if all(parts.values()) else ("degraded" if database else "unavailable")
    return {"status": status, "parts": {name: "ok" if up else "down" for name, up in parts.items()}}


@router.get("/metrics")
async def metrics(gate: WithGate) -> Response:
    """Counters, for Prometheus."""
    return Response(gate.meters.text(), media_type=CONTENT_TYPE_LATEST)
