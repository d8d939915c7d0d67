"""Routes without a key: whether the process lives, whether it can serve, what it counted."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from ircopilot.domain.errors import ProblemError
from ircopilot.gateway.gate import WithGate
from ircopilot.gateway.shapes import shown

router = APIRouter(tags=["health"])
_PARTS = {"database": "ok", "orchestrator": "ok", "redis": "ok"}


class Alive(BaseModel):
    """The process answers."""

    model_config = shown({"status": "ok"})

    status: Literal["ok"]


class Ready(BaseModel):
    """Whether calls can be served, and which parts answer."""

    model_config = shown({"status": "ok", "parts": _PARTS})

    status: Literal["ok", "degraded", "unavailable"]
    parts: dict[str, Literal["ok", "down"]]


@router.get("/healthz", summary="Does it live", response_model=Alive)
async def healthz() -> dict[str, str]:
    """200 as long as the process answers."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can it serve", response_model=Ready, responses={503: {"model": Ready}})
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


@router.get("/metrics", summary="Counters", response_class=PlainTextResponse)
async def metrics(gate: WithGate) -> Response:
    """Counters, for Prometheus."""
    return Response(gate.meters.text(), media_type=CONTENT_TYPE_LATEST)
