"""Jobs without a pipeline, and a worker that takes them: lease, done, acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from nats.errors import Error as NatsError

from ircopilot.contracts.messages import DURABLE_OF, JobMessage, Subject
from ircopilot.domain.incident import RunParameters
from ircopilot.pipeline.advance import start_run
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import open_bus
from ircopilot.stores.postgres import jobs, runs
from ircopilot.stores.postgres.incidents import upsert_incident
from ircopilot.workers.transitions import take_job

SUBJECT: Subject = "export.make"


def queue_jobs(stores: StoreSet, org: str, count: int) -> list[str]:
    """So many jobs of a run that the state machine leaves alone; their ids in order."""
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-1", "t").incident_id
        runs.start_run(tx, incident, run := f"r-{uuid.uuid4()}")
        names = [f"j-{uuid.uuid4()}" for _ in range(count)]
        for name in names:
            message = JobMessage(job_id=name, org_id=org, incident_id=incident, run_id=run, attempt=1)
            jobs.enqueue(tx, SUBJECT, message)
    return names


def begin_run(stores: StoreSet, org: str) -> None:
    """A service run whose first job nobody takes."""
    with stores.database.tenant(org) as tx:
        incident = upsert_incident(tx, "INC-2", "t").incident_id
        start_run(tx, incident, f"r-{uuid.uuid4()}", RunParameters())


@dataclass
class Taken:
    """What a worker did: (organisation, job id, moment), in order, and how many deliveries found nothing to do."""

    done: list[tuple[str, str, float]] = field(default_factory=list)
    idle: int = 0

    def of(self, org: str) -> list[str]:
        """The organisation's jobs in the order in which they were done."""
        return [job for owner, job, _ in self.done if owner == org]


@contextlib.asynccontextmanager
async def worker(urls: StackUrls, stores: StoreSet, job_s: float = 0.0) -> AsyncIterator[Taken]:
    """A worker of `SUBJECT` for the length of the block, each job taking `job_s`."""
    taken = Taken()

    async def work() -> None:
        async with open_bus(urls) as bus, bus.subscription(DURABLE_OF[SUBJECT], SUBJECT) as waiting:
            while True:
                delivery = await waiting.next_delivery(1.0)
                if delivery is None:
                    continue
                moment, message = time.monotonic(), delivery.message
                await asyncio.sleep(job_s)
                if await asyncio.to_thread(do, message):
                    taken.done.append((message.org_id, message.job_id, moment))
                else:
                    taken.idle += 1
                # As the real one: what is done is done, whoever hears of it.
                with contextlib.suppress(NatsError):
                    await delivery.done()

    def do(message: JobMessage) -> bool:
        hold = take_job(stores, message, "w", jobs.LEASE_S)
        if hold is not None:
            with stores.database.tenant(message.org_id) as tx:
                jobs.complete_job(tx, hold.lease)
        return hold is not None

    task = asyncio.create_task(work())
    try:
        yield taken
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=0.1)
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]
