"""A JSON array of objects: element N is `record:N` (1-based). The array is never held whole: it is cut at its commas.

Source: RFC 8259.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from ircopilot.evidence.decoders.framing import BlockBuilder, utf8_chunks
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

_BLANK = b" \t\r\n"
# Strings are passed over whole, so that brackets inside them do not count.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},"]', re.DOTALL)


class JsonArray:
    """One element, one record."""

    name = "json_array"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of elements. What is cut off or not an element becomes an error."""
        out, cutter, consumed = BlockBuilder(), _Cutter(), 0
        for chunk, consumed in utf8_chunks(stream):  # noqa: B007
            for element in cutter.feed(chunk):
                _add(out, cutter.count, element)
            if cutter.too_long:
                out.error(
                    f"record:{cutter.count + 1}", f"longer than {MAX_RECORD_BYTES >> 20} MiB; the rest is not read"
                )
                break
            if out.full:
                yield out.take(consumed)
        if not cutter.closed and not cutter.too_long:
            out.error(f"record:{cutter.count + 1}", "the array ends in the middle")
        yield out.take(consumed)


def _add(out: BlockBuilder, number: int, element: bytes) -> None:
    text = element.strip(_BLANK)
    if text.startswith(b"{"):
        out.add(f"record:{number}", number, text)
    else:
        out.error(f"record:{number}", "the element is not a JSON object")


class _Cutter:
    """Cuts the text of an array into the texts of its elements."""

    def __init__(self) -> None:
        self.count, self.closed, self.too_long = 0, False, False
        self._text, self._depth, self._scanned = b"", 0, 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The elements that are whole once `chunk` is there."""
        text, depth, start, end = self._text + chunk, self._depth, 0, self._scanned
        for token in _TOKEN.finditer(text, end):
            sign = token[0]
            if sign == b'"':  # a string that ends in a later chunk: it is scanned again
                end = token.start()
                break
            end = token.end()
            if sign in (b"[", b"{"):
                depth += 1
                if depth == 1:
                    start = end
            elif sign in (b"]", b"}") or (sign == b"," and depth == 1):
                depth -= sign != b","
                if depth == 0 or sign == b",":
                    element, start = text[start : token.start()], end
                    if not self.closed and (sign == b"," or element.strip(_BLANK)):
                        self.count += 1
                        yield element
                    self.closed |= depth == 0
        self._text, self._depth, self._scanned = text[start:], depth, end - start
        self.too_long = len(self._text) > MAX_RECORD_BYTES and not self.closed
