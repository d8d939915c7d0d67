"""Loading: one artifact becomes one load of events. Decode, estimate the clock, insert, count, commit.

Records in = events + errors + skips: whatever did not become an event is found by its position and located.
A load is named by what made it, so loading again finds the committed one; a half-written one is dropped and redone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, Protocol

import orjson
import pyarrow as pa

from ircopilot.domain.evidence import Artifact, Clock, Load, ParseError
from ircopilot.domain.ids import stable_uuid
from ircopilot.evidence.clocks import ClockSample, estimate_clock, said_clock
from ircopilot.evidence.mappings.base import ZONELESS
from ircopilot.evidence.mappings.base import Mapping as RecordMapping
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events, select_samples, version_of
from ircopilot.evidence.records import Block, Decoder
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.store import ROWS
from ircopilot.stores.events.schema import SAMPLE_COLUMNS
from ircopilot.stores.postgres import loads

KEPT_ERRORS = 100
HELD_BYTES = 192 << 20  # decoded records kept between estimating the clock and inserting; beyond, decoded twice
SAMPLES = 4000
IN_FLIGHT = 2
CHUNK_BYTES = 24 << 20  # of records in one insert: large enough that analysing the statement costs little
ROW_BYTES = 200  # what a row weighs besides its record

UTC_ASSUMED = Assumed()

Progress = Callable[[int, int], None]


class Opener(Protocol):
    """Gives the artifact's plaintext as a stream, from its beginning, each time it is called."""

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


def load_artifact(
    stores: StoreSet,
    org_id: str,
    incident_id: str,
    artifact: Artifact,
    decoder: Decoder,
    mapping: RecordMapping,
    *,
    said: Mapping[str, float] | None = None,
    assumed: Assumed = UTC_ASSUMED,
    progress: Progress = lambda _bytes, _events: None,
    open_plaintext: Opener | None = None,
) -> Load:
    """Load an artifact's events into the store and commit them to the incident; returns the committed load.

    `said` holds the user's clock offsets by source (seconds). The plaintext comes from the vault unless
    `open_plaintext` is given. Progress is called with (bytes of plaintext read, events sent), both running totals.
    """
    version = version_of(mapping)
    user_clock = said_clock(artifact, mapping.name, said or {})
    with stores.database.tenant(org_id) as tx:
        mine = [c for c in loads.committed_loads(tx, incident_id) if c.artifact_sha256 == artifact.sha256]
    same = next((c for c in mine if _is_current(c, mapping.name, version, user_clock, assumed)), None)
    if same:
        return same
    opener = open_plaintext or (lambda: stores.vault.open(org_id, artifact.sha256))
    run = _Run(stores.events, org_id, artifact, decoder, mapping, assumed, opener, progress)
    clock = user_clock or run.estimate()
    clock = clock.model_copy(update=_assumptions(mapping, assumed))
    load_id = stable_uuid(
        org_id, incident_id, artifact.sha256, decoder.name, mapping.name, version, clock.model_dump_json()
    )
    load = Load(
        load_id=load_id, artifact_sha256=artifact.sha256, mapping=mapping.name, mapping_version=version, clock=clock
    )
    with stores.database.tenant(org_id) as tx:
        loads.open_load(tx, incident_id, load)
    load = run.insert(load)
    with stores.database.tenant(org_id) as tx:
        loads.commit_load(tx, incident_id, load, replaces=mine[0].load_id if mine else None)
    return load.model_copy(update={"state": "committed"})


def _is_current(load: Load, mapping: str, version: str, said: Clock | None, assumed: Assumed) -> bool:
    """Whether a committed load is what loading now would give."""
    if (load.mapping, load.mapping_version) != (mapping, version):
        return False
    if load.clock.year_assumed not in (None, assumed.year) or load.clock.zone_assumed not in ("", assumed.zone):
        return False
    if said is None:
        return load.clock.method != "said-by-user"
    return load.clock.method == "said-by-user" and (load.clock.offset_s, load.clock.steps) == (
        said.offset_s,
        said.steps,
    )


def _assumptions(mapping: RecordMapping, assumed: Assumed) -> dict[str, object]:
    """What the clock has to say that the records do not."""
    yearless = any(t.format == "rfc3164" for t in mapping.times)
    zoneless = any(t.format in ZONELESS for t in mapping.times[:1]) or yearless
    zone = assumed.zone if zoneless or assumed.zone != "UTC" else ""
    return {"year_assumed": assumed.year if yearless else None, "zone_assumed": zone}


@dataclass(slots=True)
class _Run:
    """One artifact on its way in."""

    events: EventStore
    org_id: str
    artifact: Artifact
    decoder: Decoder
    mapping: RecordMapping
    assumed: Assumed
    opener: Opener
    progress: Progress
    held: list[Block] | None = None

    def estimate(self) -> Clock:
        """The clock, from a sample of the records. Blocks are kept for inserting while they fit."""
        if not self.mapping.references:
            return Clock(source=self.mapping.name)
        scratch = str(uuid.uuid4())
        params = {"org": self.org_id, "load": scratch, "sha": self.artifact.sha256}
        select = select_samples(self.mapping, self.assumed)
        held: list[Block] | None = []
        size, stride, at = 0, 0, 0
        picked: list[tuple[str, int, bytes]] = []
        names = [t.field.rpartition(".")[2].encode() for t in self.mapping.references]
        for block in self._blocks():
            size += sum(map(len, block.payloads))
            held = [*held, block] if held is not None and size <= HELD_BYTES else None
            stride = stride or self._stride(block)
            for n in range(at, len(block.payloads), stride):
                if any(name in block.payloads[n] for name in names):
                    picked.append((block.locators[n], block.seqs[n], block.payloads[n]))
            at = (at - len(block.payloads)) % stride
        self.held = held
        if not picked:
            return Clock(source=self.mapping.name)
        rows = _batch(*(list(column) for column in zip(*picked, strict=True)))
        self.events.insert_block("clock_samples", SAMPLE_COLUMNS, select, [rows], params, scratch)
        samples = [ClockSample(**s) for s in self.events.take_samples(self.org_id, scratch)]
        return estimate_clock(samples, self.mapping.name)

    def insert(self, load: Load) -> Load:
        """Insert every record; returns the load with its counts. What an earlier attempt left is dropped first."""
        if self.events.count_load(self.org_id, load.load_id)[0]:
            self.events.drop_load(self.org_id, load.load_id)
        select = select_events(self.mapping, load.clock, self.assumed)
        columns = events_columns(self.mapping)
        params = {"org": self.org_id, "load": load.load_id, "sha": self.artifact.sha256}
        # A deduplication token outlives the rows it stands for, so an attempt after a drop needs tokens of its own.
        attempt, tally = uuid.uuid4().hex[:8], Tally()
        flying: set[Future[None]] = set()
        with ThreadPoolExecutor(IN_FLIGHT, "insert") as pool:
            for number, blocks in enumerate(_chunks(self._blocks_again())):
                batches = [_batch(b.locators, b.seqs, b.payloads) for b in blocks if b.seqs]
                for block in blocks:
                    tally.add(block)
                if batches:
                    token = f"{load.load_id}:{attempt}:{number}"
                    flying.add(pool.submit(self.events.insert_block, "events", columns, select, batches, params, token))
                flying = _settle(flying, IN_FLIGHT)
                self.progress(blocks[-1].consumed, tally.sent)
            _settle(flying, 0)
        return self._counted(load, tally)

    def _counted(self, load: Load, tally: Tally) -> Load:
        """The load with its counts; records that became no event are located."""
        events, first, last = self.events.count_load(self.org_id, load.load_id)
        if events != tally.sent:
            present = self.events.seqs_of_load(self.org_id, load.load_id)
            for block in self._blocks():
                lost = [n for n, seq in enumerate(block.seqs) if seq not in present]
                tally.fail([ParseError(locator=block.locators[n], reason=_reason(block.payloads[n])) for n in lost])
                tally.sent -= len(lost)
        return load.model_copy(
            update={
                "records": tally.records, "events": events, "skips": tally.skips, "errors": tally.error_count,
                "first_time": _utc(first), "last_time": _utc(last), "parse_errors": tuple(tally.errors),
            }
        )  # fmt: skip

    def _stride(self, first: Block) -> int:
        mean = sum(map(len, first.payloads)) / max(1, len(first.payloads)) or 1
        return max(1, round(self.artifact.size / mean / SAMPLES))

    def _blocks(self) -> Iterator[Block]:
        with self.opener() as stream:
            yield from self.decoder.decode(stream)

    def _blocks_again(self) -> Iterator[Block]:
        """The blocks for inserting: those held, let go one by one, or decoded again."""
        if self.held is None:
            yield from self._blocks()
            return
        waiting = self.held[::-1]
        self.held = None
        while waiting:
            yield waiting.pop()


def _chunks(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Blocks gathered to what is worth a statement of its own."""
    chunk: list[Block] = []
    size = 0
    for block in blocks:
        chunk.append(block)
        size += sum(map(len, block.payloads)) + ROW_BYTES * len(block.seqs)
        if size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _settle(flying: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until at most `most` inserts are under way; raises what one of them raised."""
    while len(flying) > most:
        done, flying = wait(flying, return_when=FIRST_COMPLETED)
        for one in done:
            one.result()
    return flying


def _batch(locators: list[str], seqs: list[int], payloads: list[bytes]) -> pa.RecordBatch:
    return pa.record_batch(
        [pa.array(locators, pa.string()), pa.array(seqs, pa.uint64()), pa.array(payloads, pa.binary())], schema=ROWS
    )


def _reason(payload: bytes) -> str:
    """Why a record became no event."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"[:300]
    if not isinstance(found, dict) or not found:
        return "not a JSON object with fields"
    return "no time in any field that its mapping reads"


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time else None
