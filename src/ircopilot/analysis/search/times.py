"""Times of a search: a day, hour, minute, second or instant. Source: ISO 8601; without an offset it is UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII | re.IGNORECASE,
)
_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
INSTANT = timedelta(microseconds=1)
FIRST, LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)  # what DateTime64 holds


def read_time(text: str) -> tuple[datetime, datetime] | None:
    """The span that the text names, as `first <= time < end`: `2031-05-01` is a whole day. None if it is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    *numbers, fraction, zone = found.groups()
    given = [int(n) for n in numbers if n is not None]
    try:
        micro = int((fraction or "0").ljust(6, "0"))
        first = datetime(*(given + [0] * (6 - len(given)))[:6], micro, tzinfo=UTC) - _offset(zone)  # type: ignore[misc,arg-type]
        unit = INSTANT if fraction else _UNITS[len(given) - 3]
        return (first, first + unit) if FIRST <= first <= LAST else None
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
