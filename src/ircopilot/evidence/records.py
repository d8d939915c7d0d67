"""What decoders hand on: located records in blocks, and located errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

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


@dataclass(slots=True)
class Block:
    """Some records of one artifact (about `BLOCK_BYTES` of payload), with what could not be read between them.

    `locators[i]`, `seqs[i]`, `payloads[i]` belong together. `consumed` is how far the plaintext stream has been
    read, in bytes, for progress. `skips` counts declared skips (blank lines, header lines).
    """

    locators: list[str]
    seqs: list[int]
    payloads: list[bytes]
    errors: list[ParseError]
    skips: int
    consumed: int


class Decoder(Protocol):
    """Bytes → blocks; knows framing, not meaning. `name` is the registry key."""

    name: str

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks in order. Bad records become `ParseError`s; only an unusable container raises."""
        ...


BLOCK_BYTES = 8 << 20
MAX_RECORD_BYTES = 16 << 20
