"""The bus: NATS JetStream, stream INCIDENT. Work is acknowledged when it is done, never before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServerError, ServiceUnavailableError

from ircopilot.contracts.messages import DURABLE_OF, STREAM, SUBJECTS, JobMessage, Subject
from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.jobs import give_up_delivery
from ircopilot.stores.postgres.outbox import OutboxLetter, relay_outbox

T = TypeVar("T")
GiveUp = Callable[[JobMessage, str], bool]

ACK_WAIT_S = 15.0
MAX_DELIVER = 5
CALL_S = 5.0  # a call to the server that is not answered by then has failed
# How many messages may wait on the bus per subject, beside one for each worker that asks: enough that no worker waits
# for the relay, few enough that the fair order is decided in Postgres.
WINDOW = 4
_ADVISORIES = "INCIDENT_ADVISORIES"
_ADVISORY_SUBJECT = f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{STREAM}.*"


class BusUnreachable(ProblemError):
    """There is no NATS server at the URL, or it does not let us in."""

    type = "bus-unreachable"
    status = 503
    title = "The message bus cannot be reached"


class BusLost(ProblemError):
    """The connection is down, or the server lost its streams: what the bus held is sent again from the outbox."""

    type = "bus-lost"
    status = 503
    title = "The message bus lost its connection or its streams"


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
    """A connection to NATS with the streams in place; made by `open_bus`."""

    def __init__(self, client: Client, ack_wait_s: float = ACK_WAIT_S) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=CALL_S)
        self._ack_wait_s = ack_wait_s

    @property
    def connected(self) -> bool:
        """Whether the connection stands now; when not, it is being made again."""
        return bool(self._client.is_connected)

    async def ensure_streams(self, duplicate_window_s: float = 120.0) -> None:
        """Make the streams and the kinds' consumers, or bring them to this shape; may be repeated, also side by side.

        One stream holds jobs, the other the advisories about jobs not delivered.
        """
        jobs = _stream(STREAM, SUBJECTS)
        jobs.duplicate_window = duplicate_window_s
        # Advisories are plain messages, lost when nobody listens: a stream keeps them until they were acted upon.
        lost = _stream(_ADVISORIES, (_ADVISORY_SUBJECT,))
        for config in (jobs, lost):
            try:
                await self._js.update_stream(config)
            except NotFoundError:
                await self._js.add_stream(config)
            except ServerError:
                # A server whose folder was deleted under it answers for a while, and then never stores anything more.
                # What the stream held is sent again from the outbox.
                await self._js.delete_stream(str(config.name))
                await self._js.add_stream(config)
        for subject in SUBJECTS:
            await self._ensure_consumer(DURABLE_OF[subject], subject, self._ack_wait_s, MAX_DELIVER)

    async def born(self) -> datetime | None:
        """When the stream of jobs was made, None when it is not there: another time means that what it held is gone."""
        try:
            info = await self._js.stream_info(STREAM)
        except NotFoundError:
            return None
        return info.created

    async def room(self, subject: str, window: int = WINDOW) -> int:
        """How many messages more the subject may be given now: the workers that ask, and `window` in hand."""
        info = await self._js.consumer_info(STREAM, DURABLE_OF[subject])  # type: ignore[index]
        return window + (info.num_waiting or 0) - (info.num_pending or 0)

    async def _ensure_consumer(self, durable: str, subject: str, ack_wait_s: float, max_deliver: int) -> None:
        config = ConsumerConfig(
            durable_name=durable,
            filter_subject=subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ack_wait_s,
            max_deliver=max_deliver,
        )
        await self._js.add_consumer(STREAM, config=config)

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

        async def put_back() -> None:
            if await self.born() is None:
                await self.ensure_streams()
            await self._ensure_consumer(worker, subject, ack_wait_s, max_deliver)

        await put_back()
        pull = await self._js.pull_subscribe_bind(durable=worker, stream=STREAM)
        try:
            yield Subscription(pull, put_back)
        finally:
            # A connection that was closed meanwhile must not hide why this block ends.
            with contextlib.suppress(NatsError):
                await pull.unsubscribe()

    async def bury_undelivered(
        self, database: Database, timeout_s: float = 1.0, give_up: GiveUp | None = None
    ) -> int:  # fmt: skip
        """Turn advisories about messages out of deliveries into dead jobs; how many jobs were buried.

        `give_up(message, reason)` does it in the database; without one the job alone is buried, and not its run moved.

        An advisory names a sequence number only, so the message is fetched for its job. It is acknowledged after the
        database has it; a crash in between repeats it, to no effect.
        """
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=ACK_WAIT_S)
        pull = await self._js.pull_subscribe(_ADVISORY_SUBJECT, durable="undertaker", stream=_ADVISORIES, config=config)
        buried = 0
        try:
            while True:
                (raw,) = await pull.fetch(1, timeout=timeout_s)
                buried += await self._bury(orjson.loads(raw.data), give_up or partial(_give_up, database))
                await raw.ack_sync()
        except TimeoutError:
            return buried
        finally:
            # A connection that was closed meanwhile must not hide why this block ends.
            with contextlib.suppress(NatsError):
                await pull.unsubscribe()

    async def _bury(self, advisory: dict[str, Any], give_up: GiveUp) -> bool:
        try:
            stored = await self._js.get_msg(STREAM, seq=int(advisory["stream_seq"]))
        except NotFoundError:
            return False
        message = JobMessage.model_validate_json(stored.data or b"")
        reason = f"delivered {advisory['deliveries']} times to {advisory['consumer']} and never acknowledged"
        return await asyncio.to_thread(give_up, message, reason)

    async def relay(self, database: Database, sent: Callable[[OutboxLetter], None] = lambda _: None) -> int:
        """Publish what the outbox holds and is due, as far as there is room; how many. `sent` is told of each.

        Raises `BusLost` when the connection or the stream is gone; then nothing that was not stored is marked as sent.
        """
        loop = asyncio.get_running_loop()

        def wait(call: Callable[[], Coroutine[Any, Any, T]]) -> T:
            # Asked first: a call on a broken connection would hold the outbox's rows until its time is up.
            if not self.connected:
                raise BusLost("no connection to NATS")
            answer = asyncio.run_coroutine_threadsafe(call(), loop)
            try:
                return answer.result(timeout=2 * CALL_S)
            except (NotFoundError, NoStreamResponseError, ServiceUnavailableError) as error:
                raise BusLost("NATS has no such stream or consumer") from error
            except (TimeoutError, NatsError) as error:
                answer.cancel()
                raise BusLost(f"NATS did not take it: {type(error).__name__}") from error

        def publish(letter: OutboxLetter) -> None:
            wait(lambda: self.publish(letter.subject, letter.message, letter.traceparent))
            sent(letter)

        return await asyncio.to_thread(
            relay_outbox, database, publish, lambda subject: wait(lambda: self.room(subject))
        )

    async def relay_forever(self, database: Database, idle_s: float = 0.2) -> None:
        """Relay until cancelled; looks again after `idle_s` when nothing was due."""
        while True:
            if not await self.relay(database):
                await asyncio.sleep(idle_s)


class Subscription:
    """Deliveries of one subject to one kind of worker."""

    def __init__(
        self, pull: JetStreamContext.PullSubscription, put_back: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._pull, self._put_back = pull, put_back

    async def next_delivery(self, timeout_s: float = 5.0) -> Delivery | None:
        """The next delivery, or None when the time is up. A message that is no job is refused for good.

        A server that lost its streams gets them back here. A connection that is down is waited for.
        """
        try:
            (raw,) = await self._pull.fetch(1, timeout=timeout_s)
        except TimeoutError:
            return None
        except (APIError, NatsError):
            with contextlib.suppress(APIError, NatsError, TimeoutError):
                await self._put_back()
            await asyncio.sleep(min(0.5, timeout_s))
            return None
        try:
            message = JobMessage.model_validate_json(raw.data)
        except ValueError:
            await raw.term()
            return None
        headers = raw.headers or {}
        return Delivery(raw.subject, message, headers.get("traceparent", ""), raw.metadata.num_delivered, raw)


@contextlib.asynccontextmanager
async def open_bus(
    urls: BusUrls, patience_s: float = 15.0, ack_wait_s: float = ACK_WAIT_S,
    reconnected: Callable[[], None] = lambda: None,
) -> AsyncIterator[Bus]:  # fmt: skip
    """Connect, put the streams in place, and close at the end of the block; reconnects on its own meanwhile.

    `ack_wait_s` is how long the kinds' consumers wait for an acknowledgement or a sign of work; `reconnected` is
    called whenever a broken connection stands again.

    Raises `BusUnreachable` when there is no server, or it refuses the token, for `patience_s`.
    """
    client, said = Client(), [""]

    async def note(error: Exception) -> None:
        said[0] = str(error) or type(error).__name__

    async def tell() -> None:
        reconnected()

    try:
        try:
            async with asyncio.timeout(patience_s):
                await client.connect(
                    urls.nats_url,
                    token=urls.nats_token or None,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]  # seconds, slept as they are
                    error_cb=note,
                    reconnected_cb=tell,
                )
        except (TimeoutError, NatsError, OSError) as error:
            raise BusUnreachable(f"no answer from NATS: {said[0] or error}", "see ircopilot status") from error
        bus = Bus(client, ack_wait_s)
        try:
            await bus.ensure_streams()
        except (TimeoutError, NatsError) as error:
            raise BusUnreachable(f"NATS gives no streams: {error}", "start it with JetStream") from error
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
