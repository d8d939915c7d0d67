"""Which content coding a caller takes. Source: RFC 9110 §12.5.3."""

from __future__ import annotations

from collections.abc import Container

# The smallest first.
CODINGS = ("br", "gzip")
_REFUSALS = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})


def taken_coding(header: str, offered: Container[str]) -> str:
    """The smallest of the codings offered that the caller names and does not refuse; `""` for none."""
    named = {}
    for part in header.split(","):
        coding, _, weight = part.strip().partition(";")
        named[coding.strip().lower()] = weight.replace(" ", "") not in _REFUSALS
    return next((coding for coding in CODINGS if coding in offered and named.get(coding)), "")
