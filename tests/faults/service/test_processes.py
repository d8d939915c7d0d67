"""Gateway, orchestrator and workers: killed while they answer, stopped and woken, restarted in turn, two at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from faults.service.case import Case, Expected, assert_whole
from faults.service.cluster import KINDS, Cluster
from faults.service.members import Member, eventually
from ircopilot.stores.postgres import tables

pytestmark = pytest.mark.timeout(400)


def test_gateway_and_orchestrator_die_before_they_answer(
    cluster: Cluster, hand_in: Callable[..., Case], files: dict[str, bytes], expected: Expected
) -> None:
    """Committed and not acknowledged: sent again, it is there once. Published and not marked: done once."""
    cluster.arm("gateway", "before-answer", "before-answer")
    cluster.arm("orchestrator", "before-answer", "after-publish")
    lives = cluster.gateway.lives
    case = hand_in()
    assert cluster.gateway.lives == lives + 2
    case.start()
    case.wait_running("collect/load")
    cluster.gateway.kill()
    assert_whole(case, expected)
    assert cluster.armed() == []
    assert len(case.patiently(lambda: case.client.get_incident("CASE"))["evidence"]) == len(files)
    assert case.followers[0].lines > 1


def holder(cluster: Cluster, case: Case, step: str) -> tuple[Member, str] | None:
    """The worker that has a job of the step, stopped while it has it, and the job's id; None when it was too quick."""
    job = case.wait_running(step)
    for member in (m for m in cluster.members if m.process and str(job.leased_by).endswith(f":{m.process.pid}")):
        for _ in range(20):
            member.signal(signal.SIGSTOP)
            if between_transactions(case) and any(j.job_id == job.job_id and j.state == "running" for j in case.jobs()):
                return member, job.job_id
            member.signal(signal.SIGCONT)
            time.sleep(0.01)
    return None


def between_transactions(case: Case) -> bool:
    """Whether nobody holds the run's rows: whoever is stopped with them in hand keeps them until Postgres ends its session."""
    try:
        with case.cluster.stores.database.tenant(case.org) as tx:
            tx.connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            tx.connection.execute(select(tables.runs).where(tables.runs.c.run_id == case.run_id).with_for_update())
            tx.connection.execute(select(tables.jobs).where(tables.jobs.c.run_id == case.run_id).with_for_update())
    except OperationalError:
        return False
    return True


def test_stopped_past_the_lease_and_woken(cluster: Cluster, case: Case, expected: Expected) -> None:
    """Another does the job; the woken one makes nothing visible, neither before nor after the run's end."""
    case.start()
    steps = ("collect/load", "timeline/lay-out", "forensic/examine", "export/make")
    held = [found for step in steps if (found := holder(cluster, case, step))]
    assert held, "no worker could be stopped with its job in hand"
    early, late = held[:-1], held[-1]
    for member, _ in early:
        member.signal(signal.SIGCONT)
    assert case.wait_over().state == "done", case.story()
    before = (case.report(), case.committed(), case.run())
    late[0].signal(signal.SIGCONT)
    for member, job_id in held:
        found = lambda m=member, j=job_id: [x["outcome"] for x in m.said() if x.get("job") == j and "outcome" in x]  # noqa: E731
        assert eventually(found, member.tail) == ["the lease is lost"]
    assert (case.report(), case.committed(), case.run()) == before
    assert_whole(case, expected)


def test_rolling_restart(
    cluster: Cluster, hand_in: Callable[..., Case], expected: Expected, request: pytest.FixtureRequest
) -> None:
    """SIGTERM to one after the other while two incidents are worked on: all end well, and no lease has to run out."""
    soak = request.config.getoption("--soak", default=False)
    first = [cluster.orchestrators[0], *(cluster.workers[kind][0] for kind in KINDS)]
    old = [m for m in cluster.members if m is not cluster.gateway] if soak else first[:4]
    cases = [hand_in().start() for _ in range(2)]
    cases[0].wait_running("collect/load")
    for member in old:
        assert member.end(15) == 0, member.tail()
        member.start()
    for case in cases:
        assert_whole(case, expected)
        assert not [j for j in case.jobs() if j.last_error and "stopped answering" in j.last_error]


def test_two_orchestrators_and_the_first_dies(
    cluster: Cluster, hand_in: Callable[..., Case], expected: Expected
) -> None:
    first, second = cluster.orchestrators
    cluster.spare = []
    try:
        eventually(second.start().is_ready, second.tail)
        cases = [hand_in().start() for _ in range(2)]
        cases[0].wait_running("timeline/lay-out")
        cluster.spare = [first]
        first.kill()
        for case in cases:
            assert_whole(case, expected)
    finally:
        cluster.spare = [second]
        second.kill()


POISON = ["after-lease"] * 10
GIVEN_UP = "its worker stopped answering"


def test_a_job_that_kills_its_worker_each_time(cluster: Cluster, case: Case, expected: Expected) -> None:
    """After five deaths it is a dead letter with its reason, told by API and CLI, and driven again from there."""
    cluster.arm("export", *POISON)
    case.start()
    run = case.wait_over()
    assert (run.state, run.error) == ("failed", GIVEN_UP), case.story()
    assert len(POISON) - len(cluster.armed()) == 5
    cluster.arm("export")
    watcher = case.followers.pop()
    watcher.numbers()
    assert watcher.seen[-1][1:] == ("run", "failed")
    (letter,) = case.client.list_dead_letters()
    assert (letter["run_id"], letter["stage"], letter["reason"]) == (case.run_id, "export/make", run.error)
    assert letter["job_id"] in command(case, "run", "dead-letters")
    command(case, "run", "redrive", letter["job_id"])
    case.follow()
    assert_whole(case, expected, redriven=1)
    assert case.client.list_dead_letters() == []


def command(case: Case, *words: str) -> str:
    """What `ircopilot` says, asked as an operator asks."""

    environ = {**os.environ, "IRCOPILOT_URL": case.cluster.url, "IRCOPILOT_API_KEY": case.key, "COLUMNS": "200"}
    done = subprocess.run([sys.executable, "-m", "ircopilot", *words], check=False, capture_output=True, text=True, env=environ, timeout=30)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
