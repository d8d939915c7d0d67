"""timeline.csv: what Timesketch requires, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from tests.export.factory import large_report, small_report

from ircopilot.export.timeline_csv import render_timeline_csv, safe_cell

GOLDEN = Path(__file__).parent / "golden"


def rows(document) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_timeline_csv(document).decode(), newline="")))


def test_golden() -> None:
    assert render_timeline_csv(small_report()) == (GOLDEN / "timeline.csv").read_bytes()


def test_timesketch_columns() -> None:
    for row in rows(large_report()):
        assert row["message"]
        assert row["timestamp_desc"]
        assert datetime.fromisoformat(row["datetime"]).tzinfo
        assert len(row["datetime"]) == 32


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1"])
def test_formulas_are_disarmed(text: str) -> None:
    assert safe_cell(text).startswith("'")


def test_no_cell_of_a_hostile_report_is_a_formula() -> None:
    for row in rows(large_report()):
        for value in row.values():
            assert not value.startswith(("=", "+", "-", "@", "\t", "\r"))
            assert "\n" not in value


def test_ordinary_text_is_untouched() -> None:
    assert safe_cell("ada ran x.exe -s = 1") == "ada ran x.exe -s = 1"
