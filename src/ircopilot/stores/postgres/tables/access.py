"""Tables of people, how they sign in, and what they may do."""

from __future__ import annotations

APPEND_ONLY: tuple[str, ...] = ()
