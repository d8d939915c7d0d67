"""Times in a text against the times of a record: corrected, or written in the record itself. All times are UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ircopilot.domain.values import Value
from ircopilot.report.gate.cited import CitedEvent, written_times

TOLERANCE = timedelta(seconds=1)
_DAY = 86_400


def timed(value: Value, event: CitedEvent) -> bool:
    """True if the record bears out a time (within a second), a date or an hour and minute."""
    moments = [t.astimezone(UTC) for t in event.content.times]
    if value.kind == "date":
        day = _day(value.text)
        return any(t.date() == day for t in moments)
    if value.kind == "clock":
        return any(f"{t:%H:%M}" == value.text for t in moments)
    if "+" in value.text or "-" in value.text[10:]:
        return False
    if value.text[2] == ":":
        said = _second(int(value.text[:2]), int(value.text[3:5]), int(value.text[6:8]))
        apart = (abs(_second(t.hour, t.minute, t.second) - said) for t in moments)
        return any(min(d, _DAY - d) <= 1 for d in apart)
    said_at = next(written_times(value.text[:19].upper()), None)
    return said_at is not None and any(abs(t - said_at) <= TOLERANCE for t in moments)


def _second(hour: int, minute: int, second: int) -> int:
    return hour * 3600 + minute * 60 + second


def _day(text: str) -> date | None:
    form = "%Y-%m-%d" if "-" in text else "%d %B %Y"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).date()
    except ValueError:
        return None
