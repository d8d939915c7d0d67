"""What an artifact is, told from its first bytes: which decoder reads it, which mapping gives it meaning.

File names are not looked at: they lie, and evidence is often renamed.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import cast

import orjson

from ircopilot.evidence.decoders.csv_rows import DELIMITERS, PREFACE
from ircopilot.evidence.decoders.format_list import is_format_list
from ircopilot.evidence.decoders.framing import encoding_of
from ircopilot.evidence.decoders.json_objects import wrapper_path
from ircopilot.evidence.decoders.log_table import holds_events, holds_log_lines
from ircopilot.evidence.decoders.named_columns import has_named_columns
from ircopilot.evidence.decoders.rendered_events import TIME, holds_rendered_events
from ircopilot.evidence.decoders.windows_text import holds_text_events
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.generic import day_comes_first, infer_mapping
from ircopilot.evidence.mappings.linux import mapping_of_lines
from ircopilot.evidence.mappings.signature import Record
from ircopilot.evidence.records import Decoder
from ircopilot.evidence.registry import DECODERS, MAPPINGS, SIGNATURES

SAMPLE_BYTES = 64 << 10
LONG_SAMPLE_BYTES = 2 << 20  # where the first line does not end within SAMPLE_BYTES
SAMPLE_RECORDS = 200
# A list's quote may stand before the first event.
_EVENT_XML = re.compile(r"""["']?\s*(?:<\?xml[^<>]*>\s*)?(?:<Events(?:\s[^<>]*)?>\s*)?<Event[\s>]""")
_TABLES = frozenset({"csv", "json_lines", "json_array", "json_objects"})
LEAST_SCORE = 0.2
LEAST_READABLE = 0.2
EVTX_MAGIC = b"ElfFile\x00"
# Binary kinds that people do hand in; named, so that the message says what would be needed.
BINARY_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\xd4\xc3\xb2\xa1", "a packet capture (pcap)"), (b"\xa1\xb2\xc3\xd4", "a packet capture (pcap)"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture (pcapng)"), (b"MZ", "a Windows program"), (b"\x7fELF", "a Linux program"),
    (b"regf", "a registry hive"), (b"SQLite format 3\x00", "an SQLite database"), (b"%PDF", "a PDF document"),
    (b"FILE0", "an NTFS master file table"), (b"PAGEDU", "a Windows memory dump"), (b"PK\x03\x04", "a zipped document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"Rar!", "a RAR archive"), (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"), (b"MAM\x04", "a Windows prefetch file"), (b"LfLe", "an old Windows event log (.evt)"),
    (b"EVF\x09", "a disk image (E01)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The answer. `decoder` and `mapping` are None when the bytes are kept but cannot be read; then `unreadable` says why.

    `format` is `DECODER/MAPPING`, as it stands in `Artifact.format`.
    """

    media_type: str
    decoder: Decoder | None = None
    mapping: Mapping | None = None
    unreadable: str = ""

    @property
    def format(self) -> str:
        """`DECODER/MAPPING`, or `unreadable`."""
        return f"{self.decoder.name}/{self.mapping.name}" if self.decoder and self.mapping else "unreadable"


def sniff(head: bytes, whole: bool = False) -> Sniffed:
    """Recognise an artifact by its first bytes (`SAMPLE_BYTES` do, if a line ends there); `whole` says that there are no more."""
    if not head.strip(b" \t\r\n\x00"):
        return Sniffed("application/octet-stream", unreadable="only blanks and zeros" if head else "the file is empty")
    if head.startswith(EVTX_MAGIC):
        return Sniffed("application/x-ms-evtx", DECODERS.get("evtx"), MAPPINGS.get("windows_evtx"))
    for magic, what in BINARY_KINDS:
        if head.startswith(magic):
            return Sniffed("application/octet-stream", unreadable=f"it is {what}; no decoder for that yet")
    if _is_binary(head):
        return Sniffed("application/octet-stream", unreadable="it is binary of a kind that no decoder knows")
    name, media_type = text_framing(_as_text(head), whole)
    return _meaning(name, media_type, head, whole)


def _meaning(name: str, media_type: str, head: bytes, whole: bool) -> Sniffed:
    decoder = DECODERS[name]
    records, errors = sample_records(decoder, head, whole)
    if name != "lines" and (not records or len(records) < LEAST_READABLE * (len(records) + errors)):
        decoder = DECODERS["lines"]
        records, errors = sample_records(decoder, head, whole)
        media_type = "text/plain"
    if decoder.name != "lines" and holds_log_lines(records):
        decoder = DECODERS["log_table"]
        records, errors = sample_records(decoder, head, whole)
    elif decoder.name in _TABLES and holds_events(records):
        decoder = DECODERS["event_table"]
        records, errors = sample_records(decoder, head, whole)
    elif decoder.name in _TABLES and holds_rendered_events(records):
        decoder = DECODERS["rendered_events"]
        records, errors = sample_records(decoder, head, whole)
    if not records:
        return Sniffed(media_type, unreadable="none of its first records can be read, or none names a time")
    mapping = _mapping_of(decoder, records)
    if mapping is None:
        return Sniffed(
            media_type, unreadable="none of its columns holds a time, so its records cannot stand on a timeline"
        )
    return Sniffed(media_type, decoder, mapping)


def _mapping_of(decoder: Decoder, records: list[Record]) -> Mapping | None:
    if decoder.name in ("lines", "log_table"):
        return mapping_of_lines(records)
    if decoder.name in ("event_table", "windows_xml"):
        return MAPPINGS["windows_evtx"]
    if decoder.name in ("rendered_events", "format_list", "windows_text"):
        day_first = day_comes_first([str(record.get(TIME, "")) for record in records])
        return MAPPINGS["windows_rendered_day_first" if day_first else "windows_rendered"]
    return mapping_for(records)


def mapping_for(records: list[Record]) -> Mapping | None:
    """The mapping whose signature fits most of the records, else one inferred from names and values."""
    scores = [(s.score(records), s) for s in SIGNATURES if s.mapping in MAPPINGS]
    best = max(scores, key=lambda pair: pair[0], default=(0.0, None))
    if best[1] is not None and best[0] >= LEAST_SCORE:
        return MAPPINGS[best[1].mapping]
    return infer_mapping(records)


def sample_records(decoder: Decoder, head: bytes, whole: bool) -> tuple[list[Record], int]:
    """Records of the head, and how many could not be read; the last, cut one does not count."""
    records: list[Record] = []
    errors = 0
    text = head if whole else head[: head.rfind(b"\n") + 1] or head
    try:
        for block in decoder.decode(io.BytesIO(text)):
            errors += len(block.errors)
            for payload in block.payloads[:SAMPLE_RECORDS]:
                try:
                    found = orjson.loads(payload)
                except orjson.JSONDecodeError:
                    found = None
                if isinstance(found, dict):
                    records.append(cast(Record, found))
                else:
                    errors += 1
    except (ValueError, OSError):
        errors += 1
    return records[:SAMPLE_RECORDS], errors


def text_framing(text: str, whole: bool = False) -> tuple[str, str]:
    """The decoder's name and the media type of a text."""
    start = text.lstrip()
    first = [line.strip() for line in start.split("\n")[:20]]
    if windows := _windows_framing(start, first):
        return windows
    named = has_named_columns(first)
    if named or re.match(r"#(separator|fields|set_separator|path)\b", start):
        return ("named_columns", "text/plain") if named else ("zeek_tsv", "text/tab-separated-values")
    if start[:1] == "[" and re.match(r"\[\s*([{\]]|$)", start):
        return "json_array", "application/json"
    if start[:1] == "{":
        return _json_framing(start, whole)
    if _is_table(text):
        return "csv", "text/csv"
    return "format_list" if is_format_list(start.split("\n")[:12]) else "lines", "text/plain"


def _windows_framing(start: str, first: list[str]) -> tuple[str, str] | None:
    """Of text that holds Windows events whole, as XML or as their messages."""
    if _EVENT_XML.match(start):
        return "windows_xml", "application/xml"
    return ("windows_text", "text/plain") if holds_text_events(first) else None


def _json_framing(start: str, whole: bool) -> tuple[str, str]:
    """JSON lines if lines are objects of their own; a wrapper or objects over several lines otherwise."""
    lines = [line for line in start.split("\n")[:6] if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()
    objects = [_is_object(line) for line in lines]
    if len(lines) > 1 and any(objects):
        return "json_lines", "application/x-ndjson"
    if wrapper_path(start.encode()):
        return "json_objects", "application/json"
    # One line, or the beginning of one that is longer than the sample.
    if any(objects) or (len(lines) == 1 and "\n" not in start.strip()):
        return "json_lines", "application/x-ndjson"
    return "json_objects", "application/json"


def _is_object(line: str) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _is_table(text: str) -> bool:
    """Whether the first lines split into the same number of cells, and the first looks like names."""
    lines = [line.rstrip("\r") for line in text.split("\n")[:20] if line.strip()]
    if lines and PREFACE.match(lines[0]):
        lines.pop(0)
    if len(lines) < 2:
        return False
    for delimiter in DELIMITERS:
        names = [c.strip().strip('"') for c in lines[0].split(delimiter)]
        if len(names) < 2 or not all(re.fullmatch(r"[A-Za-z_@#$][\w .()/@#\[\]:\-$%]{0,80}|", n) for n in names):
            continue
        if any(re.search(r"\d\d:\d\d", n) for n in names):
            continue
        counts = [line.count(delimiter) for line in lines[1:]]
        if counts and sum(c >= len(names) - 1 for c in counts) >= len(counts) * 0.5:
            return True
        if len(names) > 3 and _holds_rows(text, len(names), delimiter):
            return True
    return False


def _holds_rows(text: str, width: int, delimiter: str) -> bool:
    """Whether most rows have that many cells where a cell in quotation marks may be many lines long."""
    sizes: list[int] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            sizes += [len(cells)] if any(cells) else []
            if len(sizes) > 20:
                break
    except csv.Error:
        return False
    rows = sizes[1:-1] if len(sizes) > 2 else sizes[1:]
    return bool(rows) and sum(size >= width for size in rows) > len(rows) * 0.5


def _is_binary(head: bytes) -> bool:
    if encoding_of(head) != "utf-8":
        return False
    odd = sum(head.count(bytes([c])) for c in (*range(9), *range(14, 27), 28, 30, 31))
    return odd > len(head) * 0.02 or b"\0\0\0\0" in head


def _as_text(head: bytes) -> str:
    text = head.decode(encoding_of(head), "replace")
    return text.removeprefix("\ufeff")
