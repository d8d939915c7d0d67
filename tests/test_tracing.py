"""Trace context: what is a `traceparent`, and how the next one follows."""

from __future__ import annotations

import pytest

from ircopilot.tracing import continued, current_traceparent, read_traceparent, trace_id, tracing

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "wrong",
    [
        "", None, "x", GIVEN.upper(), GIVEN + "-00", GIVEN.replace("00-", "ff-", 1), f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{'a' * 32}-{'0' * 16}-01", GIVEN + "\n",
    ],
)  # fmt: skip
def test_what_is_none_goes_no_further(wrong: str | None) -> None:
    assert read_traceparent(wrong) == ""
    with tracing(wrong):
        assert current_traceparent() == ""


def test_the_next_span_is_of_the_same_trace() -> None:
    with tracing(GIVEN):
        assert current_traceparent() == GIVEN
        following = continued(current_traceparent(), "run")
    assert trace_id(following) == trace_id(GIVEN)
    assert following != GIVEN
    assert read_traceparent(following) == following
    assert current_traceparent() == ""


def test_without_one_a_name_makes_the_trace() -> None:
    one, again, other = continued("", "a"), continued("", "a"), continued("", "b")
    assert trace_id(one) == trace_id(again) != trace_id(other)
    assert one != again
