"""Tables of what people write on an incident: comments, actions, playbooks, tags, saved filters."""

from __future__ import annotations

APPEND_ONLY: tuple[str, ...] = ()
