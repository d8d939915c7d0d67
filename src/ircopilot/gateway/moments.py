"""Times as calls give them: RFC 3339 with a zone. A number is none, though it could be read as seconds since 1970."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator


def _is_text(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and "-" not in value[1:]):
        raise ValueError("write a time as 2026-03-10T10:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_is_text)]
