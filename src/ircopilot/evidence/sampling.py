"""Samples for the clock: a few thousand records of an artifact, spread evenly, sent through the mapping's SQL.

The mapping alone knows where a layout keeps its times, so the samples take the same way as the events will.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ircopilot.domain.evidence import Artifact, Clock
from ircopilot.evidence.clocks import ClockSample, estimate_clock
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed, select_samples
from ircopilot.evidence.records import Block
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.schema import SAMPLE_COLUMNS, SAMPLES_TABLE
from ircopilot.stores.events.store import ROWS

SAMPLES = 2000
ENOUGH = 500  # to begin inserting under a first estimate


@dataclass(slots=True)
class Sampler:
    """Picks records while an artifact is decoded."""

    artifact: Artifact
    mapping: Mapping
    picked: Block = field(default_factory=lambda: Block([], [], [], [], 0, 0))
    _stride: int = 0
    _at: int = 0

    @property
    def enough(self) -> bool:
        """Whether a first estimate is worth making, or no estimate will ever be."""
        return not self.mapping.references or len(self.picked.seqs) >= ENOUGH

    def look(self, block: Block) -> None:
        """Pick every n-th record that names one of the reference fields."""
        if not self.mapping.references or not block.payloads:
            return
        if not self._stride:
            mean = sum(map(len, block.payloads)) / len(block.payloads)
            self._stride = max(1, round(self.artifact.size / max(mean, 1) / SAMPLES))
        names = [t.field.rpartition(".")[2].encode() for t in self.mapping.references]
        for n in range(self._at, len(block.payloads), self._stride):
            payload = block.payloads[n]
            if any(name in payload for name in names):
                self.picked.locators.append(block.locators[n])
                self.picked.seqs.append(block.seqs[n])
                self.picked.payloads.append(payload)
        self._at = (self._at - len(block.payloads)) % self._stride


def estimate_clocks(
    events: EventStore, org_id: str, mapping: Mapping, assumed: Assumed, samplers: Sequence[Sampler]
) -> list[Clock]:
    """The clock of each sampler's artifact by what was picked of it, all of them in one statement."""
    scratch = str(uuid.uuid4())
    batches = [batch_of(s.picked, s.artifact.sha256, scratch) for s in samplers if s.picked.seqs]
    by_artifact: dict[str, list[ClockSample]] = defaultdict(list)
    if batches:
        select = select_samples(mapping, assumed)
        events.insert_block(SAMPLES_TABLE, SAMPLE_COLUMNS, select, batches, {"org": org_id}, scratch)
        for sample in events.take_samples(org_id, scratch):
            by_artifact[sample.pop("artifact_sha256")].append(ClockSample(**sample))
    return [estimate_clock(by_artifact[s.artifact.sha256], mapping.name) for s in samplers]


def batch_of(block: Block, sha256: str, load_id: str) -> pa.RecordBatch:
    """A block as the columns that a mapping reads."""
    count = len(block.seqs)
    columns = [
        pa.array(block.locators, pa.string()), pa.array(block.seqs, pa.uint64()), pa.array(block.payloads, pa.binary()),
        pa.repeat(sha256, count), pa.repeat(load_id, count),
    ]  # fmt: skip
    return pa.record_batch(columns, schema=ROWS)
