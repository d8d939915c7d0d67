"""What an entry of the timeline says of an act that was met many times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ircopilot.analysis.timeline import build_timeline
from ircopilot.domain.findings import Act

AT = datetime(2026, 3, 1, 22, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "lasting", "said"),
    [
        (9, timedelta(minutes=3), " (9 records until 22:03:05 UTC)"),
        (9, timedelta(hours=3), " (9 records until 2026-03-02 01:00:05 UTC)"),
        (3, timedelta(minutes=3), ""),
    ],
)
def test_repeated_acts_tell_how_often_and_until_when(count: int, lasting: timedelta, said: str) -> None:
    act = Act(
        verb="connected", time=AT, host="LAB-07", subject="a.exe", objects=("192.0.2.7",), evidence=("e",),
        count=count, end_time=AT + lasting,
    )  # fmt: skip
    (entry,) = build_timeline([act], {})
    assert entry.summary.endswith(f".{said}" if said else ".")
