"""Windows events as XML text: one a line, printed over many lines, with a root element `<Events>` or without.

Locators: `bytes:A-B`, the event's stretch of the file (from A, up to and without B). Sources: `wevtutil qe /f:xml` and
`/e:Events`, Event Viewer's "Save as XML", PowerShell's `$event.ToXml()`, Splunk's `XmlWinEventLog`; see `event_xml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.event_xml import flat_event
from ircopilot.evidence.decoders.framing import BlockBuilder, utf8_chunks
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

_BEGIN = re.compile(rb"<Event(?=[\s>])")
_END = b"</Event>"
# What may stand between two events: the root's tags, a declaration, comments, blanks, a list's commas and quotes.
_BETWEEN = re.compile(rb"(?:<\?xml[^<>]*>|</?Events?(?:\s[^<>]*)?>|<!--[^<>]*-->|[\s,;\"']+)+")
_NONE = "here should be an event"
_CUT = "the text is cut short inside an event"
_UNREADABLE = "the event names no number, or no System"


class WindowsXml:
    """Events one after another in a text."""

    name = "windows_xml"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of flat events; what is none is an error, and the events behind it are found again."""
        out, data, base, consumed, number = BlockBuilder(), b"", 0, 0, 0
        for chunk, consumed in utf8_chunks(stream):
            data += chunk
            at = 0
            while (found := _next(data, at)) is not None:
                begin, end = found
                number += _between(out, data[at:begin], base + at)
                number += 1
                _event(out, data[begin:end], base + begin, number)
                at = end
            data, base = data[at:], base + at
            if len(data) > MAX_RECORD_BYTES:
                out.error(f"bytes:{base}-{base + len(data)}", f"the event is longer than {MAX_RECORD_BYTES >> 20} MiB")
                data, base = b"", base + len(data)
            if out.full:
                yield out.take(consumed)
        if _BEGIN.search(data):
            out.error(f"bytes:{base}-{base + len(data)}", _CUT)
        else:
            _between(out, data, base)
        yield out.take(consumed)


def _next(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the next whole event begins and ends. One that begins before the last ended was cut short."""
    begin = _BEGIN.search(data, at)
    if begin is None:
        return None
    end = data.find(_END, begin.end())
    return (begin.start(), end + len(_END)) if end >= 0 else None


def _between(out: BlockBuilder, text: bytes, offset: int) -> int:
    """1 and an error where something stands between two events that is no framing, else 0."""
    rest = _BETWEEN.sub(b"", text)
    if not rest:
        return 0
    out.error(f"bytes:{offset}-{offset + len(text)}", _NONE)
    return 1


def _event(out: BlockBuilder, text: bytes, offset: int, number: int) -> None:
    locator = f"bytes:{offset}-{offset + len(text)}"
    cut = [m.start() for m in _BEGIN.finditer(text)][1:]
    if cut:  # an event without an end, and then one with
        out.error(f"bytes:{offset}-{offset + cut[-1]}", _CUT)
        text, locator = text[cut[-1] :], f"bytes:{offset + cut[-1]}-{offset + len(text)}"
    flat = flat_event(text.decode("utf-8", "replace"))
    if flat is None:
        out.error(locator, _UNREADABLE)
    else:
        out.add(locator, number, orjson.dumps(flat))
