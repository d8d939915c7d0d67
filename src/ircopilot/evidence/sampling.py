"""Samples for the clock: a few thousand records of an artifact, spread evenly, sent through the mapping's SQL.

The mapping alone knows where a layout keeps its times, so the samples take the same way as the events will.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ircopilot.domain.evidence import Artifact, Clock
from ircopilot.evidence.clocks import ClockSample, estimate_clock
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed, select_samples
from ircopilot.evidence.records import Block, Lines
from ircopilot.stores.events import EventStore
from ircopilot.stores.events.schema import SAMPLE_COLUMNS, SAMPLES_TABLE
from ircopilot.stores.events.store import ROWS

SAMPLES = 2000
FIRST_SAMPLES = 16_000  # picked this densely, the first records tell a clock sooner
ENOUGH = 500  # to begin inserting under a first estimate; the one by all samples has the last word
LOOKED_AT = 400  # this far into the samples, where few of them name a second time,
AT_LEAST = 50  # so many do


@dataclass(slots=True)
class Sampler:
    """Picks records while an artifact is decoded."""

    artifact: Artifact
    mapping: Mapping
    samples: int = SAMPLES
    _locators: list[str] = field(default_factory=list)
    _seqs: list[int] = field(default_factory=list)
    _payloads: list[bytes] = field(default_factory=list)
    _stride: int = 0
    _at: int = 0
    _looked: int = 0

    @property
    def picked(self) -> Block:
        """What was picked so far."""
        return Block(self._locators, self._seqs, self._payloads, [], 0, 0)

    @property
    def enough(self) -> bool:
        """Whether a first estimate is worth making, or no estimate will ever be."""
        picked = len(self._seqs)
        some = self._looked >= LOOKED_AT and picked >= AT_LEAST
        return not self.mapping.references or picked >= ENOUGH or some

    def look(self, block: Block) -> None:
        """Pick every n-th record that names one of the reference fields."""
        if not self.mapping.references or not block.payloads:
            return
        if not self._stride:
            mean = block.size / len(block.payloads)
            self._stride = max(1, round(self.artifact.size / max(mean, 1) / self.samples))
        names = [t.field.rpartition(".")[2].encode() for t in self.mapping.references]
        for n in range(self._at, len(block.payloads), self._stride):
            payload = block.payloads[n]
            self._looked += 1
            if any(name in payload for name in names):
                self._locators.append(block.locators[n])
                self._seqs.append(block.seqs[n])
                self._payloads.append(payload)
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


def batch_of(block: Block, sha256: str, load_id: str, shift: int = 0) -> pa.RecordBatch:
    """A block as the columns that a mapping reads. Lines keep their ends, which are white space to a JSON parser."""
    count = len(block.seqs)
    lines, seqs = block.payloads, np.array(block.seqs, np.uint64)
    raw = _bytes_of(lines.text, lines.begins) if isinstance(lines, Lines) else _joined(lines)
    sha, load = (_repeated(text.encode(), count).cast(pa.string()) for text in (sha256, load_id))
    locators = _joined([locator.encode() for locator in block.locators]).cast(pa.string())
    numbers = pa.UInt64Array.from_buffers(pa.uint64(), count, [None, pa.py_buffer(seqs.data)])
    shifts = pa.Int64Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(np.full(count, shift, np.int64).data)])
    return pa.record_batch([locators, numbers, raw, sha, load, shifts], schema=ROWS)


def _joined(texts: Sequence[bytes]) -> pa.Array[Any]:
    """Texts as Arrow's binary; `pa.array` would load pandas first, a quarter of a second."""
    begins = np.zeros(len(texts) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, texts), np.int32, len(texts)), out=begins[1:])
    return _bytes_of(b"".join(texts), begins)


def _repeated(text: bytes, count: int) -> pa.Array[Any]:
    return _bytes_of(text * count, np.arange(count + 1, dtype=np.int32) * np.int32(len(text)))


def _bytes_of(text: bytes, begins: NDArray[np.int32]) -> pa.Array[Any]:
    buffers = [None, pa.py_buffer(begins.data), pa.py_buffer(text)]
    return pa.BinaryArray.from_buffers(pa.binary(), len(begins) - 1, buffers)
