"""Windows events as text for people: Splunk's `WinEventLog`, and `wevtutil qe /f:text`.

Each becomes a flat object of the names that the same event has as XML, made from its head and its message. Locators:
`bytes:A-B`, the event's stretch of the file (from A, up to and without B). Sources: Splunk, "Monitor Windows event log
data" (`renderXml = false`); the documentation of `wevtutil`; of the messages see `rendered_message`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import orjson

from ircopilot.evidence.decoders.framing import BlockBuilder, utf8_chunks
from ircopilot.evidence.decoders.rendered_events import read_row
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

_SPLUNK = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}(?:\.\d+)?(?: [AP]M)?$")
_WEVTUTIL = re.compile(r"Event\[\d+\]:?$")
_NAMED = re.compile(r"([A-Za-z][A-Za-z ]{1,20}?)\s*[=:]\s?(.*)$")
# Names of the head, as `Get-WinEvent` has them.
_HEAD = {
    "LogName": "LogName",
    "Log Name": "LogName",
    "EventCode": "Id",
    "Event ID": "Id",
    "ComputerName": "MachineName",
    "Computer": "MachineName",
    "SourceName": "ProviderName",
    "Source": "ProviderName",
    "RecordNumber": "RecordId",
    "Date": "TimeCreated",
}
_MANAGER = "Microsoft-Windows-Service Control Manager"  # Windows itself names it without what stands before
_NONE = "here should be an event: a date and its log's name, or Event[N]"
_UNNAMED = "the event names no number, no log or no source"
_ENDLESS = f"the event is longer than {MAX_RECORD_BYTES >> 20} MiB"


def holds_text_events(lines: Sequence[str]) -> bool:
    """Whether a text that begins with these lines holds such events."""
    for n, line in enumerate(lines[:-1]):
        following = lines[n + 1].strip()
        if _SPLUNK.match(line) and following.startswith("LogName="):
            return True
        if _WEVTUTIL.match(line) and following.startswith("Log Name:"):
            return True
    return False


class WindowsText:
    """Events one after another, each over many lines."""

    name = "windows_text"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of flat events. What stands before the first one, and what names no number, is an error."""
        out, consumed, number = BlockBuilder(), 0, 0
        open_event = _Open(0)
        for offset, size, text, consumed in _lines(stream):
            if open_event.waits and text.strip().startswith(("LogName=", "Log Name:")):
                number += open_event.done(out, number)
                open_event = open_event.next()
            open_event.add(offset, size, text)
            if out.full:
                yield out.take(consumed)
        open_event.done(out, number, whole=True)
        yield out.take(consumed)


class _Open:
    """The event that is being read: its lines, and where they lie. The last line may be the next event's first."""

    def __init__(self, begin: int, named: bool = False) -> None:
        self.begin, self.end, self.named = begin, begin, named
        self.lines: list[str] = []
        self.last = begin

    def add(self, offset: int, size: int, text: str) -> None:
        self.last, self.end = offset, offset + size
        if not self.too_long:
            self.lines.append(text.rstrip())
        elif _begins(text):
            self.lines[-1] = (
                text.rstrip()
            )  # of an endless event nothing is kept but what may be the next one's first line

    @property
    def too_long(self) -> bool:
        """Whether its lines, the last one too, are more than a record may be."""
        return self.end - self.begin > MAX_RECORD_BYTES

    @property
    def waits(self) -> bool:
        """Whether the last line looks like an event's first."""
        return bool(self.lines) and _begins(self.lines[-1])

    def next(self) -> _Open:
        """The event that begins with the last line."""
        following = _Open(self.last, named=True)
        following.add(self.last, self.end - self.last, self.lines[-1])
        return following

    def done(self, out: BlockBuilder, number: int, whole: bool = False) -> int:
        """Enter what the lines are; 1 if that is an event, or an error in its place."""
        lines, end = (self.lines, self.end) if whole else (self.lines[:-1], self.last)
        if not any(lines):
            return 0
        locator = f"bytes:{self.begin}-{end}"
        if end - self.begin > MAX_RECORD_BYTES:
            out.error(locator, _ENDLESS)
        elif flat := _flat(lines) if self.named else {}:
            out.add(locator, number + 1, orjson.dumps(flat))
        else:
            out.error(locator, _UNNAMED if self.named else _NONE)
        return 1


def _begins(line: str) -> bool:
    return bool(_SPLUNK.match(line) or _WEVTUTIL.match(line))


def _lines(stream: BinaryIO) -> Iterator[tuple[int, int, str, int]]:
    """Each line with its offset in the text and its size in bytes, and how much of the stream is read.

    Of a line that is longer than a record may be the end is not kept; its size is the whole one's.
    """
    rest, base, dropped, consumed = b"", 0, 0, 0
    for chunk, consumed in utf8_chunks(stream):
        parts = (rest + chunk).split(b"\n")
        last = parts.pop()
        for part in parts:
            size = len(part) + dropped
            yield base, size, part.decode("utf-8", "replace"), consumed
            base, dropped = base + size + 1, 0
        rest = last[: MAX_RECORD_BYTES + 1]
        dropped += len(last) - len(rest)
    if rest:
        yield base, len(rest) + dropped, rest.decode("utf-8", "replace"), consumed


def _flat(lines: list[str]) -> dict[str, Any]:
    """The event as the event log would have it; empty where its head names none."""
    row = {} if _WEVTUTIL.match(lines[0]) else {"TimeCreated": lines[0]}
    message: list[str] = []
    for n, line in enumerate(lines[1:], 2):
        found = _NAMED.match(line.strip())
        if line.startswith("Message=") or (found and found[1].strip() == "Description"):
            message = [line.split("=", 1)[1] if line.startswith("Message=") else "", *lines[n:]]
            break
        if found and (name := _HEAD.get(found[1].strip())) and found[2].strip() not in ("", "N/A"):
            row.setdefault(name, found[2].strip())
    if row.get("ProviderName") == _MANAGER:
        row["ProviderName"] = _MANAGER.removeprefix("Microsoft-Windows-")
    row["Message"] = "\n".join(message).strip()
    return (read_row(row) or {}) if {"Id", "LogName", "ProviderName"} <= set(row) else {}
