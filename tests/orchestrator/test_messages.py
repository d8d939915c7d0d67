"""Runs and problems cross the process unchanged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ircopilot.contracts.problems import DOCUMENT_KEY, problem_document, problem_from_metadata, problem_metadata
from ircopilot.contracts.run_messages import read_parameters, read_run, read_time, write_parameters, write_run
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.domain.incident import Run, RunParameters, Window

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 891000, tzinfo=UTC)


@pytest.mark.parametrize("over", [True, False])
def test_a_run_comes_back_as_it_was(over: bool) -> None:
    parameters = RunParameters(
        first_stage="forensic", rules=("a" * 64,), clocks={"zeek.conn": -1.5}, window=Window(since=MOMENT), part_bytes=9
    )
    run = Run(
        run_id="r", org_id="o", incident_id="i", state="failed" if over else "queued", mode="service", step="collect/load",
        priority=0, parameters=parameters, error="ünlesbar" if over else None, last_event=12, created_at=MOMENT,
        started_at=MOMENT, finished_at=MOMENT if over else None, deadline=None if over else MOMENT,
    )  # fmt: skip
    assert read_run(write_run(run)) == run


def test_absent_parameters_are_the_defaults() -> None:
    assert read_parameters(type(write_parameters(RunParameters()))()) == RunParameters()


def test_a_time_outside_the_calendar_is_refused() -> None:
    message = write_run(
        Run(run_id="r", org_id="o", incident_id="i", state="done", created_at=MOMENT, started_at=MOMENT)
    )
    message.deadline.seconds = 1 << 60
    with pytest.raises(UnusableArgument):
        read_time(message, "deadline")


def test_a_problem_comes_back_as_it_was() -> None:
    problem = UnusableArgument("größer als 9", "gib weniger")
    told = problem_from_metadata(problem_metadata(problem))
    assert told is not None
    assert problem_document(told) == problem_document(problem)
    assert isinstance(told, ProblemError)


@pytest.mark.parametrize("metadata", [None, (), (("other", "x"),), ((DOCUMENT_KEY, b"{"),), ((DOCUMENT_KEY, b"[]"),)])
def test_metadata_without_a_problem_tells_none(metadata: tuple[tuple[str, bytes | str], ...] | None) -> None:
    assert problem_from_metadata(metadata) is None
