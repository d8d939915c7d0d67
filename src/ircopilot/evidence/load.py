"""Loading: artifacts become loads of events. Decode, estimate the clock, insert, count, commit.

Records in = events + errors + skips: whatever did not become an event is found by its position and located.
Loading again finds the committed load of the same meaning. A half-written one is never gone on with: the next attempt
writes a load of its own, so that a worker that was stopped and wakes up late writes where nobody looks.
"""

from __future__ import annotations

import uuid
from calendar import month_name
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ircopilot.domain.evidence import Artifact, Clock, Load
from ircopilot.domain.ids import attempt_id
from ircopilot.evidence.clocks import said_clock
from ircopilot.evidence.intake import Intake, Opener, Progress, Tally, counted
from ircopilot.evidence.mappings.base import ZONELESS
from ircopilot.evidence.mappings.base import Mapping as RecordMapping
from ircopilot.evidence.mappings.compile import Assumed, events_columns, select_events, shift_of, version_of
from ircopilot.evidence.records import Block, Decoder
from ircopilot.evidence.sampling import Sampler, batch_of, estimate_clocks
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import loads

UTC_ASSUMED = Assumed()
SMALL_BYTES = 2 << 20  # artifacts up to this size are loaded many at a time
BATCH_BYTES = 16 << 20
BATCH_ARTIFACTS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """An artifact to be loaded, and how it is read. The plaintext comes from the vault unless `opener` is given."""

    artifact: Artifact
    decoder: Decoder
    mapping: RecordMapping
    opener: Opener | None = None


@dataclass(frozen=True, slots=True)
class _Errand:
    """What all loads of one call share. `said` holds the user's clock offsets by source, in seconds; `proved` clocks by
    SHA-256 that other sources prove."""

    stores: StoreSet
    org_id: str
    incident_id: str
    said: Mapping[str, float]
    assumed: Assumed
    proved: Mapping[str, Clock]

    def known_clock(self, wanted: Wanted) -> Clock | None:
        """The clock that was said or proved, so that none need be estimated."""
        said = said_clock(wanted.artifact, wanted.mapping.name, self.said)
        return said or self.proved.get(wanted.artifact.sha256)

    def intake(self, wanted: Wanted, progress: Progress) -> Intake:
        """The way in for one artifact."""
        opener = wanted.opener or (lambda: self.stores.vault.open(self.org_id, wanted.artifact.sha256))
        return Intake(
            self.stores.events, self.org_id, wanted.artifact, wanted.decoder, wanted.mapping, self.assumed, opener,
            progress,
        )  # fmt: skip

    def clock(self, wanted: Wanted, estimated: Clock) -> Clock:
        """The clock that is known, else the estimate, with what had to be assumed because the records do not say it."""
        clock = self.known_clock(wanted) or estimated
        yearless = any(t.format == "rfc3164" for t in wanted.mapping.times)
        zoneless = any(t.format in ZONELESS for t in wanted.mapping.times[:1]) or yearless
        zone = self.assumed.zone if zoneless or self.assumed.zone != "UTC" else ""
        if not yearless:
            return clock.model_copy(update={"zone_assumed": zone})
        note = "; ".join(filter(None, (clock.note, self.year_note)))
        return clock.model_copy(update={"year_assumed": self.assumed.year, "zone_assumed": zone, "note": note})

    @property
    def year_note(self) -> str:
        """How records that name no year got one; two months of the same year differ, so it is part of the load's identity."""
        year, later = self.assumed.year, self.assumed.month + 1
        before = f", those from {month_name[later]} on as of {year - 1}" if later <= 12 else ""
        return f"its records name no year and are taken as of {year}{before}"

    def load(self, wanted: Wanted, clock: Clock) -> Load:
        """A fresh load of what these bytes, this mapping and this clock make."""
        version = version_of(wanted.mapping)
        parts = (self.org_id, self.incident_id, wanted.artifact.sha256, wanted.decoder.name, wanted.mapping.name)
        return Load(
            load_id=attempt_id(*parts, version, _clock_key(clock)), artifact_sha256=wanted.artifact.sha256,
            mapping=wanted.mapping.name, mapping_version=version, clock=clock,
        )  # fmt: skip

    def committed(self) -> dict[str, Load]:
        """The committed loads of the incident by artifact."""
        with self.stores.database.tenant(self.org_id) as tx:
            return {load.artifact_sha256: load for load in loads.committed_loads(tx, self.incident_id)}

    def open(self, opened: Sequence[Load]) -> None:
        """Announce loads, before their first event is written."""
        with self.stores.database.tenant(self.org_id) as tx:
            for load in opened:
                loads.open_load(tx, self.incident_id, load)

    def discard(self, load: Load) -> None:
        """Drop an uncommitted load."""
        self.stores.events.drop_load(self.org_id, load.load_id)
        with self.stores.database.tenant(self.org_id) as tx:
            loads.forget_load(tx, load.load_id)

    def publish(self, written: Iterable[Load], before: Mapping[str, Load]) -> list[Load]:
        """Make loads visible, in one transaction; each replaces the one of its artifact `before`."""
        done: list[Load] = []
        with self.stores.database.tenant(self.org_id) as tx:
            for load in written:
                old = before.get(load.artifact_sha256)
                loads.commit_load(tx, self.incident_id, load, replaces=old.load_id if old else None)
                done.append(load.model_copy(update={"state": "committed"}))
        return done

    def current(self, wanted: Wanted, load: Load | None) -> bool:
        """Whether a committed load is what loading now would give."""
        if load is None or (load.mapping, load.mapping_version) != (wanted.mapping.name, version_of(wanted.mapping)):
            return False
        kept, said = load.clock, said_clock(wanted.artifact, wanted.mapping.name, self.said)
        if kept.year_assumed is not None and not kept.note.endswith(self.year_note):
            return False
        if kept.zone_assumed not in ("", self.assumed.zone):
            return False
        if said is not None:
            return kept.method == "said-by-user" and (kept.offset_s, kept.steps) == (said.offset_s, said.steps)
        proved = self.proved.get(wanted.artifact.sha256)
        if proved is not None:
            return (kept.method, kept.offset_s) == (proved.method, proved.offset_s)
        return kept.method != "said-by-user"  # one that was proved before stays, until it is looked at again


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
    """Load an artifact's events and commit them to the incident; returns the committed load, old or new.

    `said` holds the user's clock offsets by source (seconds). Progress is called with (bytes of plaintext read,
    events sent), both running totals.
    """
    errand = _Errand(stores, org_id, incident_id, said or {}, assumed, {})
    wanted = Wanted(artifact, decoder, mapping, open_plaintext)
    before = errand.committed()
    same = before.get(artifact.sha256)
    return same if same and errand.current(wanted, same) else _load_one(errand, wanted, before, progress)


def load_artifacts(
    stores: StoreSet,
    org_id: str,
    incident_id: str,
    wanted: Sequence[Wanted],
    *,
    said: Mapping[str, float] | None = None,
    proved: Mapping[str, Clock] | None = None,
    assumed: Assumed = UTC_ASSUMED,
    progress: Progress = lambda _bytes, _events: None,
) -> Iterator[Load]:
    """Load artifacts, many small ones of one mapping in a statement; yields the committed loads as they are done.

    `proved` holds clocks by SHA-256, which take the place of estimates.

    Analysing a mapping's SQL takes a fraction of a second, which for hundreds of small logs is nearly all the time.
    """
    errand = _Errand(stores, org_id, incident_id, said or {}, assumed, proved or {})
    before = errand.committed()
    fresh: list[Wanted] = []
    for one in {w.artifact.sha256: w for w in wanted}.values():
        same = before.get(one.artifact.sha256)
        if same and errand.current(one, same):
            yield same
        else:
            fresh.append(one)
    for batch in _batches(fresh):
        if len(batch) == 1:
            yield _load_one(errand, batch[0], before, progress)
        else:
            yield from _load_batch(errand, batch, before, progress)


def _load_one(errand: _Errand, wanted: Wanted, before: Mapping[str, Load], progress: Progress) -> Load:
    """One artifact of any size. Inserting begins under the clock that the first records tell."""
    intake = errand.intake(wanted, progress)
    known = errand.known_clock(wanted)
    clock = errand.clock(wanted, known) if known else None

    def begin() -> Load:
        load = errand.load(wanted, clock or errand.clock(wanted, intake.first_estimate()))
        errand.open([load])
        return load

    while True:
        load, tally, estimate = intake.insert(begin)
        final = errand.clock(wanted, estimate)
        if _clock_key(final) == _clock_key(load.clock):
            break
        # The first records told another time than all of them: what was written is dropped, unseen by anybody.
        errand.discard(load)
        clock = final
    done = counted(errand.stores.events, errand.org_id, [(intake, load.model_copy(update={"clock": final}), tally)])
    return errand.publish(done, before)[0]


def _load_batch(errand: _Errand, batch: Sequence[Wanted], before: Mapping[str, Load], progress: Progress) -> list[Load]:
    """Small artifacts of one mapping: decoded whole, their clocks estimated together, then inserted together."""
    mapping, events = batch[0].mapping, errand.stores.events
    intakes = [errand.intake(wanted, progress) for wanted in batch]
    blocks = [list(intake.blocks()) for intake in intakes]
    samplers = [Sampler(wanted.artifact, mapping) for wanted in batch]
    for sampler, mine in zip(samplers, blocks, strict=True):
        for block in mine:
            sampler.look(block)
    clocks = estimate_clocks(events, errand.org_id, mapping, errand.assumed, samplers)
    opened = [errand.load(w, errand.clock(w, clock)) for w, clock in zip(batch, clocks, strict=True)]
    errand.open(opened)
    statements: dict[str, list[tuple[Load, list[Block]]]] = defaultdict(list)
    for load, mine in zip(opened, blocks, strict=True):
        statements[select_events(mapping, load.clock, errand.assumed)].append((load, mine))
    for select, parts in statements.items():
        rows = [
            batch_of(b, load.artifact_sha256, load.load_id, shift_of(load.clock))
            for load, mine in parts for b in mine if b.seqs
        ]  # fmt: skip
        if rows:
            token = f"{parts[0][0].load_id}:{uuid.uuid4().hex[:8]}:0"
            events.insert_block("events", events_columns(mapping), select, rows, {"org": errand.org_id}, token)
    tallies = [Tally() for _ in batch]
    for tally, mine in zip(tallies, blocks, strict=True):
        for block in mine:
            tally.add(block)
    progress(sum(w.artifact.size for w in batch), sum(tally.sent for tally in tallies))
    done = counted(events, errand.org_id, list(zip(intakes, opened, tallies, strict=True)))
    return errand.publish(done, before)


def _batches(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Small artifacts together by mapping, others alone; in the order in which each kind was met first."""
    groups: dict[tuple[str, str], list[list[Wanted]]] = defaultdict(list)
    for one in wanted:
        small = one.artifact.size <= SMALL_BYTES
        mine = groups[(one.mapping.name, version_of(one.mapping))]
        last = mine[-1] if mine else []
        fits = (
            small and last and last[-1].artifact.size <= SMALL_BYTES and len(last) < BATCH_ARTIFACTS
            and sum(w.artifact.size for w in last) + one.artifact.size <= BATCH_BYTES
        )  # fmt: skip
        if fits:
            last.append(one)
        else:
            mine.append([one])
    for batches in groups.values():
        yield from batches


def _clock_key(clock: Clock) -> str:
    """What of a clock changes times: the rest is its proof."""
    steps = ";".join(f"{s.host},{s.since.isoformat()},{s.offset_s}" for s in clock.steps)
    said = clock.method == "said-by-user"
    year = clock.note if clock.year_assumed is not None else ""
    return f"{clock.offset_s}|{steps}|{clock.zone_assumed}|{year}|{said}"
