"""JSON objects that are no lines: a wrapper around a list (`{"Records": [...]}`), or objects printed over many lines.

Locators: `record:N` for element N of a wrapper's list when the list is the wrapper's first member, else `bytes:A-B`
(from A, up to and without B), which leads to a text of several lines as well. Elements are passed on as they stand.
Sources: RFC 8259; AWS CloudTrail log file format (`Records`); Elasticsearch search results (`hits.hits`);
AWS CLI (`Events`, `Findings`), Microsoft Graph and Azure (`value`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from ircopilot.evidence.decoders.framing import BlockBuilder, utf8_chunks
from ircopilot.evidence.records import MAX_RECORD_BYTES, Block

STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
TOKEN = re.compile(STRING + rb'|["{}\[\]]', re.DOTALL)
MEMBER = re.compile(rb"\s*,?\s*(" + STRING + rb")\s*:\s*", re.DOTALL)
SCALAR = re.compile(STRING + rb"|[^\s,{}\[\]\"]+", re.DOTALL)
SPACE = re.compile(rb"[\s,]*")
NEXT_OBJECT = re.compile(rb"\n\{")
LISTS = frozenset({"records", "value", "events", "hits", "findings", "results", "result", "items", "data", "alerts",
                   "logs", "entries", "messages", "rows", "event", "detections", "incidents"})  # fmt: skip
SCANNER = json.JSONDecoder(strict=False)
WRAPPER_DEPTH = 3
# Each failure may cost a scan of a whole window: text that fails this often in a row is no sequence of objects.
MOST_FAILURES = 20


class JsonObjects:
    """Elements of a wrapper's list, or objects one after another."""

    name = "json_objects"
    context_fields: frozenset[str] = frozenset()

    def list_path(self, head: bytes) -> tuple[int, ...]:
        """Where the list of records begins; see `wrapper_path`."""
        return wrapper_path(head)

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of objects. What cannot be told apart is an error; objects after it are found again."""
        text = _Text(stream)
        text.more()
        path = self.list_path(text.data)
        if path:
            text.at = path[-1]
        out, number, failures = BlockBuilder(), 0, 0
        while text.to_next(is_list=bool(path)):
            number += 1
            size = text.object_size()
            locator = f"record:{number}" if len(path) == 1 else f"bytes:{text.offset}-{text.offset + size}"
            if size:
                out.add(locator, number, text.data[text.at : text.at + size])
                text.at += size
                failures = 0
            else:
                failures += 1
                out.error(locator, text.problem + ("; the rest is not read" if failures == MOST_FAILURES else ""))
                if failures == MOST_FAILURES or not (text.pass_value() or text.resume()):
                    break
            if out.full:
                yield out.take(text.consumed)
        if path and not failures and not text.data.startswith(b"]", text.at):
            out.error(f"record:{number + 1}", "the list ends in the middle")
        yield out.take(text.consumed)


class _Text:
    """A window on the text, grown as needed: `at` is the current position in `data`, `offset` in the file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._chunks = utf8_chunks(stream)
        self._base = 0
        self.data = b""
        self.at = 0
        self.consumed = 0
        self.problem = ""
        self._text = ""

    @property
    def offset(self) -> int:
        return self._base + self.at

    def more(self) -> bool:
        """Grow the window by a chunk, forgetting what lies behind; False at the end of the text."""
        chunk, self.consumed = next(self._chunks, (b"", self.consumed))
        self._base += self.at
        self.data, self.at, self._text = self.data[self.at :] + chunk, 0, ""
        return bool(chunk)

    def to_next(self, is_list: bool) -> bool:
        """Go to the next object; False at the end of the list or the text."""
        while True:
            blank = SPACE.match(self.data, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.data) or not self.more():
                break
        if is_list and self.data.startswith(b"]", self.at):
            return False
        return self.at < len(self.data)

    def object_size(self) -> int:
        """How long the object at the current position is; 0 when there is none whole, and `problem` says why."""
        if not self.data.startswith(b"{", self.at):
            self.problem = "here should be a JSON object"
            return 0
        if (quick := self._quick_end()) > self.at:
            return quick - self.at
        while (end := _matching_end(self.data, self.at)) < 0:
            if len(self.data) - self.at > MAX_RECORD_BYTES:
                self.problem = f"the object is longer than {MAX_RECORD_BYTES >> 20} MiB"
                return 0
            if not self.more():
                self.problem = "the text is cut short inside an object"
                return 0
        return end - self.at

    def _quick_end(self) -> int:
        """Where a well-formed object that lies whole in the window ends; 0 if it takes a closer look."""
        if len(self._text) != len(self.data):
            # One character per byte, so that positions agree; only the end is wanted, not the values.
            self._text = self.data.decode("latin-1")
        try:
            return int(SCANNER.raw_decode(self._text, self.at)[1])
        except (ValueError, RecursionError):
            return 0

    def pass_value(self) -> bool:
        """Go behind a value that is whole but no object."""
        end = 0 if self.data.startswith(b"{", self.at) else self._quick_end()
        self.at = max(end, self.at)
        return end > 0

    def resume(self) -> bool:
        """Go on at the next line that begins an object; False when there is none."""
        while (match := NEXT_OBJECT.search(self.data, self.at + 1)) is None:
            self.at = max(self.at, len(self.data) - 2)
            if not self.more():
                return False
        self.at = match.start() + 1
        return True


def _matching_end(data: bytes, at: int) -> int:
    """The end of the bracket that opens at `at`; -1 when it is not in `data`."""
    depth = 0
    for token in TOKEN.finditer(data, at):
        first = data[token.start()]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
            if depth == 0:
                return token.end()
        elif token.end() - token.start() == 1:
            return -1
    return -1


def wrapper_path(head: bytes) -> tuple[int, ...]:
    """Where the list of records begins in a wrapper: the position behind its `[`, last; () if this is no wrapper.

    The tuple has one item when the list is the wrapper's very first member.
    """
    at, depth, first = _open(head, 0), 1, True
    while at > 0 and (member := MEMBER.match(head, at)):
        key = member[1][1:-1].decode("utf-8", "replace").lower()
        at = member.end()
        opener = head[at : at + 1]
        if opener == b"[" and key in LISTS:
            inside = at + 1
            following = SPACE.match(head, inside)
            if following and head[following.end() : following.end() + 1] in (b"{", b"]", b""):
                return (inside,) if first and depth == 1 else (0, inside)
        if opener == b"{" and key in LISTS and depth < WRAPPER_DEPTH:
            at, depth, first = at + 1, depth + 1, False
            continue
        at, first = _after_value(head, at), False
    return ()


def _open(head: bytes, at: int) -> int:
    match = re.compile(rb"\s*\{").match(head, at)
    return match.end() if match else 0


def _after_value(head: bytes, at: int) -> int:
    if head[at : at + 1] in (b"{", b"["):
        return max(0, _matching_end(head, at))
    scalar = SCALAR.match(head, at)
    return scalar.end() if scalar else 0
