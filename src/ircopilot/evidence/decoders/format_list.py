"""Windows events as `Get-WinEvent | Format-List` prints them: a name, a colon and a value a line, records parted by blank lines.

A value goes on in lines that are indented as far as it began. PowerShell breaks long lines at the console's width, and
which breaks are its own cannot be told any more: they stay. Locators: `record:N`.
Source: Microsoft, `Format-List`; columns as in `rendered_events`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.framing import TOO_LONG, BlockBuilder, numbered_lines
from ircopilot.evidence.decoders.rendered_events import read_row
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

_PROPERTY = re.compile(r"([A-Za-z][A-Za-z0-9]{0,39})(\s{0,40}): ?(.*)$")
_TELLING = frozenset(("Id", "EventID", "ProviderName", "Source", "Message", "TimeCreated", "TimeGenerated"))
_NONE = "the text names no Windows event"
_ENDLESS = f"the event is longer than {MAX_RECORD_BYTES >> 20} MiB"


def is_format_list(lines: list[str]) -> bool:
    """Whether the text begins with properties of an event, one a line, their colons below each other."""
    found = [m for line in lines if (m := _PROPERTY.match(line))]
    columns = {m.start(3) for m in found}
    return len({m[1] for m in found} & _TELLING) >= 3 and len(columns) == 1


class FormatList:
    """Properties of one event after the other."""

    name = "format_list"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of flat events; a stretch that names no event is an error."""
        out, record, number, consumed = BlockBuilder(), _Record(), 0, 0
        for line in numbered_lines(stream):
            consumed = line.consumed
            if line.text is None:
                out.error(f"line:{line.number}", TOO_LONG)
                continue
            text = line.text.decode("utf-8", "replace").rstrip("\r")
            if record.begins_anew(text):
                number += record.give(out, number + 1)
                record = _Record()
                if out.full:
                    yield out.take(consumed)
            record.take(text, line.number)
        record.give(out, number + 1)
        yield out.take(consumed)


class _Record:
    """The lines of one record so far."""

    def __init__(self) -> None:
        self.line = 0
        self.size = 0
        self.indent = 0
        self.names: list[str] = []
        self.values: list[list[str]] = []
        self.blank = False

    @property
    def too_long(self) -> bool:
        """Whether its lines are more than a record may be."""
        return self.size > MAX_RECORD_BYTES

    def begins_anew(self, text: str) -> bool:
        """True if this line is the first of another record: a property after a blank line, or one that is there already."""
        m = _PROPERTY.match(text)
        return bool(self.line and m and (self.blank or m[1] in self.names))

    def take(self, text: str, number: int) -> None:
        """A line of the record; blank lines before it are none. Of an endless record nothing is kept."""
        self.size += len(text) + 1 if self.line else 0
        if self.too_long:
            self.values.clear()
            self.blank = not text.strip()
            return
        if not text.strip() and not text.startswith(" " * max(1, self.indent)):
            self.blank = bool(self.line)
            if self.values:
                self.values[-1].append("")
            return
        self.line = self.line or number
        m = _PROPERTY.match(text)
        if m:
            self.indent = self.indent or m.start(3)
            self.names.append(m[1])
            self.values.append([m[3]])
        elif self.values:
            self.values[-1].append(text[self.indent :] if text.startswith(" " * self.indent) else text)
        self.blank = False

    def give(self, out: BlockBuilder, number: int) -> int:
        """Hand the record on; 1 if there was one."""
        if not self.line:
            return 0
        if self.too_long:
            out.error(f"record:{number}", _ENDLESS)
            return 1
        row = {name: "\n".join(value).rstrip() for name, value in zip(self.names, self.values, strict=True)}
        flat = read_row(row)
        if flat is None:
            out.error(f"record:{number}", _NONE)
        else:
            out.add(f"record:{number}", number, orjson.dumps(flat))
        return 1
