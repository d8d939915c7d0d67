"""Times as calls give them: RFC 3339 with a zone. A number is none, though it could be read as seconds since 1970."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator


def _is_text(value: Any) -> Any:
    if isinstance(value, int | float) or (isinstance(value, str) and "-" not in value[1:]):
        raise ValueError("write a time as 2026-03-10T10:00:00Z")
    return value


def _usable(time: datetime) -> datetime:
    if not 1 < time.year < 9999:
        raise ValueError("a year from 2 to 9998")  # in UTC the others may be none
    return time


Moment = Annotated[AwareDatetime, BeforeValidator(_is_text), AfterValidator(_usable)]
