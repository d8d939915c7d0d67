"""Tables of reports as people edit them: versions, claims, decisions."""

from __future__ import annotations

APPEND_ONLY: tuple[str, ...] = ()
