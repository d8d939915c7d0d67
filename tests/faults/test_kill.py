"""`kill -9` in the middle of each stage, then the same command again: the report is that of an undisturbed run."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from faults.conftest import Undisturbed
from faults.moments import MOMENTS
from faults.program import Running, report_of, run, wait_until_nothing_runs
from ircopilot.domain.ids import LOCAL_ORG, stable_uuid
from ircopilot.embedded import running_stack, start_stack
from ircopilot.stores import open_stores
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import loads

pytestmark = pytest.mark.timeout(600)
SOAK_ROUNDS = 60
SEED = 20260310


def investigate(data: Path, evidence: Path, out: Path) -> Running:
    return Running(data, "investigate", evidence, "--out", out, "--title", "Small")


def finish(data: Path, evidence: Path, out: Path) -> str:
    """The same command, undisturbed: its report as text."""
    done = run(data, "investigate", evidence, "--out", out, "--title", "Small")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.dumps(report_of(out), indent=1)


def no_event_twice(data: Path, out: Path) -> None:
    """In the event store itself: committed loads hold as many events as ids, and as many as the report says."""
    document = report_of(out)
    with running_stack(data) as urls, open_stores(urls) as stores:
        with stores.database.tenant(LOCAL_ORG) as tx:
            incident_id = stable_uuid("incident", LOCAL_ORG, document["incident"]["id"])
            committed = loads.committed_loads(tx, incident_id)
            assert loads.abandoned_loads(tx, incident_id) == []
        scope = EventScope(LOCAL_ORG, tuple(load.load_id for load in committed))
        row = stores.events.run_event_query(
            scope, "SELECT count() AS n, uniqExact(event_id) AS u FROM {events}"
        ).to_pylist()[0]
        kept = stores.events.query_table("SELECT count() AS n FROM events").to_pylist()[0]["n"]
    assert row["n"] == row["u"] == sum(a["events"] for a in document["artifacts"]) > 1000
    assert kept == row["n"], "events of loads that nobody will finish are still there"


@pytest.mark.parametrize("moment", ["loading"])
def test_killed_and_run_again(
    moment: str, data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    program = investigate(data, evidence, tmp_path / "out")
    MOMENTS[moment](program)
    program.signal(9)
    wait_until_nothing_runs(data)
    assert finish(data, evidence, tmp_path / "out") == undisturbed.report
    no_event_twice(data, tmp_path / "out")


def test_everything_killed_again_and_again(
    empty_data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    for moment in MOMENTS.values():
        program = investigate(empty_data, evidence, tmp_path / "out")
        moment(program)
        program.kill_everything()
        wait_until_nothing_runs(empty_data)
    assert finish(empty_data, evidence, tmp_path / "out") == undisturbed.report
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "manifest.json", "report.json", "report.md", "report.pdf", "timeline.csv",
    ]  # fmt: skip
    no_event_twice(empty_data, tmp_path / "out")


def test_killed_on_a_stack_that_goes_on(data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed) -> None:
    """The event store outlives the client and may still be busy with what the dead one sent."""
    start_stack(data)
    for moment, delay in (("loading", 0.0), ("loading", 0.1), ("loading", 0.3), ("story", 0.0), ("report", 0.0)):
        program = investigate(data, evidence, tmp_path / "out")
        MOMENTS[moment](program)
        time.sleep(delay)
        program.signal(9)
    assert finish(data, evidence, tmp_path / "out") == undisturbed.report
    no_event_twice(data, tmp_path / "out")


def test_a_dead_stack_is_told_and_the_next_run_works(
    data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    program = investigate(data, evidence, tmp_path / "out")
    MOMENTS["loading"](program)
    program.kill_stack()
    code, _ = program.finish()
    assert code == 1
    assert "Traceback" not in program.said
    assert "run the command again" in program.said
    assert finish(data, evidence, tmp_path / "out") == undisturbed.report


def test_a_database_that_dies_alone_is_told_and_the_next_run_works(
    data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    program = investigate(data, evidence, tmp_path / "out")
    MOMENTS["loading"](program)
    for process in program.everything():
        if process.name() == "postgres":
            with suppress(psutil.NoSuchProcess):
                process.kill()
    code, _ = program.finish()
    assert "Traceback" not in program.said
    assert code == 0 or "run the same command again" in program.said
    assert finish(data, evidence, tmp_path / "out") == undisturbed.report


@pytest.mark.skipif("not config.getoption('--soak', default=False)", reason="long: make soak")
@pytest.mark.timeout(7200)
def test_soak(data: Path, evidence: Path, tmp_path: Path, undisturbed: Undisturbed) -> None:
    """Random moments over a whole run's length; every third run is let through and must be right."""
    chance = random.Random(SEED)
    begun = time.monotonic()
    finish(data.with_name("other"), evidence, tmp_path / "first")
    length = time.monotonic() - begun
    for number in range(SOAK_ROUNDS):
        program = investigate(data, evidence, tmp_path / "out")
        time.sleep(chance.uniform(0.2, length))
        if chance.random() < 0.5:
            program.kill_everything()
        else:
            program.signal(9)
        if number % 3 == 2:
            assert finish(data, evidence, tmp_path / "out") == undisturbed.report, f"after kill {number}"
            no_event_twice(data, tmp_path / "out")
