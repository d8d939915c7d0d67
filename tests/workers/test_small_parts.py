"""Scratch folders, crash points, what progress says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ircopilot.contracts.messages import SUBJECT_OF, JobMessage
from ircopilot.domain.errors import UnusableArgument, Withdrawn
from ircopilot.embedded.roles import WORKER_KINDS
from ircopilot.faults import CrashPoint, crash_point
from ircopilot.workers.kinds import STAGE_OF, stage_of_kind
from ircopilot.workers.progress import JobProgress
from ircopilot.workers.scratch import Scratch, sweep_scratch

MESSAGE = JobMessage(
    job_id="j",
    org_id="o",
    incident_id="i",
    run_id="r",
    attempt=1,
    payload={"step": "collect/load", "part": 2, "of": 5, "x": 1},
)


def test_five_kinds_for_five_subjects() -> None:
    assert set(STAGE_OF.values()) == set(SUBJECT_OF)
    assert tuple(STAGE_OF) == WORKER_KINDS
    with pytest.raises(UnusableArgument, match="nobody"):
        stage_of_kind("nobody")


def test_folders_of_the_dead_are_swept_and_of_the_living_not(tmp_path: Path) -> None:
    left = "import sys, os, pathlib; from ircopilot.workers.scratch import Scratch; s = Scratch(pathlib.Path(sys.argv[1])); (s.folder / 'evidence').write_text('x'); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", left, str(tmp_path)], check=False).returncode == 9
    (leftover,) = tmp_path.iterdir()
    with Scratch(tmp_path) as first:
        assert (first.swept, leftover.exists()) == (1, False)
        with Scratch(tmp_path) as second:
            assert second.swept == sweep_scratch(tmp_path) == 0
            with second.job_folder() as folder:
                (folder / "x").write_text("x")
            assert not folder.exists()
        assert first.folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_crash_points_are_inert_unless_chosen() -> None:
    assert crash_point({}) is None
    with pytest.raises(ValueError, match="counted from 1"):
        crash_point({"IRCOPILOT_CRASH_AT": "here:0"})
    chosen = crash_point({"IRCOPILOT_CRASH_AT": "here:3"})
    assert isinstance(chosen, CrashPoint)
    chosen.passed("elsewhere")
    chosen.passed("here")
    chosen.passed("here")
    code = "from ircopilot.faults import pass_point\nfor n in range(5): pass_point('x'); print(n, flush=True)"
    for variable, last in (("x:3", b"1"), ("y:3", b"4")):
        done = subprocess.run(
            [sys.executable, "-c", code], env={"IRCOPILOT_CRASH_AT": variable}, capture_output=True, check=False
        )
        assert (done.returncode == -9) == variable.startswith("x")
        assert done.stdout.split()[-1] == last


def test_progress_says_each_change_once_with_its_rate() -> None:
    now = [100.0]
    progress = JobProgress(MESSAGE, lambda: now[0])
    assert progress.untold() == []
    progress.stage("collect", 10, 100, "records", "a.log", 7)
    now[0] = 102.0
    progress.stage("collect", 50, 100, "records", "b.log", 40)
    ((stage, row),) = progress.untold()
    assert (stage, row) == (
        "collect",
        {"state": "progress", "step": "collect/load", "part": 2, "of": 5, "done": 50, "total": 100, "unit": "records",
         "note": "b.log", "events": 40, "rate": 20.0},
    )  # fmt: skip
    assert progress.untold() == []
    progress.stage("collect", 0, 3, "files", "c.log")
    assert progress.untold()[0][1]["rate"] == 0.0, "another unit counts from its own start"


def test_a_withdrawn_job_stops_its_stage_with_the_first_reason() -> None:
    progress = JobProgress(MESSAGE)
    progress.withdraw("the run is cancelled")
    progress.withdraw("the lease is lost")
    with pytest.raises(Withdrawn, match="cancelled"):
        progress.stage("collect", 1, 2, "records", "")
