"""What decoders hand on: located records in blocks, and located errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from ircopilot.domain.evidence import ParseError


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record: where it lies, and its text as one JSON object (UTF-8).

    `seq` is the record's position in the artifact, 1-based. For JSON lines `payload` is the line as it stands; a
    decoder of another framing (EVTX, TSV, CSV, syslog line) makes a JSON object of the record's own names and values.
    """

    locator: str
    seq: int
    payload: bytes


class Lines(Sequence[bytes]):
    """The lines of a text, without their ends, cut out when asked for: a text goes into Arrow as it stands.

    `begins` has one entry more than there are lines: where each begins, and where the text ends. A line's end, LF or
    CR LF, belongs to it there.
    """

    __slots__ = ("begins", "text")

    def __init__(self, text: bytes) -> None:
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == 10) + 1
        tail = [] if not text or text.endswith(b"\n") else [len(text)]
        self.text = text
        self.begins: NDArray[np.int32] = np.concatenate(([0], ends, tail)).astype(np.int32)

    def __len__(self) -> int:
        return len(self.begins) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[n] for n in range(*at.indices(len(self)))]
        place = range(len(self))[at]
        return self.text[self.begins[place] : self.begins[place + 1]].removesuffix(b"\n")

    def __iter__(self) -> Iterator[bytes]:
        begins = self.begins.tolist()
        return (self.text[a:b].removesuffix(b"\n") for a, b in pairwise(begins))


@dataclass(slots=True)
class Block:
    """Some records of one artifact (about `BLOCK_BYTES` of payload), with what could not be read between them.

    `locators[i]`, `seqs[i]`, `payloads[i]` belong together. `consumed` is how far the plaintext stream has been
    read, in bytes, for progress. `skips` counts declared skips (blank lines, header lines).
    """

    locators: list[str]
    seqs: Sequence[int]
    payloads: Sequence[bytes]
    errors: list[ParseError]
    skips: int
    consumed: int

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return len(self.payloads.text) if isinstance(self.payloads, Lines) else sum(map(len, self.payloads))


class Decoder(Protocol):
    """Bytes → blocks; knows framing, not meaning. `name` is the registry key."""

    name: str

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks in order. Bad records become `ParseError`s; only an unusable container raises."""
        ...


BLOCK_BYTES = 8 << 20
MAX_RECORD_BYTES = 16 << 20
