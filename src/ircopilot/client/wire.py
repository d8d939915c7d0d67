"""What sync and async calls share: what is sent, what a failed answer tells, when to try again."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx
import orjson

from ircopilot.client.errors import GatewayUnreachable
from ircopilot.contracts.problems import MEDIA_TYPE, RemoteProblem
from ircopilot.domain.errors import ProblemError

Content: TypeAlias = bytes | Iterable[bytes] | AsyncIterable[bytes]
TRIES = 5
_URN = "urn:ircopilot:error:"
_LONGEST_S = 30.0
# In flight means that an earlier try of ours is still being worked on.
_PASSING = {"too-many-requests", "idempotency-in-flight"}


def quoted(part: str) -> str:
    """One part of a path."""
    return quote(part, safe="")


def sent(method: str, params: Mapping[str, Any] | None, headers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Parameters and headers without those left out; what changes something gets an idempotency key of its own."""
    told = {name: str(value) for name, value in (headers or {}).items() if value is not None}
    if method in ("POST", "PATCH"):
        told.setdefault("Idempotency-Key", str(uuid.uuid4()))
    return {"params": {name: value for name, value in (params or {}).items() if value is not None}, "headers": told}


def json_content(body: Any) -> dict[str, Any]:
    """A body as JSON, for `httpx`; nothing for None."""
    if body is None:
        return {}
    return {"content": orjson.dumps(body), "type": "application/json"}


def pause_s(error: ProblemError, tried: int) -> float | None:
    """Seconds until a call that failed for the `tried`th time (from 0) is made again; None when it would not help."""
    if tried >= TRIES - 1 or not (error.status == 503 or error.type in _PASSING):
        return None
    wanted = getattr(error, "retry_after_s", None)
    return float(min(wanted if wanted is not None else 0.2 * 2**tried, _LONGEST_S))


def problem_of(answer: httpx.Response) -> ProblemError:
    """The problem that the answer tells; something between us and the gateway may have answered in its place."""
    if answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
        try:
            told = orjson.loads(answer.content)
            problem = RemoteProblem(
                str(told["type"]).removeprefix(_URN), answer.status_code, str(told["title"]), str(told["detail"]),
                str(told.get("next_step", "")),
            )  # fmt: skip
        except (orjson.JSONDecodeError, KeyError, TypeError):
            pass
        else:
            after = answer.headers.get("retry-after", "")
            problem.retry_after_s = float(after) if after.isdigit() else None
            return problem
    return RemoteProblem(
        "gateway-unreachable", answer.status_code, GatewayUnreachable.title,
        f"{answer.url} answered {answer.status_code}, which is no answer of the gateway's", "check the URL",
    )  # fmt: skip


def unreachable(url: str, error: httpx.TransportError) -> GatewayUnreachable:
    """The line is broken, or nobody is there."""
    return GatewayUnreachable(
        f"{url}: {str(error) or type(error).__name__}", "see whether `ircopilot gateway` runs there"
    )
