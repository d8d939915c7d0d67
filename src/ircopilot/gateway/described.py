"""What the OpenAPI says of errors: each route names the problems that it tells besides those that every route may."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ircopilot.access.errors import EnrolmentRequired, Forbidden, ForgedRequest, SecondFactorRequired, Unauthenticated
from ircopilot.contracts.problems import MEDIA_TYPE
from ircopilot.domain.errors import ProblemError
from ircopilot.gateway.answers import URN
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
    trace_id: str | None = Field(default=None, examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    errors: list[FieldError] | None = None


PROBLEM = "#/components/schemas/Problem"
EVERYWHERE: tuple[type[ProblemError], ...] = (
    Unauthenticated,
    Forbidden,
    ForgedRequest,
    SecondFactorRequired,
    EnrolmentRequired,
    InvalidRequest,
    ProblemError,
    DatabaseUnreachable,
)


def problems(*kinds: type[ProblemError]) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: its own problems and those of every route, by status, each with its title."""
    answers: dict[Any, dict[str, Any]] = {}
    add_problems(answers, (*kinds, *EVERYWHERE))
    return {int(status): answer for status, answer in sorted(answers.items())}


def add_problems(answers: dict[str, dict[str, Any]], kinds: Iterable[type[ProblemError]]) -> None:
    """Say in an operation's answers (by status as text) that it may tell these problems, each with an example."""
    for kind in kinds:
        answer = answers.setdefault(str(kind.status), {"description": "", "content": {}})
        shown = answer["content"].setdefault(MEDIA_TYPE, {"schema": {"$ref": PROBLEM}, "examples": {}})["examples"]
        if kind.type not in shown:
            shown[kind.type] = {"value": _example(kind)}
            said = f"{kind.title} (`{kind.type}`)"
            answer["description"] = "; ".join(filter(None, (answer["description"], said)))


def _example(kind: type[ProblemError]) -> dict[str, Any]:
    detail = inspect.getdoc(kind) or kind.title
    return {
        "type": URN + kind.type, "title": kind.title, "status": kind.status, "detail": " ".join(detail.split()),
        "request_id": "9f86d081884c7d65",
    }  # fmt: skip


def bytes_body(*kinds: str) -> dict[str, Any]:
    """For a route's `openapi_extra=`: the body is bytes, of these media types."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {"requestBody": {"required": True, "content": content}}


def json_body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    """For a route that reads its JSON by itself, to keep it byte for byte."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}
