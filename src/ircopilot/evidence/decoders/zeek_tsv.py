r"""Zeek's tab-separated logs: `#separator`, `#fields`, `#types`, `-` for unset, `(empty)` for an empty set.

Each row becomes an object of the header's field names; unset fields are left out, sets and vectors become arrays,
numbers and booleans stay the text that they are. The log's own name (`#path`) is added as `_path`, as Zeek's JSON
writer and Corelight name it. Source: Zeek documentation, "Zeek Log Formats and Inspection"; Zeek's
`src/logging/writers/ascii/Ascii.cc` for the escapes (`\xHH`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.framing import TOO_LONG, BlockBuilder, numbered_lines
from ircopilot.evidence.records import Block

ESCAPE = re.compile(rb"(?:\\x[0-9a-fA-F]{2})+")


@dataclass(slots=True)
class _Header:
    """What the `#` lines above the rows say."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: list[str] = field(default_factory=list)
    is_set: list[bool] = field(default_factory=list)

    def read(self, line: str) -> None:
        """Take in one `#` line. A new `#fields` forgets the types of the last."""
        if line.startswith("#separator"):
            raw = line[len("#separator") :].strip(" ")
            self.separator = _unescape(raw.encode()).decode("utf-8", "replace") or "\t"
            return
        key, *values = line[1:].split(self.separator)
        match key:
            case "set_separator" if values:
                self.set_separator = _unescape(values[0].encode()).decode("utf-8", "replace") or ","
            case "empty_field" if values:
                self.empty = values[0]
            case "unset_field" if values:
                self.unset = values[0]
            case "path" if values:
                self.path = values[0]
            case "fields":
                self.fields, self.is_set = values, [False] * len(values)
            case "types" if len(values) == len(self.fields):
                self.is_set = [v.startswith(("set[", "vector[", "table[")) for v in values]


def _unescape(raw: bytes) -> bytes:
    if b"\\x" not in raw:
        return raw
    return ESCAPE.sub(lambda m: bytes.fromhex(m[0].replace(b"\\x", b"").decode()), raw)


class ZeekTsv:
    """Rows of one or more Zeek logs, one after another in the file; locator `line:N` counts every line."""

    name = "zeek_tsv"
    context_fields = frozenset({"_path"})

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of rows; rows before a `#fields` line, or of another width, are errors."""
        header, out, consumed = _Header(), BlockBuilder(), 0
        for line in numbered_lines(stream):
            consumed = line.consumed
            if line.text is None:
                out.error(f"line:{line.number}", TOO_LONG)
            elif not line.text or line.text.isspace():
                out.skip()
            elif line.text.startswith(b"#"):
                header.read(line.text.decode("utf-8", "replace"))
                out.skip()
            else:
                _row(header, line.number, line.text, out)
            if out.full:
                yield out.take(consumed)
        yield out.take(consumed)


def _row(header: _Header, number: int, text: bytes, out: BlockBuilder) -> None:
    cells = text.decode("utf-8", "replace").split(header.separator)
    if not header.fields:
        out.error(f"line:{number}", "a row comes before any #fields line")
        return
    if len(cells) != len(header.fields):
        out.error(f"line:{number}", f"the row has {len(cells)} columns, its header {len(header.fields)}")
        return
    row: dict[str, object] = {"_path": header.path} if header.path else {}
    for name, cell, is_set in zip(header.fields, cells, header.is_set, strict=True):
        if cell == header.unset:
            continue
        if is_set:
            row[name] = [] if cell == header.empty else [_plain(v) for v in cell.split(header.set_separator)]
        else:
            row[name] = "" if cell == header.empty else _plain(cell)
    out.add(f"line:{number}", number, orjson.dumps(row))


def _plain(cell: str) -> str:
    return _unescape(cell.encode()).decode("utf-8", "replace") if "\\x" in cell else cell
