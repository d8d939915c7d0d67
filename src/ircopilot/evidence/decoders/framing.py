"""What decoders of text share: numbered lines in bounded memory, text encodings, and filling blocks.

Sources: RFC 3629 (UTF-8), RFC 2781 (UTF-16 and its byte order mark).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from ircopilot.domain.evidence import ParseError
from ircopilot.evidence.records import BLOCK_BYTES, MAX_RECORD_BYTES, Block

CHUNK = 1 << 20
BLOCK_RECORDS = 8_192  # so that small records are inserted while the next are decoded
FIRST_RECORDS = 2_048  # the clock is told by them, and inserting waits for it
# Errors beyond these are counted, not kept one by one: a hostile file must not fill the memory with reasons.
BLOCK_ERRORS = 50_000


class BlockBuilder:
    """Gathers records until a block is full."""

    def __init__(self) -> None:
        self._most = FIRST_RECORDS
        self._begin()

    def _begin(self) -> None:
        self._seqs: list[int] = []
        self._payloads: list[bytes] = []
        self._block = Block([], self._seqs, self._payloads, [], 0, 0)
        self._bytes = 0

    def add(self, locator: str, seq: int, payload: bytes) -> None:
        """One record."""
        self._block.locators.append(locator)
        self._seqs.append(seq)
        self._payloads.append(payload)
        self._bytes += len(payload)

    def extend(self, locators: Sequence[str], seqs: Sequence[int], payloads: Sequence[bytes]) -> None:
        """Several records at once."""
        self._block.locators.extend(locators)
        self._seqs.extend(seqs)
        self._payloads.extend(payloads)
        self._bytes += sum(map(len, payloads))

    def error(self, locator: str, reason: str) -> None:
        """One record that cannot be read."""
        self._block.errors.append(ParseError(locator=locator, reason=reason))

    def skip(self, count: int = 1) -> None:
        """Records that are none, by declaration: blank lines, headers."""
        self._block.skips += count

    @property
    def full(self) -> bool:
        """Whether it is time to hand the block on."""
        block = self._block
        return self._bytes >= BLOCK_BYTES or len(block.seqs) >= self._most or len(block.errors) >= BLOCK_ERRORS

    def take(self, consumed: int) -> Block:
        """The block gathered so far; a new one begins. `consumed` is the position in the plaintext, in bytes."""
        block = self._block
        block.consumed = consumed
        self._most = BLOCK_RECORDS
        self._begin()
        return block


class Line:
    """A line without its end. `text` is None when the line is longer than a record may be."""

    __slots__ = ("consumed", "number", "text")

    def __init__(self, number: int, text: bytes | None, consumed: int) -> None:
        self.number, self.text, self.consumed = number, text, consumed


TOO_LONG = f"the line is longer than {MAX_RECORD_BYTES >> 20} MiB"


def encoding_of(head: bytes) -> str:
    """`utf-16-le`, `utf-16-be` or `utf-8`, by byte order mark or by where the NULs of plain text lie."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    even, odd = head[0:512:2], head[1:512:2]
    if len(even) >= 8 and odd.count(0) > len(odd) * 0.7 and even.count(0) < len(even) * 0.1:
        return "utf-16-le"
    if len(odd) >= 8 and even.count(0) > len(even) * 0.7 and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be"
    return "utf-8"


def utf8_chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Pieces of UTF-8 text without byte order mark, each with the bytes of the stream read so far.

    UTF-16 is transcoded; what is neither is passed on as it stands, and bad bytes become U+FFFD where text is made.
    """
    first = stream.read(CHUNK)
    encoding = encoding_of(first)
    decode = codecs.getincrementaldecoder(encoding)(errors="replace") if encoding != "utf-8" else None
    chunk, consumed, at_start = first, 0, True
    while chunk:
        consumed += len(chunk)
        text = decode.decode(chunk).encode("utf-8", "replace") if decode else chunk
        if at_start:
            text, at_start = text.removeprefix(codecs.BOM_UTF8), False
        yield text, consumed
        chunk = stream.read(CHUNK)


def numbered_lines(stream: BinaryIO) -> Iterator[Line]:
    """Lines ended by LF (a CR before it is dropped), counted from 1, blank ones too; long ones are passed over."""
    number, rest, too_long, consumed = 1, b"", False, 0
    for chunk, consumed in utf8_chunks(stream):
        lines = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        rest = lines.pop()
        for line in lines:
            bad = too_long or len(line) > MAX_RECORD_BYTES
            yield Line(number, None if bad else line.removesuffix(b"\r"), consumed)
            number, too_long = number + 1, False
        if len(rest) > MAX_RECORD_BYTES:
            rest, too_long = b"", True
    if rest or too_long:
        yield Line(number, None if too_long else rest.removesuffix(b"\r"), consumed)
