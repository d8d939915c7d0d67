"""The bus: deduplication, explicit acknowledgement, redelivery, advisories turned into dead jobs."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from ircopilot.contracts.messages import STREAM, SUBJECT_OF, SUBJECTS, JobMessage, Subject
from ircopilot.domain.incident import STAGES
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import Bus, BusUnreachable, open_bus
from ircopilot.stores.postgres import jobs, runs
from ircopilot.stores.postgres.errors import StaleLease
from ircopilot.stores.postgres.incidents import upsert_incident

SUBJECT: Subject = "export.make"


def with_bus(stack: StackUrls, story: Callable[[Bus], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with open_bus(stack) as bus:
            # Whatever other tests left on the stream is not this one's story.
            await bus._js.purge_stream(STREAM)
            await story(bus)

    asyncio.run(asyncio.wait_for(tell(), 60))


@pytest.fixture
def message(stores: StoreSet, org: str) -> JobMessage:
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, incident, run := f"r-{uuid.uuid4()}")
    return JobMessage(job_id=f"j-{uuid.uuid4()}", org_id=org, incident_id=incident, run_id=run, attempt=1)


@pytest.fixture
def worker() -> str:
    return f"w-{uuid.uuid4().hex[:8]}"


def test_every_stage_has_its_subject() -> None:
    assert tuple(SUBJECT_OF) == STAGES
    assert set(SUBJECTS) == {"incident.collect", "timeline.build", "forensic.run", "report.draft", "export.make"}


def test_a_message_arrives_once_with_its_trace(stack: StackUrls, message: JobMessage, worker: str) -> None:
    async def story(bus: Bus) -> None:
        assert await bus.publish(SUBJECT, message, traceparent="00-aa-bb-01") is True
        assert await bus.publish(SUBJECT, message) is False
        retry = message.model_copy(update={"attempt": 2})
        assert await bus.publish(SUBJECT, retry) is True
        async with bus.subscription(worker, SUBJECT) as waiting:
            first, second = await waiting.next_delivery(), await waiting.next_delivery()
            assert first is not None
            assert second is not None
            assert (first.message, first.traceparent, first.deliveries) == (message, "00-aa-bb-01", 1)
            assert second.message == retry
            await first.done()
            await second.done()
            assert await waiting.next_delivery(0.3) is None

    with_bus(stack, story)


def test_what_is_not_acknowledged_comes_again(stack: StackUrls, message: JobMessage, worker: str) -> None:
    async def story(bus: Bus) -> None:
        await bus.publish(SUBJECT, message)
        async with bus.subscription(worker, SUBJECT, ack_wait_s=0.5) as waiting:
            first = await waiting.next_delivery()
            assert first is not None
            for _ in range(4):
                await asyncio.sleep(0.25)
                await first.still_working()
            assert await waiting.next_delivery(0.1) is None, "still working must put it off"
            second = await waiting.next_delivery(3)
            assert second is not None
            assert second.deliveries == 2
            await second.again()
            third = await waiting.next_delivery(3)
            assert third is not None
            assert third.deliveries == 3
            await third.done()
            assert await waiting.next_delivery(0.8) is None

    with_bus(stack, story)


def test_what_is_no_job_is_refused_for_good(stack: StackUrls, message: JobMessage, worker: str) -> None:
    async def story(bus: Bus) -> None:
        await bus._js.publish(SUBJECT, b"{}")
        await bus.publish(SUBJECT, message)
        async with bus.subscription(worker, SUBJECT, ack_wait_s=0.3) as waiting:
            assert await waiting.next_delivery() is None
            delivery = await waiting.next_delivery()
            assert delivery is not None
            await delivery.never_again()
            assert await waiting.next_delivery(1) is None

    with_bus(stack, story)


def test_from_outbox_to_done(stack: StackUrls, stores: StoreSet, message: JobMessage, worker: str) -> None:
    org, database = message.org_id, stores.database

    async def story(bus: Bus) -> None:
        relay = asyncio.create_task(bus.relay_forever(database, idle_s=0.05))
        with database.tenant(org) as tx:
            jobs.enqueue(tx, SUBJECT, message)
        async with bus.subscription(worker, SUBJECT) as waiting:
            while (delivery := await waiting.next_delivery()) is not None and delivery.message != message:
                await delivery.done()
            assert delivery is not None
            with database.tenant(org) as tx:
                lease = jobs.lease_job(tx, message.job_id, delivery.message.attempt, worker)
                assert lease is not None
                jobs.complete_job(tx, lease)
            await delivery.done()
        relay.cancel()
        with database.tenant(org) as tx:
            assert jobs.job_state(tx, message.job_id)[0] == "done"

    with_bus(stack, story)


def test_a_job_that_no_worker_survives_becomes_a_dead_letter(
    stack: StackUrls, stores: StoreSet, message: JobMessage, worker: str
) -> None:
    org, database = message.org_id, stores.database

    async def story(bus: Bus) -> None:
        with database.tenant(org) as tx:
            jobs.enqueue(tx, SUBJECT, message)
        while await bus.relay(database):
            pass
        lease = None
        async with bus.subscription(worker, SUBJECT, ack_wait_s=0.2, max_deliver=2) as waiting:
            while (delivery := await waiting.next_delivery(1.5)) is not None:
                if delivery.message == message and lease is None:
                    with database.tenant(org) as tx:
                        lease = jobs.lease_job(tx, message.job_id, 1, worker)
        for _ in range(20):
            await bus.bury_undelivered(database, timeout_s=0.3)
            with database.tenant(org) as tx:
                if jobs.job_state(tx, message.job_id)[0] == "dead":
                    break
        with database.tenant(org) as tx:
            (letter,) = jobs.list_dead_letters(tx)
            assert "delivered 2 times" in letter.reason
            assert letter.message == message
        assert lease is not None
        with pytest.raises(StaleLease), database.tenant(org) as tx:
            jobs.complete_job(tx, lease)
        assert await bus.bury_undelivered(database, timeout_s=0.3) == 0
        with database.tenant(org) as tx:
            jobs.redrive_job(tx, message.job_id)
        while await bus.relay(database):
            pass
        async with bus.subscription(worker, SUBJECT) as waiting:
            again = None
            while again is None or again.message.job_id != message.job_id:
                again = await waiting.next_delivery()
                assert again is not None
            assert again.message.attempt == 2

    with_bus(stack, story)


@pytest.mark.parametrize("wrong", [{"nats_token": "wrong"}, {"nats_url": "nats://127.0.0.1:1"}])
def test_a_bus_that_lets_nobody_in_is_said_to_be_unreachable(stack: StackUrls, wrong: dict[str, str]) -> None:
    async def story() -> None:
        with pytest.raises(BusUnreachable):
            async with open_bus(stack.model_copy(update=wrong), patience_s=1):
                pass

    asyncio.run(story())
