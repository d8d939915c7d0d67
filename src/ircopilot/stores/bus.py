"""The bus: NATS JetStream, stream INCIDENT. Work is acknowledged when it is done, never before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from ircopilot.contracts.messages import STREAM, SUBJECTS, JobMessage, Subject
from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.jobs import give_up_delivery
from ircopilot.stores.postgres.outbox import OutboxLetter, relay_outbox

ACK_WAIT_S = 30.0
MAX_DELIVER = 5
_ADVISORIES = "INCIDENT_ADVISORIES"
_ADVISORY_SUBJECT = f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{STREAM}.*"


class BusUnreachable(ProblemError):
    """There is no NATS server at the URL, or it does not let us in."""

    type = "bus-unreachable"
    status = 503
    title = "The message bus cannot be reached"


class BusUrls(Protocol):
    """The part of the settings that names the bus."""

    @property
    def nats_url(self) -> str:
        """`nats://host:port`."""
        ...

    @property
    def nats_token(self) -> str:
        """Token of the server, or empty."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message to this worker."""

    subject: str
    message: JobMessage
    traceparent: str
    deliveries: int
    _raw: Msg

    async def done(self) -> None:
        """Acknowledge, and wait until the server has it: call it after the result was committed."""
        await self._raw.ack_sync()

    async def still_working(self) -> None:
        """Put the redelivery off by another `ACK_WAIT_S`."""
        await self._raw.in_progress()

    async def again(self, after_s: float = 0.0) -> None:
        """Ask for another delivery."""
        await self._raw.nak(delay=after_s or None)

    async def never_again(self) -> None:
        """Refuse for good: a message that cannot be understood."""
        await self._raw.term()


class Bus:
    """A connection to NATS with the stream in place; made by `open_bus`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=10)

    async def ensure_streams(self, duplicate_window_s: float = 120.0) -> None:
        """Make the streams, or bring them to this shape: jobs, and the advisories about jobs not delivered."""
        jobs = _stream(STREAM, SUBJECTS)
        jobs.duplicate_window = duplicate_window_s
        # Advisories are plain messages, lost when nobody listens: a stream keeps them until they were acted upon.
        lost = _stream(_ADVISORIES, (_ADVISORY_SUBJECT,))
        for config in (jobs, lost):
            try:
                await self._js.update_stream(config)
            except NotFoundError:
                await self._js.add_stream(config)

    async def publish(self, subject: str, message: JobMessage, traceparent: str = "") -> bool:
        """Publish and wait until it is stored; False when the stream had this `job_id:attempt` already."""
        headers = {"Nats-Msg-Id": message.message_id}
        if traceparent:
            headers["traceparent"] = traceparent
        ack = await self._js.publish(subject, message.model_dump_json().encode(), headers=headers)
        return not ack.duplicate

    @contextlib.asynccontextmanager
    async def subscription(
        self, worker: str, subject: Subject, ack_wait_s: float = ACK_WAIT_S, max_deliver: int = MAX_DELIVER
    ) -> AsyncIterator[Subscription]:
        """A durable pull subscription, shared by all workers of that name. Deliveries are acknowledged explicitly."""
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=ack_wait_s, max_deliver=max_deliver)
        pull = await self._js.pull_subscribe(subject, durable=worker, stream=STREAM, config=config)
        try:
            yield Subscription(pull)
        finally:
            await pull.unsubscribe()

    async def bury_undelivered(self, database: Database, timeout_s: float = 1.0) -> int:
        """Turn advisories about messages out of deliveries into dead jobs; how many jobs were buried.

        An advisory names a sequence number only, so the message is fetched for its job. It is acknowledged after the
        database has it; a crash in between repeats it, to no effect.
        """
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S)
        pull = await self._js.pull_subscribe(_ADVISORY_SUBJECT, durable="undertaker", stream=_ADVISORIES, config=config)
        buried = 0
        try:
            while True:
                (raw,) = await pull.fetch(1, timeout=timeout_s)
                buried += await self._bury(database, orjson.loads(raw.data))
                await raw.ack_sync()
        except TimeoutError:
            return buried
        finally:
            await pull.unsubscribe()

    async def _bury(self, database: Database, advisory: dict[str, Any]) -> bool:
        try:
            stored = await self._js.get_msg(STREAM, seq=int(advisory["stream_seq"]))
        except NotFoundError:
            return False
        message = JobMessage.model_validate_json(stored.data or b"")
        reason = f"delivered {advisory['deliveries']} times to {advisory['consumer']} and never acknowledged"
        return await asyncio.to_thread(_give_up, database, message, reason)

    async def relay(self, database: Database) -> int:
        """Publish what the outbox holds and is due; how many messages."""
        loop = asyncio.get_running_loop()

        def publish(letter: OutboxLetter) -> None:
            sending = self.publish(letter.subject, letter.message, letter.traceparent)
            asyncio.run_coroutine_threadsafe(sending, loop).result(timeout=15)

        return await asyncio.to_thread(relay_outbox, database, publish)

    async def relay_forever(self, database: Database, idle_s: float = 0.2) -> None:
        """Relay until cancelled; looks again after `idle_s` when nothing was due."""
        while True:
            if not await self.relay(database):
                await asyncio.sleep(idle_s)


class Subscription:
    """Deliveries of one subject to one kind of worker."""

    def __init__(self, pull: JetStreamContext.PullSubscription) -> None:
        self._pull = pull

    async def next_delivery(self, timeout_s: float = 5.0) -> Delivery | None:
        """The next delivery, or None when the time is up. A message that is no job is refused for good."""
        try:
            (raw,) = await self._pull.fetch(1, timeout=timeout_s)
        except TimeoutError:
            return None
        try:
            message = JobMessage.model_validate_json(raw.data)
        except ValueError:
            await raw.term()
            return None
        headers = raw.headers or {}
        return Delivery(raw.subject, message, headers.get("traceparent", ""), raw.metadata.num_delivered, raw)


@contextlib.asynccontextmanager
async def open_bus(urls: BusUrls, patience_s: float = 15.0) -> AsyncIterator[Bus]:
    """Connect, put the streams in place, and close at the end of the block; reconnects on its own meanwhile.

    Raises `BusUnreachable` when there is no server, or it refuses the token, for `patience_s`.
    """
    client, said = Client(), [""]

    async def note(error: Exception) -> None:
        said[0] = str(error) or type(error).__name__

    try:
        try:
            async with asyncio.timeout(patience_s):
                await client.connect(
                    urls.nats_url,
                    token=urls.nats_token or None,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    error_cb=note,
                )
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnreachable(f"no answer from NATS: {said[0] or error}", "see ircopilot status") from error
        bus = Bus(client)
        await bus.ensure_streams()
        yield bus
    finally:
        await client.close()


def _stream(name: str, subjects: Sequence[str]) -> StreamConfig:
    """A stream on disk that keeps messages for a week."""
    return StreamConfig(
        name=name,
        subjects=list(subjects),
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        max_age=7 * 86400,
    )


def _give_up(database: Database, message: JobMessage, reason: str) -> bool:
    with database.tenant(message.org_id) as tx:
        return give_up_delivery(tx, message.job_id, message.attempt, reason)
