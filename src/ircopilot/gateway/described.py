"""What the OpenAPI says of errors: each route names the problems that it tells besides those that every route may."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ircopilot.access.errors import Forbidden, Unauthenticated
from ircopilot.contracts.problems import MEDIA_TYPE
from ircopilot.domain.errors import ProblemError
from ircopilot.gateway.errors import InvalidRequest
from ircopilot.stores.postgres.errors import DatabaseUnreachable


class FieldError(BaseModel):
    """One thing that is wrong with a request's shape."""

    at: str
    reason: str


class Problem(BaseModel):
    """RFC 9457. `type` is `urn:ircopilot:error:NAME`, whose NAME has a page in docs/errors."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:ircopilot:error:unknown-incident"])
    title: str = Field(examples=["There is no such incident"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no incident INC-8"])
    next_step: str | None = Field(default=None, examples=["list them: GET /v1/incidents"])
    request_id: str = Field(examples=["9f86d081884c7d65"])
    errors: list[FieldError] | None = None


EVERYWHERE: tuple[type[ProblemError], ...] = (
    Unauthenticated,
    Forbidden,
    InvalidRequest,
    ProblemError,
    DatabaseUnreachable,
)


def problems(*kinds: type[ProblemError]) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: its own problems and those of every route, by status, each with its title."""
    by_status: dict[int, list[type[ProblemError]]] = defaultdict(list)
    for kind in dict.fromkeys((*kinds, *EVERYWHERE)):
        by_status[kind.status].append(kind)
    return {
        status: {
            "description": "; ".join(f"{kind.title} (`{kind.type}`)" for kind in found),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, found in sorted(by_status.items())
    }
