"""Logs whose rows are words parted by blanks, under a line that names the columns: W3C extended logs, VPC flow logs.

Each row becomes an object of the header's names; `-` (unset) is left out. Sources: W3C, "Extended Log File Format"
(`#Fields:`), as IIS, Exchange and HTTP.sys write it; Amazon VPC user guide, "Flow log records" (the names above the rows
in S3, version 2's default columns where there is no such line).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.framing import TOO_LONG, BlockBuilder, numbered_lines
from ircopilot.evidence.records import Block

VPC_DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
).split()
_VPC_NAMES = re.compile(r"[a-z]+(?:-[a-z0-9]+)*(?: [a-z]+(?:-[a-z0-9]+)*)*")
_VPC_ROW = re.compile(r"2 (?:\d{12}|unknown) eni-[0-9a-f]+ (?:\S+ ){10}(?:OK|NODATA|SKIPDATA)$")
_W3C = re.compile(r"#(?:Software|Version|Date|Fields):")


def has_named_columns(lines: Sequence[str]) -> bool:
    """Whether a text that begins with these lines is such a log."""
    if any(line.startswith("#Fields:") for line in lines) and _W3C.match(lines[0]):
        return True
    first = lines[0].split() if lines else []
    named = len(first) > 3 and {"srcaddr", "dstaddr"} <= set(first) and _VPC_NAMES.fullmatch(lines[0].strip())
    return bool(named) or any(_VPC_ROW.match(line) for line in lines[:3])


class NamedColumns:
    """Rows under their header; locator `line:N` counts every line."""

    name = "named_columns"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of rows; a row of another width than its header is an error, one without any data a skip."""
        names: list[str] = []
        out, consumed = BlockBuilder(), 0
        for line in numbered_lines(stream):
            consumed = line.consumed
            text = line.text.decode("utf-8", "replace").strip("\ufeff \t") if line.text is not None else ""
            if line.text is None:
                out.error(f"line:{line.number}", TOO_LONG)
            elif text.startswith("#") or not text:
                names = text.split()[1:] if text.startswith("#Fields:") else names
                out.skip()
            elif _VPC_NAMES.fullmatch(text) and {"srcaddr", "dstaddr"} <= set(text.split()):
                names = text.split()
                out.skip()
            else:
                names = names or (VPC_DEFAULT if _VPC_ROW.match(text) else [])
                _row(out, line.number, text, names)
            if out.full:
                yield out.take(consumed)
        yield out.take(consumed)


def _row(out: BlockBuilder, number: int, text: str, names: Sequence[str]) -> None:
    cells = text.split()
    if not names:
        out.error(f"line:{number}", "a row comes before any line that names its columns")
    elif len(cells) != len(names):
        out.error(f"line:{number}", f"the row has {len(cells)} columns, its header {len(names)}")
    elif cells[-1] in ("NODATA", "SKIPDATA"):
        out.skip()
    else:
        row = {name: cell for name, cell in zip(names, cells, strict=True) if cell != "-"}
        out.add(f"line:{number}", number, orjson.dumps(row))
