"""The sweep: what nobody moves any more is moved, once, however many sweeps there are."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.orchestrator.conftest import SETTINGS, house, tell, until
from tests.orchestrator.work import queue_jobs, worker

from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.messages import DURABLE_OF
from ircopilot.domain.incident import Run, RunParameters
from ircopilot.pipeline import advance
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import open_bus
from ircopilot.stores.postgres import Tx, jobs, runs


def ask(stores: StoreSet, org: str, incident: str, deadline: datetime | None = None) -> Run:
    with stores.database.tenant(org) as tx:
        return advance.start_run(tx, incident, f"r-{uuid.uuid4()}", RunParameters(), deadline=deadline)


def run_of(stores: StoreSet, org: str, run_id: str) -> Run:
    with stores.database.tenant(org) as tx:
        return runs.get_run(tx, run_id)


def job_of(tx: Tx, run_id: str, state: str = "queued") -> str:
    found = tx.connection.execute(
        text("SELECT job_id FROM jobs WHERE run_id = :run AND state = :state LIMIT 1"), {"run": run_id, "state": state}
    )
    return str(found.scalar_one())


def test_a_job_whose_worker_fell_silent_is_done_by_another(stack: StackUrls, stores: StoreSet, org: str) -> None:
    (job,) = queue_jobs(stores, org, 1)
    with stores.database.tenant(org) as tx:
        assert jobs.lease_job(tx, job, 1, "dead", seconds=0.3)

    async def story() -> None:
        async with house(stack), house(stack), worker(stack, stores) as taken:
            await until(lambda: taken.of(org) == [job])
        with stores.database.tenant(org) as tx:
            assert jobs.job_state(tx, job)[:2] == ("done", 2), "two sweeps make one attempt more"

    tell(story)


def test_a_run_past_its_deadline_fails(stack: StackUrls, stores: StoreSet, org: str, incident: str) -> None:
    run = ask(stores, org, incident, datetime.now(UTC) + timedelta(seconds=0.5))
    assert run.state == "running"

    async def story() -> None:
        async with house(stack), house(stack):
            over = await until(lambda: (r := run_of(stores, org, run.run_id)).state == "failed" and r)
            assert over.error == "its deadline has passed"
            assert over.finished_at is not None
            await asyncio.sleep(0.5)
            assert run_of(stores, org, run.run_id).last_event == over.last_event, "said once"

    tell(story)


def test_a_run_that_stands_still_is_moved_on(stack: StackUrls, stores: StoreSet, org: str, incident: str) -> None:
    run = ask(stores, org, incident)
    with stores.database.tenant(org) as tx:
        # As a worker that could not move the run itself would leave it.
        lease = jobs.lease_job(tx, job_of(tx, run.run_id), 1, "w")
        assert lease is not None
        jobs.fail_job(tx, lease, "no use", retry=False)
    assert run_of(stores, org, run.run_id).state == "running"

    async def story() -> None:
        async with house(stack), house(stack):
            over = await until(lambda: (r := run_of(stores, org, run.run_id)).state == "failed" and r)
            assert over.error == "no use"

    tell(story)


def test_a_message_that_nobody_acknowledges_fails_its_run(
    stack: StackUrls, stores: StoreSet, org: str, incident: str
) -> None:
    run = ask(stores, org, incident)
    with stores.database.tenant(org) as tx:
        job = job_of(tx, run.run_id)

    async def story() -> None:
        async with house(stack, SETTINGS.model_copy(update={"ack_wait_s": 0.3})):
            async with open_bus(stack, ack_wait_s=0.3) as bus:
                name = DURABLE_OF["incident.collect"]
                async with bus.subscription(name, "incident.collect", 0.3, 5) as waiting:
                    # It asks on and never answers; the server tells of its giving up when it is asked for more.
                    while (over := run_of(stores, org, run.run_id)).state != "failed":
                        delivery = await waiting.next_delivery(0.5)
                        if delivery is not None and delivery.message.job_id != job:
                            await delivery.done()
            assert "delivered 5 times" in str(over.error)

    try:
        tell(story)
    finally:
        asyncio.run(put_back(stack))


async def put_back(stack: StackUrls) -> None:
    async with open_bus(stack):
        pass


def test_a_dead_letter_is_seen_and_driven_again(stack: StackUrls, stores: StoreSet, org: str, incident: str) -> None:
    run = ask(stores, org, incident)
    with stores.database.tenant(org) as tx:
        job = job_of(tx, run.run_id)
        lease = jobs.lease_job(tx, job, 1, "w")
        assert lease is not None
        jobs.fail_job(tx, lease, "the disk was full", retry=False)
        advance.advance(tx, run.run_id)

    async def story() -> None:
        async with house(stack) as at:
            (letter,) = (await at.stub.ListDeadLetters(pb.ListDeadLettersRequest(org_id=org))).letters
            assert (letter.job_id, letter.run_id, letter.attempt) == (job, run.run_id, 1)
            assert letter.reason == "the disk was full"
            again = await at.stub.RedriveJob(pb.RedriveJobRequest(org_id=org, job_id=job))
            assert (again.run_id, again.state) == (run.run_id, "running")
            assert list((await at.stub.ListDeadLetters(pb.ListDeadLettersRequest(org_id=org))).letters) == []
            with stores.database.tenant(org) as tx:
                assert jobs.job_state(tx, job)[:2] == ("queued", 2)
            await at.stub.CancelRun(pb.CancelRunRequest(org_id=org, run_id=run.run_id))

    tell(story)


def test_one_run_that_cannot_be_moved_does_not_stop_the_others(
    stack: StackUrls, stores: StoreSet, org: str, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_asked = [ask(stores, org, incident, datetime.now(UTC) + timedelta(seconds=0.3)) for _ in range(2)]
    real, poisoned = advance.cancel_run, runs_asked[0].run_id

    def cancel(tx: Tx, run_id: str, *more: str) -> Run:
        if run_id == poisoned:
            raise KeyError(run_id)
        return real(tx, run_id, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(advance, "cancel_run", cancel)

    async def story() -> None:
        async with house(stack):
            await until(lambda: run_of(stores, org, runs_asked[1].run_id).state == "failed")
            assert run_of(stores, org, poisoned).state == "running"

    tell(story)
    monkeypatch.undo()
    with stores.database.tenant(org) as tx:
        advance.cancel_run(tx, poisoned)
