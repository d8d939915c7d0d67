"""Words for times, offsets, sizes, and signs for what cannot be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ircopilot.domain.evidence import Clock, ClockStep
from ircopilot.export.text import (
    shorten,
    spoken_clock,
    spoken_count,
    spoken_offset,
    spoken_size,
    spoken_time,
    value_text,
    visible,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (68400, "+19 h"),
        (-36, "−36 s"),
        (0.0004, ""),
        (0.25, "+0.25 s"),
        (90061.5, "+25 h 1 min 1.5 s"),
        (3 * 86400 + 60, "+3 d 1 min"),
    ],
)
def test_offsets(seconds: float, words: str) -> None:
    assert spoken_offset(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (106_000_000, "106 MB"), (2 * 10**12, "2000 GB")]
)
def test_sizes(size: int, words: str) -> None:
    assert spoken_size(size) == words


def test_counts_times_values() -> None:
    assert [spoken_count(n, "entry", "entries") for n in (0, 1, 1200)] == ["0 entries", "1 entry", "1,200 entries"]
    assert spoken_time(datetime(2031, 3, 4, 5, 6, 7, 500000, tzinfo=UTC)) == "2031-03-04 05:06:07.5 UTC"
    assert [value_text(v) for v in ("a", 1, None, {"k": ["ä"]})] == ["a", "1", "null", '{"k": ["ä"]}']
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdef", 2) == "ab…(+4)"


def test_clocks() -> None:
    since = datetime(2031, 3, 4, 12, tzinfo=UTC)
    steps = tuple(ClockStep(host=f"h{n}" if n else "", since=since, offset_s=n * 3600) for n in range(5))
    assert spoken_clock(None) == spoken_clock(Clock()) == ""
    assert spoken_clock(Clock(method="said-by-user", offset_s=68400)) == "+19 h"
    assert spoken_clock(Clock(method="said-by-user", steps=steps)) == (
        "±0 s; ±0 s from 2031-03-04 12:00:00 UTC; h1 +1 h from 2031-03-04 12:00:00 UTC; "
        "h2 +2 h from 2031-03-04 12:00:00 UTC; and 2 changes more"
    )


def test_nothing_invisible_passes() -> None:
    assert visible("a\u202eb\u2066c\u200bd\u00ade\ufefff\U000e0041g\ue000h\u3164i\u2028") == (
        "a⟦U+202E⟧b⟦U+2066⟧c⟦U+200B⟧d⟦U+00AD⟧e⟦U+FEFF⟧f⟦U+E0041⟧g⟦U+E000⟧h⟦U+3164⟧i⟦U+2028⟧"
    )
    assert visible("x\ny\tz\r\x00\x1b\x7f\x85") == "x⏎y⇥z␍␀␛⟦U+007F⟧⟦U+0085⟧"
    assert visible("naïve 日本 😀 مرحبا") == "naïve 日本 😀 مرحبا"
