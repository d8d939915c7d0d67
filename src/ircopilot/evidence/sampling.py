"""Samples for the clock: a few thousand records of an artifact, spread evenly, sent through the mapping's SQL.

The mapping alone knows where a layout keeps its times, so the samples take the same way as the events will.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pyarrow as pa

from ircopilot.domain.evidence import Artifact, Clock
from ircopilot.evidence.clocks import ClockSample, estimate_clock
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed, select_samples
from ircopilot.evidence.records import Block
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.schema import SAMPLE_COLUMNS
from ircopilot.stores.events.store import ROWS

SAMPLES = 4000
ENOUGH = 500  # to begin inserting under a first estimate


@dataclass(slots=True)
class Sampler:
    """Picks records while an artifact is decoded."""

    artifact: Artifact
    mapping: Mapping
    assumed: Assumed
    _picked: list[tuple[str, int, bytes]] = field(default_factory=list)
    _stride: int = 0
    _at: int = 0

    @property
    def enough(self) -> bool:
        """Whether a first estimate is worth making, or no estimate will ever be."""
        return not self.mapping.references or len(self._picked) >= ENOUGH

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
                self._picked.append((block.locators[n], block.seqs[n], payload))
        self._at = (self._at - len(block.payloads)) % self._stride

    def estimate(self, events: EventStore, org_id: str) -> Clock:
        """The clock by what was picked so far."""
        if not self._picked:
            return Clock(source=self.mapping.name)
        scratch = str(uuid.uuid4())
        params = {"org": org_id, "load": scratch, "sha": self.artifact.sha256}
        select = select_samples(self.mapping, self.assumed)
        locators, seqs, payloads = (list(column) for column in zip(*self._picked, strict=True))
        rows = pa.record_batch(
            [pa.array(locators), pa.array(seqs, pa.uint64()), pa.array(payloads, pa.binary())], schema=ROWS
        )
        events.insert_block("clock_samples", SAMPLE_COLUMNS, select, [rows], params, scratch)
        samples = [ClockSample(**s) for s in events.take_samples(org_id, scratch)]
        return estimate_clock(samples, self.mapping.name)
