"""JSON lines: one object a line, locator `line:N` (1-based, blank lines counted). Lines are passed on as they stand.

Whether a line is JSON is found where it is parsed, in ClickHouse; a line that is not becomes a located error there.
Sources: https://jsonlines.org, RFC 8259.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from ircopilot.domain.evidence import ParseError
from ircopilot.evidence.decoders.framing import TOO_LONG, BlockBuilder, utf8_chunks
from ircopilot.evidence.records import BLOCK_BYTES, MAX_RECORD_BYTES, Block, Lines


class JsonLines:
    """One line, one record."""

    name = "json_lines"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of whole lines. Blank lines are declared skips, endless ones errors."""
        number, sizes, dropping, consumed = 1, [0, 0], False, 0
        whole: list[bytes] = []
        rest: list[bytes] = []
        for chunk, consumed in utf8_chunks(stream):
            cut = chunk.rfind(b"\n") + 1
            if cut and not dropping:
                whole += [*rest, chunk[:cut]]
                sizes[0] += sizes[1] + cut
            elif cut:
                end = chunk.find(b"\n") + 1
                whole += [b"\n", chunk[end:cut]]  # a blank line stands for the endless one
                yield Block([], [], [], [_endless(number)], -1, consumed)
                sizes[0] = cut - end
            if cut or not dropping:
                rest = [*(() if cut else rest), chunk[cut:]]
                sizes[1] = len(chunk) - cut + (0 if cut else sizes[1])
                dropping = False
            if sizes[0] >= BLOCK_BYTES or sizes[1] > MAX_RECORD_BYTES:
                block, count = _block(b"".join(whole), number, consumed)
                number, whole, sizes[0] = number + count, [], 0
                yield block
            if sizes[1] > MAX_RECORD_BYTES:
                rest, sizes[1], dropping = [], 0, True
        if dropping:
            yield Block([], [], [], [_endless(number)], 0, consumed)
        yield _block(b"".join([*whole, *rest]), number, consumed)[0]


def _endless(number: int) -> ParseError:
    return ParseError(locator=f"line:{number}", reason=TOO_LONG)


def _block(text: bytes, first: int, consumed: int) -> tuple[Block, int]:
    """The lines of `text`, which begin with line `first`, and how many they are. The last one may lack its end."""
    if not text:
        return Block([], [], [], [], 0, consumed), 0
    lines = Lines(text)
    lengths = np.diff(lines.begins)
    if lengths.min() > 2 and lengths.max() <= MAX_RECORD_BYTES:
        numbers = range(first, first + len(lines))
        return Block([f"line:{n}" for n in numbers], numbers, lines, [], 0, consumed), len(lines)
    out = BlockBuilder()
    for n, line in enumerate(lines, first):
        if len(line) > MAX_RECORD_BYTES:
            out.error(f"line:{n}", TOO_LONG)
        elif not line or line.isspace():
            out.skip()
        else:
            out.add(f"line:{n}", n, line)
    return out.take(consumed), len(lines)
