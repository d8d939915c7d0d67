"""Records on their way in: tallies, inserts in flight, and the records that became no event."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import BinaryIO, Protocol

import orjson
import pyarrow as pa

from ircopilot.domain.evidence import Artifact, Clock, Load, ParseError
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events, shift_of
from ircopilot.evidence.records import Block, Decoder
from ircopilot.evidence.sampling import FIRST_SAMPLES, Sampler, batch_of, estimate_clocks
from ircopilot.stores.events import EventStore

KEPT_ERRORS = 100
HELD_BYTES = 64 << 20  # of records looked at, at most, for the first estimate of the clock
IN_FLIGHT = 2
CHUNK_BYTES = 128 << 20  # of records in one insert: large enough that analysing the statement costs little
ROW_BYTES = 200  # what a row weighs besides its record

Progress = Callable[[int, int], None]


class Opener(Protocol):
    """Gives an artifact's plaintext as a stream, from its beginning, each time it is called."""

    def __call__(self) -> BinaryIO: ...


@dataclass(slots=True)
class Tally:
    """What was read so far."""

    sent: int = 0
    errors: list[ParseError] = field(default_factory=list)
    error_count: int = 0
    skips: int = 0

    def add(self, block: Block) -> None:
        """Count a block."""
        self.sent += len(block.seqs)
        self.skips += block.skips
        self.fail(block.errors)

    def fail(self, errors: list[ParseError]) -> None:
        """Count errors; the first are kept."""
        self.error_count += len(errors)
        self.errors += errors[: max(0, KEPT_ERRORS - len(self.errors))]

    @property
    def records(self) -> int:
        """All records met."""
        return self.sent + self.error_count + self.skips


@dataclass(slots=True)
class Intake:
    """One artifact on its way in."""

    events: EventStore
    org_id: str
    artifact: Artifact
    decoder: Decoder
    mapping: Mapping
    assumed: Assumed
    opener: Opener
    progress: Progress
    _source: Iterator[Block] | None = None
    _held: list[Block] = field(default_factory=list)

    def first_estimate(self) -> Clock:
        """The clock by the first records that tell one; they are kept for inserting, the rest is not read yet."""
        sampler, size = Sampler(self.artifact, self.mapping, FIRST_SAMPLES), 0
        self._source = self.blocks()
        for block in self._source:
            self._held.append(block)
            sampler.look(block)
            size += block.size
            if sampler.enough or size > HELD_BYTES:
                break
        return self._estimate(sampler)

    def insert(self, begin: Callable[[], Load]) -> tuple[Load, Tally, Clock]:
        """Insert every record into the load that `begin` announces; returns it, what was read, and the clock by all of it.

        The first statement is sent ahead, to be analysed while `begin` finds the first clock out.
        """
        with ThreadPoolExecutor(IN_FLIGHT + 1, "insert") as pool:
            known: Future[_Reading | None] = Future()
            ahead = _Chunk(known)
            flying = {pool.submit(ahead.send, self._statement(Clock(), ahead))}
            try:
                load = begin()
            except BaseException as error:
                known.set_exception(error)
                raise
            reading = _Reading(self, load)
            known.set_result(None if load.clock.steps else reading)  # steps are part of the statement: it gets no rows
            # The records are read where they are sent; a chunk begins where the one before ends.
            ahead.read.wait()
            for chunk in reading.chunks():
                flying = _settle(flying, IN_FLIGHT - 1)
                flying.add(pool.submit(chunk.send, self._statement(load.clock, chunk)))
                chunk.read.wait()
            clock = pool.submit(self._estimate, reading.sampler)
            _settle(flying, 0)
        return load, reading.tally, clock.result()

    def _statement(self, clock: Clock, chunk: _Chunk) -> Callable[[], None]:
        """What inserts a chunk. A deduplication token outlives the rows it stands for, so each statement has its own."""
        select, columns = select_events(self.mapping, clock, self.assumed), events_columns(self.mapping)
        params, token = {"org": self.org_id}, uuid.uuid4().hex
        return partial(self.events.insert_block, "events", columns, select, chunk, params, token)

    def blocks(self) -> Iterator[Block]:
        """The artifact's records, from its beginning. A container that cannot be read is one error of the artifact."""
        with self.opener() as stream:
            try:
                yield from self.decoder.decode(stream)
            except (OSError, ValueError, RuntimeError) as error:
                reason = f"cannot be read any further: {error}"[:300]
                yield Block([], [], [], [ParseError(locator="", reason=reason)], 0, self.artifact.size)

    def _estimate(self, sampler: Sampler) -> Clock:
        return estimate_clocks(self.events, self.org_id, self.mapping, self.assumed, [sampler])[0]

    def from_start(self) -> Iterator[Block]:
        """All blocks: those read for the first estimate, let go one by one, then the rest of the same stream."""
        source, self._source = self._source, None
        if source is None:
            yield from self.blocks()
            return
        waiting = self._held[::-1]
        self._held = []
        while waiting:
            yield waiting.pop()
        yield from source


def counted(events: EventStore, org_id: str, intakes: Sequence[tuple[Intake, Load, Tally]]) -> list[Load]:
    """The loads with their counts; records that became no event are found by their positions, and located."""
    counts = events.count_loads(org_id, [load.load_id for _, load, _ in intakes])
    done: list[Load] = []
    for intake, load, tally in intakes:
        number, first, last = counts.get(load.load_id, (0, None, None))
        if number != tally.sent:
            _locate(intake, events.seqs_of_load(org_id, load.load_id), tally)
        found = {
            "records": tally.records, "events": number, "skips": tally.skips, "errors": tally.error_count,
            "first_time": first, "last_time": last, "parse_errors": tuple(tally.errors),
        }  # fmt: skip
        done.append(load.model_copy(update=found))
    return done


def _locate(intake: Intake, present: set[int], tally: Tally) -> None:
    """Move the records that are not `present` from those sent to the errors."""
    for block in intake.blocks():
        lost = [n for n, seq in enumerate(block.seqs) if seq not in present]
        tally.fail([ParseError(locator=block.locators[n], reason=_reason(block.payloads[n])) for n in lost])
        tally.sent -= len(lost)


def _reason(payload: bytes) -> str:
    """Why a record became no event."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"[:300]
    if not isinstance(found, dict) or not found:
        return "not a JSON object with fields"
    return "no time in any field that its mapping reads"


class _Reading:
    """An artifact's records as they are read: counted, sampled, and cut into chunks worth a statement each."""

    def __init__(self, intake: Intake, load: Load) -> None:
        self.tally, self.sampler = Tally(), Sampler(intake.artifact, intake.mapping)
        self._intake, self._load_id, self._shift = intake, load.load_id, shift_of(load.clock)
        self._blocks = self._counted()
        self._next: Block | None = None

    def chunks(self) -> Iterator[_Chunk]:
        """Chunks with records. Each must be read, or given up with the whole, before the next is asked for."""
        while self.peek():
            known: Future[_Reading | None] = Future()
            known.set_result(self)
            yield _Chunk(known)

    def peek(self) -> Block | None:
        """The next block with records, which stays the next one."""
        if self._next is None:
            self._next = next(self._blocks, None)
        return self._next

    def take(self, block: Block) -> pa.RecordBatch:
        """The block as rows; it is no longer the next one."""
        self._next = None
        return batch_of(block, self._intake.artifact.sha256, self._load_id, self._shift)

    def _counted(self) -> Iterator[Block]:
        for block in self._intake.from_start():
            self.tally.add(block)
            self.sampler.look(block)
            self._intake.progress(block.consumed, self.tally.sent)
            if block.seqs:
                yield block


class _Chunk:
    """The rows of one statement, read while they are sent. `read` is set when no more of them will be asked for."""

    def __init__(self, reading: Future[_Reading | None]) -> None:
        self.read = Event()
        self._reading = reading

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        reading, size = self._reading.result(), 0
        while reading and size < CHUNK_BYTES and (block := reading.peek()):
            size += block.size + ROW_BYTES * len(block.seqs)
            yield reading.take(block)
        self.read.set()

    def send(self, insert: Callable[[], None]) -> None:
        """Run the insert that reads this chunk."""
        try:
            insert()
        finally:
            self.read.set()


def _settle(flying: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until at most `most` inserts are under way; raises what one of them raised."""
    while len(flying) > most or any(one.done() for one in flying):
        done, flying = wait(flying, return_when=FIRST_COMPLETED)
        for one in done:
            one.result()
    return flying
