"""One job's way, with stage functions of the tests' own: what becomes of results, failures, leases and stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from ircopilot.domain.errors import UnusableArgument
from ircopilot.pipeline.advance import advance, cancel_run
from ircopilot.pipeline.perform import Busy
from ircopilot.stores.postgres import Tx, jobs, results, tables
from ircopilot.tracing import current_traceparent, trace_id
from workers.around import Case, Service, eventually
from workers.inline import MADE, SETTINGS, Stage, inline, stand_still

NOTE = "reading"


@pytest.fixture
def case(service: Service) -> Iterator[Case]:
    made = Case(service.stores, {"a.log": b"x\n"})
    yield made
    made.drop()


def job_of(case: Case, run_id: str) -> Any:
    return case.jobs(run_id)[0]


def make_due(case: Case) -> None:
    with case.stores.database.tenant(case.org) as tx:
        tx.connection.execute(text("UPDATE outbox SET publish_after = now() WHERE published_at IS NULL"))


def loop_until_told(stage: Stage, _stores: Any, _message: Any, progress: Any) -> dict[str, Any]:
    for n in range(10_000):
        progress.stage("collect", n, 10_000, "records", NOTE, n)
        if stage.go_on.wait(0.01):
            break
    return MADE


def test_a_result_and_its_progress(service: Service, case: Case) -> None:
    stage = Stage(loop_until_told)
    with inline(service, stage, advance=stand_still):
        run_id = case.start()
        assert stage.entered.wait(10)
        folder = stage.folders[0]
        assert folder.stat().st_mode & 0o777 == 0o700
        time.sleep(1.6)
        stage.go_on.set()
        eventually(lambda: job_of(case, run_id).state == "done")
        assert job_of(case, run_id).result == MADE
        assert job_of(case, run_id).attempt == 1
        eventually(lambda: not folder.exists())
    rows = [e for e in case.events(run_id) if e.payload["state"] == "progress"]
    assert 2 <= len(rows) <= 5, "two a second, and the last"
    assert [r.payload["done"] for r in rows] == sorted(r.payload["done"] for r in rows)
    assert {(r.payload["step"], r.payload["unit"], r.payload["note"]) for r in rows} == {
        ("collect/unpack", "records", NOTE)
    }
    assert 20 < rows[-1].payload["rate"] < 101
    assert [e.number for e in case.events(run_id)] == list(range(1, len(case.events(run_id)) + 1))
    assert service.stores.live.wait_for_run_event(case.org, run_id, rows[-1].number - 1, 0.1), "fanned out"
    assert not list((service.folder / "scratch").glob("worker-*/job-*"))


def test_probes_see_it_and_its_trace_goes_on(service: Service, case: Case) -> None:
    seen: list[str] = []

    def perform(*_: Any) -> dict[str, Any]:
        seen.append(current_traceparent())
        return MADE

    def note(_tx: Tx, _run: str) -> None:
        seen.append(current_traceparent())

    settings = SETTINGS.model_copy(update={"worker_http": "127.0.0.1:0"})
    with inline(service, Stage(perform), settings, advance=note) as running:
        run_id = case.start()
        eventually(lambda: job_of(case, run_id).state == "done")
        with httpx.Client(base_url=f"http://127.0.0.1:{running.worker.http_port}", trust_env=False) as http:
            assert http.get("/readyz").status_code == 200
            eventually(lambda: 'jobs_total{outcome="done"} 1.0' in http.get("/metrics").text)
    assert seen == [job_of(case, run_id).traceparent] * 2
    assert trace_id(seen[0])


def test_what_cannot_succeed_fails_the_run_with_its_reason(service: Service, case: Case) -> None:
    def refuse(*_: Any) -> dict[str, Any]:
        raise UnusableArgument("this cannot be read", "give another")

    stage = Stage(refuse)
    with inline(service, stage):
        run = case.wait_over(case.start())
    assert (run.state, len(stage.calls)) == ("failed", 1)
    assert "this cannot be read" in str(run.error)


def test_a_poisoned_job_is_buried_after_its_attempts(service: Service, case: Case) -> None:
    def burst(*_: Any) -> dict[str, Any]:
        raise RuntimeError("poison")

    stage = Stage(burst)
    with inline(service, stage):
        run_id = case.start()

        def over() -> bool:
            make_due(case)
            return case.run(run_id).state == "failed"

        eventually(over)
    assert [message.attempt for message in stage.calls] == list(range(1, jobs.MAX_ATTEMPTS + 1))
    with case.stores.database.tenant(case.org) as tx:
        (letter,) = jobs.list_dead_letters(tx)
    assert letter.reason == "RuntimeError: poison"
    told = [e.payload for e in case.events(run_id) if e.payload["state"] == "failed" and e.stage == "collect"]
    assert [(row["attempt"], row["again"]) for row in told] == [
        (n, n < jobs.MAX_ATTEMPTS) for n in range(1, jobs.MAX_ATTEMPTS + 1)
    ]


def test_a_failure_is_tried_again_after_a_while(service: Service, case: Case) -> None:
    def fail_once(stage: Stage, *_: Any) -> dict[str, Any]:
        if len(stage.calls) == 1:
            raise OSError("no room")
        return MADE

    stage = Stage(fail_once)
    with inline(service, stage, advance=stand_still):
        run_id = case.start()
        begun = time.monotonic()
        eventually(lambda: job_of(case, run_id).state == "done")
        assert time.monotonic() - begun > 1.5
    assert (job_of(case, run_id).attempt, job_of(case, run_id).result) == (2, MADE)


def test_a_cancelled_run_stops_its_job_within_two_seconds(service: Service, case: Case) -> None:
    stage = Stage(loop_until_told)
    with inline(service, stage):
        run_id = case.start()
        assert stage.entered.wait(10)
        with case.stores.database.tenant(case.org) as tx:
            assert cancel_run(tx, run_id).state == "cancelling"
        begun = time.monotonic()
        assert case.wait_over(run_id).state == "cancelled"
        assert time.monotonic() - begun < 2
        assert job_of(case, run_id).state == "cancelled"
    assert len(stage.calls) == 1


def test_a_stage_that_does_not_listen_cannot_hold_a_cancelled_run(service: Service, case: Case) -> None:
    def deaf(stage: Stage, stores: Any, message: Any, _progress: Any) -> dict[str, Any]:
        stage.go_on.wait(20)
        with stores.database.tenant(message.org_id) as tx:
            results.save_result(tx, message.incident_id, message.run_id, "collect", {"late": True})
        return {"late": True}

    stage = Stage(deaf)
    with inline(service, stage):
        run_id = case.start()
        assert stage.entered.wait(10)
        with case.stores.database.tenant(case.org) as tx:
            cancel_run(tx, run_id)
        begun = time.monotonic()
        assert case.wait_over(run_id).state == "cancelled"
        assert time.monotonic() - begun < 2.5
        stage.go_on.set()
    assert case.versions(run_id) == {}
    assert job_of(case, run_id).result is None


def test_what_a_worker_without_its_lease_writes_stays_unseen(service: Service, case: Case) -> None:
    seen: list[BaseException] = []

    def write_late(stage: Stage, stores: Any, message: Any, _progress: Any) -> dict[str, Any]:
        stage.go_on.wait(20)
        try:
            with stores.database.tenant(message.org_id) as tx:
                results.save_result(tx, message.incident_id, message.run_id, "collect", {"late": True})
        except BaseException as error:
            seen.append(error)
            raise
        return MADE

    stage = Stage(write_late)
    with inline(service, stage, advance=stand_still):
        run_id = case.start()
        assert stage.entered.wait(10)
        with case.stores.database.tenant(case.org) as tx:  # as the sweep does with a lease that ran out
            tx.connection.execute(text("UPDATE jobs SET lease_until = now() - interval '1 s'"))
            assert jobs.lease_job(tx, job_of(case, run_id).job_id, 1, "another", 60)
        stage.go_on.set()
        eventually(lambda: seen)
    assert [type(error).__name__ for error in seen] == ["StaleLease"]
    assert case.versions(run_id) == {}
    assert (job_of(case, run_id).state, job_of(case, run_id).leased_by) == ("running", "another")


def test_a_worker_asked_to_end_finishes_within_its_grace(service: Service, case: Case) -> None:
    stage = Stage(loop_until_told)
    with inline(service, stage, advance=stand_still) as worker:
        run_id = case.start()
        assert stage.entered.wait(10)
        worker.stop()
        time.sleep(0.3)
        assert job_of(case, run_id).state == "running"
        stage.go_on.set()
        worker.wait()
    assert job_of(case, run_id).state == "done"


def test_after_the_grace_the_job_goes_back_and_no_attempt_is_lost(service: Service, case: Case) -> None:
    stage, other = Stage(loop_until_told), Stage()
    with inline(service, stage, advance=stand_still) as worker:
        run_id = case.start()
        assert stage.entered.wait(10)
        begun = time.monotonic()
        worker.stop()
        worker.wait()
        assert SETTINGS.grace_s <= time.monotonic() - begun < SETTINGS.grace_s + 2
    row = job_of(case, run_id)
    assert (row.state, row.attempt, row.max_attempts) == ("queued", 2, jobs.MAX_ATTEMPTS + 1)
    with inline(service, other, advance=stand_still):
        eventually(lambda: job_of(case, run_id).state == "done")
    assert [message.attempt for message in other.calls] == [2]


def test_a_job_that_must_wait_its_turn_loses_no_attempt(service: Service, case: Case) -> None:
    def busy_once(stage: Stage, *_: Any) -> dict[str, Any]:
        if len(stage.calls) == 1:
            raise Busy("held by an investigation")
        return MADE

    with inline(service, Stage(busy_once), advance=stand_still):
        run_id = case.start()
        eventually(lambda: job_of(case, run_id).state == "done")
    assert job_of(case, run_id).max_attempts == jobs.MAX_ATTEMPTS + 1
    assert not [e for e in case.events(run_id) if e.payload["state"] == "failed" and e.stage == "collect"]


def _failing_once(error: Exception, then: Callable[[Tx, str], None]) -> tuple[list[int], Callable[[Tx, str], None]]:
    calls: list[int] = []

    def move_on(tx: Tx, run_id: str) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise error
        then(tx, run_id)

    return calls, move_on


def test_a_deadlock_when_completing_is_tried_again(service: Service, case: Case) -> None:
    stage = Stage()
    calls, move_on = _failing_once(OperationalError("", {}, Exception("deadlock detected")), stand_still)
    with inline(service, stage, advance=move_on):
        run_id = case.start()
        eventually(lambda: job_of(case, run_id).state == "done")
    assert (len(stage.calls), len(calls), job_of(case, run_id).attempt) == (1, 2, 1)


def test_a_completion_that_cannot_be_is_a_failure_with_a_reason(service: Service, case: Case) -> None:
    stage = Stage()
    _, move_on = _failing_once(KeyError("unreadable"), advance)
    with inline(service, stage, advance=move_on):
        run_id = case.start()
        eventually(lambda: job_of(case, run_id).attempt == 2)
    row = job_of(case, run_id)
    assert "unreadable" in row.last_error
    with case.stores.database.tenant(case.org) as tx:
        kept = tx.connection.execute(
            select(tables.outbox.c.attempt).where(tables.outbox.c.job_id == row.job_id)
        ).scalars()
        assert set(kept) == {1, 2}


def test_a_process_stopped_inside_a_transaction_does_not_hold_its_rows_for_good(case: Case) -> None:
    with case.stores.database.tenant(case.org) as tx:
        assert tx.connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "30s"
    with case.stores.database.lobby() as connection:
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "30s"
