"""Tables of the audit log and answers kept for Idempotency-Key."""

from __future__ import annotations

APPEND_ONLY: tuple[str, ...] = ()
