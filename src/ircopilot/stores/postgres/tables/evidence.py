"""Tables of uploads under way."""

from __future__ import annotations

APPEND_ONLY: tuple[str, ...] = ()
