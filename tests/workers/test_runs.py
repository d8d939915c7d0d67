"""Whole runs by real workers in processes of their own: shared, killed, stopped and woken, their servers emptied."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from ircopilot.embedded import stack_status
from workers.around import KINDS, LEASE_S, Case, Process, Service, eventually


def assert_undisturbed(case: Case, run_id: str, reference: dict[str, Any], workers: list[Process] = []) -> None:  # noqa: B006
    """Done, the report equal to `investigate`'s, every result there once, progress numbered without a gap."""
    run = case.wait_over(run_id)
    assert run.state == "done", [run.error, *(w.log.read_text()[-2000:] for w in workers)]
    assert case.report(run_id) == reference
    assert case.versions(run_id) == dict.fromkeys(("collect", "timeline", "forensic", "report", "export"), 1)
    numbers = [event.number for event in case.events(run_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {row.state for row in case.jobs(run_id)} == {"done"}


def wait_for_step(case: Case, run_id: str, step: str) -> None:
    """Until a job of the step is in a worker's hands."""
    eventually(lambda: any(row.step == step and row.state == "running" for row in case.jobs(run_id)), what=step)


def test_two_of_a_kind_share_and_nothing_is_doubled(service: Service, case: Case, reference: dict[str, Any]) -> None:
    pair = [worker.wait_until_ready() for worker in service.workers("collector", "collector")]
    others = service.workers("timeline", "forensic", "report", "export")
    run_id = case.start(part_bytes=100_000)
    assert_undisturbed(case, run_id, reference, [*pair, *others])
    assert all(worker.outcomes().count("done") >= 1 for worker in pair)
    loads = [row for row in case.jobs(run_id) if row.step.startswith("collect/")]
    assert sum(worker.outcomes().count("done") for worker in pair) == len(loads) > 2


POINTS = {
    "collector": "after-lease",
    "timeline": "before-complete",
    "forensic": "in-stage:2",
    "report": "after-complete-before-ack",
    "export": "after-ack",
}


def test_killed_at_each_point_another_finishes(service: Service, case: Case, reference: dict[str, Any]) -> None:
    first = {kind: service.worker(kind, IRCOPILOT_CRASH_AT=point) for kind, point in POINTS.items()}
    run_id = case.start()
    for worker in first.values():
        assert worker.wait(60) == -signal.SIGKILL, worker.log.read_text()
        service.worker(worker.kind)
    assert_undisturbed(case, run_id, reference, service.processes)
    leases = {row.step.split("/")[0]: row.fence for row in case.jobs(run_id)}
    assert leases["timeline"] >= 2
    assert leases["forensic"] >= 2
    assert (leases["report"], leases["export"]) == (1, 1), "what was completed is not done again"


def test_stopped_past_its_lease_and_woken(service: Service, case: Case, reference: dict[str, Any]) -> None:
    sleeper = service.worker("collector").wait_until_ready()
    run_id = case.start()
    wait_for_step(case, run_id, "collect/load")
    sleeper.signal(signal.SIGSTOP)
    held = [row.job_id for row in case.jobs(run_id) if row.state == "running"]
    if not held:
        sleeper.signal(signal.SIGCONT)
        pytest.skip("the job was over before the signal arrived")
    service.workers()
    time.sleep(LEASE_S)
    eventually(lambda: all(row.state == "done" for row in case.jobs(run_id) if row.job_id in held))
    sleeper.signal(signal.SIGCONT)
    eventually(lambda: "the lease is lost" in sleeper.outcomes(), what=sleeper.log.read_text())
    assert_undisturbed(case, run_id, reference, service.processes)


def test_a_rolling_restart(service: Service, case: Case, reference: dict[str, Any]) -> None:
    old = {kind: service.worker(kind, IRCOPILOT_GRACE_S="0.2") for kind in KINDS}
    run_id = case.start()
    for kind, step in (("collector", "collect/load"), ("forensic", "forensic/examine")):
        wait_for_step(case, run_id, step)
        old[kind].signal(signal.SIGTERM)
        service.worker(kind)
        assert old[kind].wait(10) == 0, old[kind].log.read_text()[-1500:]
    assert_undisturbed(case, run_id, reference, service.processes)
    assert not any(row.last_error and "stopped answering" in row.last_error for row in case.jobs(run_id)), (
        "no lease ran out"
    )


def kill(service: Service, part: str) -> None:
    (pid,) = (row.pid for row in stack_status(service.folder) if row.name == part)
    os.kill(pid, signal.SIGKILL)


def empty_redis(service: Service) -> None:
    with redis.Redis.from_url(service.urls.redis_url) as client:
        client.flushall()


def lose_nats(service: Service) -> None:
    shutil.rmtree(service.folder / "nats")
    kill(service, "nats")


DISASTERS: dict[str, Callable[[Service], None]] = {
    "redis emptied and killed": lambda s: (empty_redis(s), kill(s, "redis"))[1],
    "the directory of nats lost": lose_nats,
    "postgres killed": lambda s: kill(s, "postgres"),
    "the event store killed": lambda s: kill(s, "eventstore"),
}


def test_servers_that_die_in_mid_run(service: Service, evidence: dict[str, bytes], reference: dict[str, Any]) -> None:
    workers = [worker.wait_until_ready() for worker in service.workers()]
    for disaster, strike in DISASTERS.items():
        case = Case(service.stores, evidence)
        run_id = case.start()
        wait_for_step(case, run_id, "collect/load")
        strike(service)
        assert_undisturbed(case, run_id, reference, workers)
        assert all(worker.process.poll() is None for worker in workers), f"no worker may die of it: {disaster}"


def test_it_starts_while_its_servers_are_away(service: Service) -> None:
    worker = service.worker("export", IRCOPILOT_NATS_URL="nats://127.0.0.1:9")
    eventually(lambda: any(line["event"] == "the bus does not answer" for line in worker.said()))
    assert worker.process.poll() is None
    worker.signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert set(KINDS) == {"collector", "timeline", "forensic", "report", "export"}
    assert service.urls.nats_token not in worker.log.read_text()
