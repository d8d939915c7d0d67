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
from ircopilot.evidence.clocks import said_clock
from ircopilot.evidence.mappings.base import ZONELESS
from ircopilot.evidence.mappings.base import Mapping as RecordMapping
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events, version_of
from ircopilot.evidence.records import Block, Decoder
from ircopilot.evidence.sampling import Sampler
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.store import ROWS
from ircopilot.stores.postgres import loads

KEPT_ERRORS = 100
HELD_BYTES = 64 << 20  # of records looked at, at most, for the first estimate of the clock
IN_FLIGHT = 2
LEAST_CHUNK = 8 << 20
CHUNK_BYTES = 64 << 20  # of records in one insert: large enough that analysing the statement costs little
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
    clock = _with_assumptions(user_clock or run.first_estimate(), mapping, assumed)
    while True:
        parts = (org_id, incident_id, artifact.sha256, decoder.name, mapping.name, version)
        load = Load(
            load_id=stable_uuid(*parts, _clock_key(clock)), artifact_sha256=artifact.sha256, mapping=mapping.name,
            mapping_version=version, clock=clock,
        )  # fmt: skip
        with stores.database.tenant(org_id) as tx:
            loads.open_load(tx, incident_id, load)
        load, final = run.insert(load)
        final = _with_assumptions(user_clock or final, mapping, assumed)
        if _clock_key(final) == _clock_key(clock):
            break
        # The first records told another time than all of them: what was written is dropped, unseen by anybody.
        clock = final
        stores.events.drop_load(org_id, load.load_id)
        with stores.database.tenant(org_id) as tx:
            loads.forget_load(tx, load.load_id)
    load = load.model_copy(update={"clock": final})
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


def _with_assumptions(clock: Clock, mapping: RecordMapping, assumed: Assumed) -> Clock:
    """The clock with what had to be assumed because the records do not say it."""
    yearless = any(t.format == "rfc3164" for t in mapping.times)
    zoneless = any(t.format in ZONELESS for t in mapping.times[:1]) or yearless
    zone = assumed.zone if zoneless or assumed.zone != "UTC" else ""
    return clock.model_copy(update={"year_assumed": assumed.year if yearless else None, "zone_assumed": zone})


def _clock_key(clock: Clock) -> str:
    """What of a clock changes times: the rest is its proof."""
    steps = ";".join(f"{s.host},{s.since.isoformat()},{s.offset_s}" for s in clock.steps)
    return f"{clock.offset_s}|{steps}|{clock.zone_assumed}|{clock.year_assumed}|{clock.method == 'said-by-user'}"


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
    _source: Iterator[Block] | None = None
    _held: list[Block] = field(default_factory=list)

    def first_estimate(self) -> Clock:
        """The clock by the first records that tell one; they are kept for inserting, the rest is not read yet."""
        sampler, size = self._sampler(), 0
        self._source = self._blocks()
        for block in self._source:
            self._held.append(block)
            sampler.look(block)
            size += sum(map(len, block.payloads))
            if sampler.enough or size > HELD_BYTES:
                break
        return sampler.estimate(self.events, self.org_id)

    def insert(self, load: Load) -> tuple[Load, Clock]:
        """Insert every record; returns the load with its counts, and the clock by all of them.

        What an earlier attempt left is dropped first.
        """
        if self.events.count_load(self.org_id, load.load_id)[0]:
            self.events.drop_load(self.org_id, load.load_id)
        select = select_events(self.mapping, load.clock, self.assumed)
        columns = events_columns(self.mapping)
        params = {"org": self.org_id, "load": load.load_id, "sha": self.artifact.sha256}
        # A deduplication token outlives the rows it stands for, so an attempt after a drop needs tokens of its own.
        attempt, tally, sampler = uuid.uuid4().hex[:8], Tally(), self._sampler()
        flying: set[Future[None]] = set()
        with ThreadPoolExecutor(IN_FLIGHT + 1, "insert") as pool:
            for number, blocks in enumerate(_chunks(self._from_start(), self.artifact.size)):
                batches = [_batch(b.locators, b.seqs, b.payloads) for b in blocks if b.seqs]
                for block in blocks:
                    tally.add(block)
                    sampler.look(block)
                if batches:
                    token = f"{load.load_id}:{attempt}:{number}"
                    flying.add(pool.submit(self.events.insert_block, "events", columns, select, batches, params, token))
                flying = _settle(flying, IN_FLIGHT)
                self.progress(blocks[-1].consumed, tally.sent)
            clock = pool.submit(sampler.estimate, self.events, self.org_id)
            _settle(flying, 0)
        return self._counted(load, tally), clock.result()

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

    def _sampler(self) -> Sampler:
        return Sampler(self.artifact, self.mapping, self.assumed)

    def _blocks(self) -> Iterator[Block]:
        with self.opener() as stream:
            yield from self.decoder.decode(stream)

    def _from_start(self) -> Iterator[Block]:
        """All blocks: those read for the first estimate, let go one by one, then the rest of the same stream."""
        source, self._source = self._source, None
        if source is None:
            yield from self._blocks()
            return
        waiting = self._held[::-1]
        self._held = []
        while waiting:
            yield waiting.pop()
        yield from source


def _chunks(blocks: Iterator[Block], whole: int) -> Iterator[list[Block]]:
    """Blocks gathered to what is worth a statement of its own; an artifact of `whole` bytes makes work for two."""
    enough = min(max(whole // IN_FLIGHT, LEAST_CHUNK), CHUNK_BYTES)
    chunk: list[Block] = []
    size = 0
    for block in blocks:
        chunk.append(block)
        size += sum(map(len, block.payloads)) + ROW_BYTES * len(block.seqs)
        if size >= enough:
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
