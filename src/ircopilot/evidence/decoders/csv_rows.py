"""Tables of text: comma, semicolon, tab or pipe between the cells, names in the first row.

Each row becomes an object of the header's names; empty cells are left out, cells beyond the header become `extra_N`.
Locator `record:N` counts the rows below the header, blank ones too, as a cell may span lines.
Source: RFC 4180, read leniently.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.framing import BlockBuilder, numbered_lines
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

DELIMITERS = ",;\t|"
# What PowerShell's Export-Csv and Excel put above the names.
PREFACE = re.compile(r"#TYPE |\"?sep=.\"?$")


class CsvRows:
    """Rows below a header."""

    name = "csv"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of rows; a row that the CSV rules cannot read is an error, and the next one is tried."""
        csv.field_size_limit(MAX_RECORD_BYTES)
        out, text = BlockBuilder(), _Text(stream)
        first = next(text.lines, None)
        if first is not None and PREFACE.match(first):
            out.skip()
            first = next(text.lines, None)
        if first is None:
            yield out.take(0)
            return
        delimiter = delimiter_of(first)
        header = next(csv.reader([first], delimiter=delimiter), [])
        names = unique_names(header)
        rows = csv.reader(text.lines, delimiter=delimiter)
        out.skip()
        number = 0
        while True:
            number += 1
            try:
                cells = next(rows, None)
            except csv.Error as e:
                out.error(f"record:{number}", f"the row cannot be read: {e}")
                continue
            if cells is None:
                break
            _row(names, cells, number, out)
            if out.full:
                yield out.take(text.consumed)
        for line in text.too_long:
            out.error(f"line:{line}", "the line is longer than a record may be")
        yield out.take(text.consumed)


class _Text:
    """Lines as text with their ends, for the csv reader; remembers what was passed over."""

    def __init__(self, stream: BinaryIO) -> None:
        self.consumed = 0
        self.too_long: list[int] = []
        self.lines = self._read(stream)

    def _read(self, stream: BinaryIO) -> Iterator[str]:
        for line in numbered_lines(stream):
            self.consumed = line.consumed
            if line.text is None:
                self.too_long.append(line.number)
            else:
                yield line.text.decode("utf-8", "replace").replace("\0", "\ufffd") + "\n"


def _row(names: list[str], cells: list[str], number: int, out: BlockBuilder) -> None:
    if not any(cells):
        out.skip()
        return
    if cells == names:
        out.skip()
        return
    row = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
    for index, cell in enumerate(cells[len(names) :], 1):
        if cell:
            row[f"extra_{index}"] = cell
    out.add(f"record:{number}", number, orjson.dumps(row))


def delimiter_of(header: str) -> str:
    """The delimiter that splits the header into most cells; comma if none does."""
    return max(DELIMITERS, key=lambda d: (len(next(csv.reader([header], delimiter=d), [])), d == ","))


def unique_names(header: list[str]) -> list[str]:
    """Names of the columns: blank ones get a number, repeated ones too."""
    names: list[str] = []
    for index, cell in enumerate(header, 1):
        name = cell.strip() or f"column_{index}"
        names.append(name if name not in names else f"{name}_{index}")
    return names
