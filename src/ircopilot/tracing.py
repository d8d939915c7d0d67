"""Trace context: whoever asks for a run begins a trace or has one, and every job of the run continues it.

Source: https://www.w3.org/TR/trace-context/, header `traceparent`, version 00.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "traceparent"
_SHAPE = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_CURRENT: ContextVar[str] = ContextVar("traceparent", default="")


def read_traceparent(text: str | None) -> str:
    """The text if it is a valid `traceparent`, else an empty one: what strangers send goes no further."""
    return text if text and _SHAPE.fullmatch(text) else ""


def trace_id(traceparent: str) -> str:
    """Its 32 hexadecimal digits, which all of a trace share; empty for one that is invalid."""
    found = _SHAPE.fullmatch(traceparent)
    return found[1] if found else ""


@contextmanager
def tracing(traceparent: str | None) -> Iterator[None]:
    """What is done in the block, also on threads that take the context along, belongs to that trace."""
    token = _CURRENT.set(read_traceparent(traceparent))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_traceparent() -> str:
    """Of what is being done now; empty outside of any trace."""
    return _CURRENT.get()


def continued(traceparent: str, name: str) -> str:
    """The next span of that trace; of a new trace, whose id follows from `name`, when there is none."""
    of = trace_id(traceparent) or hashlib.sha256(f"trace\0{name}".encode()).hexdigest()[:32]
    return f"00-{of}-{secrets.token_hex(8)}-01"
