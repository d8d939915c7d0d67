"""The figure's axis: linear, with long silences cut out, and ticks that do not touch."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.factory import large_report, small_report

from ircopilot.export.figure import MAX_LANES, draw_figure, stretches

BASE = datetime(2031, 1, 1, tzinfo=UTC)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=40))
def test_axis_keeps_order_and_stays_inside(seconds: list[int]) -> None:
    axis = stretches([BASE + timedelta(seconds=s) for s in seconds])
    assert all(0 <= s.left < s.right <= 1.0001 for s in axis)
    assert all(a.right < b.left and a.end < b.start for a, b in itertools.pairwise(axis))
    for s in axis:
        assert s.left <= s.place(s.start) <= s.place((s.start + s.end) / 2) <= s.place(s.end) <= s.right + 1e-9


def test_a_long_silence_is_cut_out() -> None:
    times = [BASE, BASE + timedelta(minutes=5), BASE + timedelta(days=30), BASE + timedelta(days=30, minutes=5)]
    assert len(stretches(times)) == 2
    assert len(stretches(times[:2])) == 1


def test_figure_of_the_large_report() -> None:
    figure = draw_figure(large_report())
    assert figure is not None
    assert len(figure["lanes"]) == MAX_LANES + 1
    assert len(figure["marks"]) == 200
    assert all(b["x"] - a["x"] > 0.1 for a, b in zip(figure["ticks"], figure["ticks"][1:], strict=False))
    assert figure["breaks"]


def test_marks_carry_the_worst_level_of_their_detections() -> None:
    figure = draw_figure(small_report())
    assert figure is not None
    assert [(m["kind"], m["level"]) for m in figure["marks"]] == [
        ("log", ""),
        ("log", ""),
        ("alert", "high"),
        ("comm", ""),
    ]
    assert max(figure["lanes"][0]["density"]) == 1.0


def test_no_timeline_no_figure() -> None:
    assert draw_figure(small_report(timeline=())) is None
