"""Lines of a text are what splitting it gives, and go into Arrow as they stand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from ircopilot.evidence.records import Block, Lines
from ircopilot.evidence.sampling import batch_of

TEXTS = [b"", b"\n", b"one", b"one\n", b"one\ntwo\r\n\nthree", b"\n\nend\n", "snow ☃\nmore\n".encode()]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_are_what_splitting_gives(text: bytes) -> None:
    expected = text.split(b"\n")
    if not expected[-1]:
        expected.pop()
    found = Lines(text)
    assert list(found) == [found[n] for n in range(len(found))] == found[:] == expected
    if expected:
        assert found[-1] == expected[-1]
    with pytest.raises(IndexError):
        found[len(expected)]


@pytest.mark.parametrize("text", TEXTS)
def test_a_batch_holds_each_line_with_its_place(text: bytes) -> None:
    lines = Lines(text)
    numbers = range(7, 7 + len(lines))
    batch: pa.RecordBatch = batch_of(Block([f"line:{n}" for n in numbers], numbers, lines, [], 0, 0), "ab", "cd")
    batch.validate(full=True)
    rows = batch.to_pylist()
    assert [row["raw"].removesuffix(b"\n") for row in rows] == list(lines)
    assert [(row["locator"], row["seq"], row["sha"], row["load"]) for row in rows] == [
        (f"line:{n}", n, "ab", "cd") for n in numbers
    ]
