"""Jobs: the outbox and its relay, leases and fencing, retries, dead letters, redrive."""

from __future__ import annotations

import time
import uuid

import pytest
from sqlalchemy import text

from ircopilot.contracts.messages import JobMessage
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database, jobs, results, runs
from ircopilot.stores.postgres.cases import Viewer
from ircopilot.stores.postgres.errors import OversizeJob, StaleLease, UnknownJob
from ircopilot.stores.postgres.incidents import upsert_incident
from ircopilot.stores.postgres.outbox import OutboxLetter, relay_outbox


@pytest.fixture
def database(stores: StoreSet) -> Database:
    """The database with an empty outbox: the relay works for all organisations, so for other tests' too."""
    with stores.database.lobby() as connection:
        connection.execute(text("UPDATE outbox SET published_at = now() WHERE published_at IS NULL"))
    return stores.database


@pytest.fixture
def message(database: Database, org: str) -> JobMessage:
    with database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, incident, run := f"r-{uuid.uuid4()}")
    return JobMessage(
        job_id=f"j-{uuid.uuid4()}", org_id=org, incident_id=incident, run_id=run, attempt=1, payload={"x": 1}
    )


@pytest.fixture
def job(database: Database, org: str, message: JobMessage) -> str:
    with database.tenant(org) as tx:
        assert jobs.enqueue(tx, "report.draft", message, traceparent="00-aa-bb-01", max_attempts=2)
    return message.job_id


def relayed(database: Database, org: str) -> list[OutboxLetter]:
    """Letters of this organisation that the relay gives to the bus now."""
    letters: list[OutboxLetter] = []
    while relay_outbox(database, letters.append):
        pass
    return [letter for letter in letters if letter.message.org_id == org]


def make_due(database: Database, org: str) -> None:
    with database.tenant(org) as tx:
        tx.connection.execute(text("UPDATE outbox SET publish_after = now()"))


def test_a_job_leaves_once_and_only_when_committed(database: Database, org: str, message: JobMessage) -> None:
    with pytest.raises(InterruptedError), database.tenant(org) as tx:
        jobs.enqueue(tx, "report.draft", message)
        raise InterruptedError
    assert relayed(database, org) == []
    with database.tenant(org) as tx:
        assert jobs.enqueue(tx, "report.draft", message, traceparent="00-aa-bb-01")
        assert not jobs.enqueue(tx, "report.draft", message)
        assert relayed(database, org) == []
    assert relayed(database, org) == [OutboxLetter("report.draft", message, "00-aa-bb-01")]
    assert relayed(database, org) == []


def test_a_crash_between_publish_and_mark_publishes_the_same_again(database: Database, org: str, job: str) -> None:
    sent: list[str] = []

    def crash(letter: OutboxLetter) -> None:
        sent.append(letter.message.message_id)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay_outbox(database, crash)
    assert [letter.message.message_id for letter in relayed(database, org)] == sent == [f"{job}:1"]


def test_a_letter_that_nobody_can_read_stops_no_other(database: Database, org: str, message: JobMessage) -> None:
    with database.tenant(org) as tx:
        jobs.enqueue(tx, "report.draft", message)
        tx.connection.execute(text("UPDATE outbox SET body = '{}'"))
        jobs.enqueue(tx, "report.draft", message.model_copy(update={"job_id": f"{message.job_id}-2"}))
    assert [letter.message.job_id for letter in relayed(database, org)] == [f"{message.job_id}-2"]
    assert relayed(database, org) == []


def test_a_bus_that_is_down_loses_nothing(database: Database, org: str, job: str) -> None:
    def down(_: OutboxLetter) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        relay_outbox(database, down)
    assert len(relayed(database, org)) == 1


def test_what_was_published_before_a_failure_stays_published(database: Database, org: str, message: JobMessage) -> None:
    names = sorted(f"j-{uuid.uuid4()}" for _ in range(3))
    with database.tenant(org) as tx:
        for name in names:
            jobs.enqueue(tx, "report.draft", message.model_copy(update={"job_id": name}))
    sent: list[str] = []

    def fails_at_the_second(letter: OutboxLetter) -> None:
        if sent:
            raise ConnectionError
        sent.append(letter.message.job_id)

    assert relay_outbox(database, fails_at_the_second) == 1
    assert sorted([*sent, *(letter.message.job_id for letter in relayed(database, org))]) == names


def test_relays_side_by_side_take_different_letters(database: Database, org: str, job: str) -> None:
    inner: list[OutboxLetter] = []
    outer: list[OutboxLetter] = []

    def publish(letter: OutboxLetter) -> None:
        outer.append(letter)
        relay_outbox(database, inner.append)

    relay_outbox(database, publish)
    assert [letter.message.job_id for letter in outer] == [job]
    assert inner == []


def test_a_lease_is_for_one_worker_and_the_newest_fence_wins(
    database: Database, org: str, job: str, message: JobMessage
) -> None:
    with database.tenant(org) as tx:
        first = jobs.lease_job(tx, job, 1, "sleeper", seconds=0.05)
        assert first is not None
        assert jobs.lease_job(tx, job, 2, "other") is None
    time.sleep(0.1)
    with database.tenant(org) as tx:
        assert jobs.lease_job(tx, job, 1, "modest", take_over=False) is None
        second = jobs.lease_job(tx, job, 1, "waker")
        assert second is not None
        assert second.fence == first.fence + 1
        assert jobs.lease_job(tx, job, 1, "third") is None
    for act in (jobs.renew_lease, jobs.complete_job, lambda tx, lease: jobs.fail_job(tx, lease, "late")):
        with pytest.raises(StaleLease), database.tenant(org) as tx:
            results.save_result(tx, message.incident_id, message.run_id, "report", {"by": "sleeper"})
            act(tx, first)
    with database.tenant(org) as tx:
        assert results.latest_result(tx, message.incident_id, "report") is None
        jobs.renew_lease(tx, second)
        jobs.complete_job(tx, second)
        assert jobs.job_state(tx, job) == ("done", 1, None)
        assert jobs.lease_job(tx, job, 1, "again") is None
    with pytest.raises(StaleLease), database.tenant(org) as tx:
        jobs.complete_job(tx, second)


def test_a_late_lease_that_nobody_took_still_counts(database: Database, org: str, job: str) -> None:
    with database.tenant(org) as tx:
        lease = jobs.lease_job(tx, job, 1, "slow", seconds=0)
        assert lease is not None
        jobs.renew_lease(tx, lease)
        assert jobs.lease_job(tx, job, 1, "other") is None


def test_failures_are_retried_later_then_buried_then_driven_again(database: Database, org: str, job: str) -> None:
    assert len(relayed(database, org)) == 1
    with database.tenant(org) as tx:
        assert jobs.fail_job(tx, jobs.lease_job(tx, job, 1, "w"), "no disk") is True
        assert jobs.job_state(tx, job) == ("queued", 2, "no disk")
        assert jobs.lease_job(tx, job, 1, "w") is None
    assert relayed(database, org) == [], "the retry must wait for its delay"
    make_due(database, org)
    assert [letter.message.message_id for letter in relayed(database, org)] == [f"{job}:2"]
    with database.tenant(org) as tx:
        assert jobs.fail_job(tx, jobs.lease_job(tx, job, 2, "w"), "still \0 no disk") is False
        assert jobs.job_state(tx, job)[0] == "dead"
        (letter,) = jobs.list_dead_letters(tx)
        assert (letter.job_id, letter.attempt, letter.reason) == (job, 2, "still \u2400 no disk")
        assert letter.message.payload == {"x": 1}
    with database.tenant(org) as tx:
        jobs.redrive_job(tx, job)
        assert jobs.list_dead_letters(tx) == []
        with pytest.raises(UnknownJob):
            jobs.redrive_job(tx, job)
    (again,) = relayed(database, org)
    assert (again.message.attempt, again.traceparent) == (3, "00-aa-bb-01")
    with database.tenant(org) as tx:
        jobs.complete_job(tx, jobs.lease_job(tx, job, 3, "w"))


def test_what_cannot_succeed_is_not_retried(database: Database, org: str, job: str) -> None:
    with database.tenant(org) as tx:
        assert jobs.fail_job(tx, jobs.lease_job(tx, job, 1, "w"), "no such file", retry=False) is False
        assert jobs.job_state(tx, job) == ("dead", 1, "no such file")


def test_undelivered_jobs_are_buried_once_and_their_worker_shut_out(database: Database, org: str, job: str) -> None:
    with database.tenant(org) as tx:
        lease = jobs.lease_job(tx, job, 1, "hung")
        assert jobs.give_up_delivery(tx, job, 1, "never acknowledged")
        assert not jobs.give_up_delivery(tx, job, 1, "never acknowledged")
        assert len(jobs.list_dead_letters(tx)) == 1
    with pytest.raises(StaleLease), database.tenant(org) as tx:
        jobs.complete_job(tx, lease)


def test_delays_grow_to_a_limit() -> None:
    assert [jobs.retry_delay(n) for n in (1, 2, 3, 9, 99)] == [2.0, 4.0, 8.0, 300.0, 300.0]


def test_a_job_carries_names_not_goods(database: Database, org: str, message: JobMessage) -> None:
    with database.tenant(org) as tx, pytest.raises(OversizeJob):
        jobs.enqueue(tx, "report.draft", message.model_copy(update={"payload": {"x": "y" * (1 << 20)}}))
    with database.tenant(org) as tx, pytest.raises(UnknownJob):
        jobs.job_state(tx, message.job_id)


def test_dead_letters_of_a_restricted_incident_are_unknown_to_whom_it_was_not_opened(
    database: Database, org: str, message: JobMessage
) -> None:
    stranger = Viewer("somebody", sees_all=False)
    with database.tenant(org) as tx:
        jobs.enqueue(tx, "report.draft", message)
        lease = jobs.lease_job(tx, message.job_id, 1, "w")
        assert lease is not None
        assert not jobs.fail_job(tx, lease, "no use", retry=False)
        assert [d.job_id for d in jobs.list_dead_letters(tx, stranger)] == [message.job_id]
        tx.connection.execute(text("UPDATE incidents SET restricted = true"))
        assert jobs.list_dead_letters(tx, stranger) == []
        assert [d.job_id for d in jobs.list_dead_letters(tx)] == [message.job_id]
