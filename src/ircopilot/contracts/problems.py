"""Problems across a process: the Problem+JSON document, and how it travels with a gRPC status.

Sources: RFC 9457; https://grpc.io/docs/guides/status-codes/. Knows neither gRPC nor HTTP: names and numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from ircopilot.domain.errors import ProblemError

MEDIA_TYPE = "application/problem+json"
TYPE_KEY = "problem-type"
DOCUMENT_KEY = "problem-bin"  # gRPC takes bytes, and so any language, under a key that ends in -bin
GRPC_STATUS_OF: dict[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "FAILED_PRECONDITION",
    413: "INVALID_ARGUMENT",
    422: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


class RemoteProblem(ProblemError):
    """A problem that another process told; `type`, `status` and `title` are what it said, and when to try again."""

    retry_after_s: float | None = None

    def __init__(self, type_: str, status: int, title: str, detail: str, next_step: str = "") -> None:
        super().__init__(detail, next_step)
        self.type, self.status, self.title = type_, status, title


def problem_document(problem: ProblemError) -> dict[str, Any]:
    """The members of RFC 9457; `next_step` is ours, and left out when there is none."""
    document: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    document |= problem.members()
    return document | ({"next_step": problem.next_step} if problem.next_step else {})


def problem_metadata(problem: ProblemError) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata of the call that failed."""
    return (TYPE_KEY, problem.type), (DOCUMENT_KEY, orjson.dumps(problem_document(problem)))


def problem_from_metadata(metadata: Iterable[tuple[str, str | bytes]] | None) -> ProblemError | None:
    """The problem that the trailing metadata tells, None when it tells none that can be read."""
    for key, value in metadata or ():
        if key == DOCUMENT_KEY:
            try:
                told = orjson.loads(value)
                return RemoteProblem(
                    str(told["type"]), int(told["status"]), str(told["title"]), str(told["detail"]),
                    str(told.get("next_step", "")),
                )  # fmt: skip
            except (ValueError, KeyError, TypeError):
                return None
    return None
