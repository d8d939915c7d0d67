"""How a call is named: an id of its own, and the trace that it is part of. Source: W3C Trace Context, Level 1."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.datastructures import Headers

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """A call's names."""

    request_id: str
    trace_id: str
    parent: str

    def headers(self) -> dict[str, str]:
        """As the answer tells them."""
        return {"X-Request-Id": self.request_id, "traceparent": self.parent}


def trace_of(headers: Headers) -> Trace:
    """What `X-Request-Id` and `traceparent` say, where they can be used; what they do not say is made up."""
    given = headers.get("x-request-id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    shape = _PARENT.fullmatch(headers.get("traceparent", ""))
    trace_id, flags = (shape[1], shape[2]) if shape else (secrets.token_hex(16), "00")
    return Trace(request_id, trace_id, f"00-{trace_id}-{secrets.token_hex(8)}-{flags}")
