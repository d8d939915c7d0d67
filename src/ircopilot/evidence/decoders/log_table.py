"""Tables whose one column holds lines of text logs: a workspace's `Syslog` table, Filebeat or Splunk exports.

The row's framing is that of JSON lines, arrays, wrappers or CSV; the text inside is read as the decoder `lines` reads a
line, and the row's own host, program and time stand in for what the text does not say. Locators are the framing's.
Sources: Azure Monitor, table `Syslog`; Elastic Filebeat, exported fields of the system module; those of `lines`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

import orjson

from ircopilot.evidence.decoders.audit_line import read_audit_line
from ircopilot.evidence.decoders.csv_rows import CsvRows
from ircopilot.evidence.decoders.event_xml import flat_event
from ircopilot.evidence.decoders.framing import BlockBuilder
from ircopilot.evidence.decoders.json_array import JsonArray
from ircopilot.evidence.decoders.json_lines import JsonLines
from ircopilot.evidence.decoders.json_objects import JsonObjects
from ircopilot.evidence.decoders.syslog_line import read_syslog_line
from ircopilot.evidence.decoders.sysmon_line import read_sysmon_xml
from ircopilot.evidence.records import Block, Decoder

HEAD = 64 << 10
TEXT = (
    "SyslogMessage",
    "message",
    "Message",
    "MESSAGE",
    "_raw",
    "RawData",
    "log",
    "event.original",
    "msg",
    "result._raw",
)
STANDS_IN = (
    ("hostname", ("HostName", "Computer", "host.name", "host.hostname", "hostname", "_HOSTNAME", "host", "Hostname")),
    ("program", ("ProcessName", "process.name", "SYSLOG_IDENTIFIER", "program", "appname", "ident", "syslog.appname",
                 "log.syslog.appname", "Process", "process")),
    ("pid", ("ProcessID", "process.pid", "_PID", "pid", "procid")),
    ("timestamp", ("EventTime", "TimeGenerated", "TimeGenerated [UTC]", "@timestamp", "timestamp", "_time", "time")),
)  # fmt: skip
NOT_JSON = "the row is not a JSON object"
Row = Mapping[str, Any]


def holds_log_lines(rows: Iterable[Row]) -> bool:
    """Whether most of these rows hold a line of a Linux log: the table `Syslog`, or text of a form that we know."""
    rows = list(rows)
    found = sum(1 for row in rows if "SyslogMessage" in row or _is_log_text(text_of(row)))
    return bool(rows) and found * 2 > len(rows)


def _is_log_text(text: str) -> bool:
    return bool(
        ("audit(" in text[:200] and read_audit_line(text))
        or (read_sysmon_xml(text))
        or (read_syslog_line(text) or {}).get("program")
    )


def holds_events(rows: Iterable[Row]) -> bool:
    """Whether most of these rows hold a Windows event as XML."""
    rows = list(rows)
    return bool(rows) and sum(1 for row in rows if flat_event(text_of(row))) * 2 > len(rows)


def text_of(row: Row) -> str:
    """The column that holds the line."""
    return next((v for name in TEXT if isinstance(v := _value(row, name), str) and v), "")


def _value(row: Row, name: str) -> Any:
    if name in row:
        return row[name]
    head, dot, rest = name.partition(".")
    inner = row.get(head) if dot else None
    return _value(inner, rest) if isinstance(inner, Mapping) else None


def open_row(row: Row) -> dict[str, Any]:
    """The row with the parts of its text beside its own columns; what the text says itself counts first."""
    text = text_of(row)
    parts: dict[str, Any] = {}
    for name, columns in STANDS_IN:
        value = next((v for c in columns if isinstance(v := _value(row, c), (str, int)) and v != ""), None)
        if value is not None:
            parts[name] = str(value)
    line = read_syslog_line(text) or {}
    # What a row holds beside a line's own stamp without a year is the better time.
    line.pop("bsd_timestamp", None)
    inner = line.get("message", text)
    read = read_sysmon_xml(inner) or (read_audit_line(inner) if "audit(" in inner[:512] else None)
    return {**row, **parts, "message": inner, **line, **(read or {})}


class LogTable:
    """Rows of a table, each a line of a log."""

    name = "log_table"
    context_fields: frozenset[str] = frozenset()
    holds_none = "the row holds no text"

    def open(self, row: Row) -> dict[str, Any] | None:
        """What a row says; None where it says nothing."""
        return open_row(row)

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield the framing's blocks with every row opened."""
        head = stream.read(HEAD)
        for block in _framing(head).decode(cast(BinaryIO, _Rejoined(head, stream))):
            out = BlockBuilder()
            for locator, seq, payload in zip(block.locators, block.seqs, block.payloads, strict=True):
                try:
                    row = orjson.loads(payload)
                except orjson.JSONDecodeError:
                    row = None
                opened_row = self.open(row) if isinstance(row, dict) else None
                if opened_row is not None:
                    out.add(locator, seq, orjson.dumps(opened_row))
                else:
                    out.error(locator, self.holds_none if isinstance(row, dict) else NOT_JSON)
            opened = out.take(block.consumed)
            opened.errors = [*block.errors, *opened.errors]
            opened.skips = block.skips
            yield opened


class EventTable(LogTable):
    """Rows of a table, each a Windows event as XML: Splunk's `XmlWinEventLog` exported to CSV or JSON."""

    name = "event_table"
    holds_none = "the row holds no Windows event"

    def open(self, row: Row) -> dict[str, Any] | None:
        """The event itself; what the table says beside it was said by the event first."""
        return flat_event(text_of(row))


def _framing(head: bytes) -> Decoder:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00")
    if start[:1] == b"[":
        return JsonArray()
    if start[:1] != b"{":
        return CsvRows()
    first = start.split(b"\n", 1)[0].rstrip()
    try:
        whole = isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        whole = b"\n" not in start
    return JsonLines() if whole else JsonObjects()


class _Rejoined(io.RawIOBase):
    """A stream whose head was read already, from its beginning again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        """The head first, then the rest."""
        if not self._head:
            return self._rest.read(size)
        if size is None or size < 0:
            head, self._head = self._head, b""
            return head + self._rest.read()
        head, self._head = self._head[:size], self._head[size:]
        return head

    def readable(self) -> bool:
        """It is."""
        return True
