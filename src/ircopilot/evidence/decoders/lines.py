"""Lines of text logs: system logs, audit logs, Sysmon for Linux, web access logs, and any line that names a time.

Each line becomes an object of the parts that its form names, and `message`; a line that names no time cannot stand on
a timeline and is a located error. Sources: those of `syslog_line`, `audit_line` and `sysmon_line`; Apache HTTP Server,
`mod_log_config` (common and combined log format).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

import orjson

from ircopilot.evidence.decoders.audit_line import read_audit_line
from ircopilot.evidence.decoders.framing import TOO_LONG, BlockBuilder, numbered_lines
from ircopilot.evidence.decoders.syslog_line import BSD, ISO, MONTH, read_syslog_line
from ircopilot.evidence.decoders.sysmon_line import read_sysmon_xml
from ircopilot.evidence.records import Block

NO_TIME = "the line names no time that could be read"
HEAD = 256
BETWEEN = b"----"  # what ausearch prints between events
ACCESS = re.compile(
    r"(?P<client>\S{1,255}) (?P<ident>\S{1,255}) (?P<user>\S{1,255}) \[(?P<clf>[^\]]{20,32})\] "
    r'"(?:(?P<method>[A-Z]{1,20}) )?(?P<request>(?:[^"\\]|\\.)*?)(?: (?P<protocol>HTTP/[\d.]+))?" '
    r"(?P<status>\d{3}|-) (?P<bytes>\d{1,15}|-)"
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<more>.*)',
    re.DOTALL,
)
CLF = re.compile(rf"(\d\d)/({MONTH})/(\d{{4}}):(\d\d:\d\d:\d\d)(?: ([+-]\d{{4}}))?")
CTIME = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? ({MONTH}) {{1,2}}(\d{{1,2}}) (\d\d:\d\d:\d\d(?:\.\d+)?) (\d{{4}})"
)
ISO_ANYWHERE = re.compile(ISO)
SLASHED = re.compile(r"(?<!\d)(\d{4})/(\d\d)/(\d\d)[ T](\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)")
US = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2})(:\d\d:\d\d(?:\.\d+)?)(?: ([AP]M))?")
EPOCH = re.compile(r"[\[(]?(\d{10})(?:[.,](\d{1,9}))?(?!\d)")
BSD_ANYWHERE = re.compile(BSD)
MONTHS = {name: f"{i:02d}" for i, name in enumerate(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)}  # fmt: skip


def _iso(match: re.Match[str]) -> str:
    return match[0].replace(",", ".")


def _slashed(match: re.Match[str]) -> str:
    return f"{match[1]}-{match[2]}-{match[3]}T{match[4].replace(',', '.')}"


def _clf(match: re.Match[str]) -> str:
    return f"{match[3]}-{MONTHS[match[2]]}-{match[1]}T{match[4]}{match[5] or ''}"


def _ctime(match: re.Match[str]) -> str:
    return f"{match[4]}-{MONTHS[match[1]]}-{int(match[2]):02d}T{match[3]}"


def _us(match: re.Match[str]) -> str:
    """Month first; a first number above 12 can only be the day."""
    month, day, year, hour, rest, half = match.groups()
    if int(month) > 12:
        month, day = day, month
    hours = int(hour) % 12 + (12 if half == "PM" else 0) if half else int(hour)
    return f"{year}-{int(month):02d}-{int(day):02d}T{hours:02d}{rest}"


# Tried in this order; each says how its match is written in ISO form.
FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (ISO_ANYWHERE, _iso),
    (SLASHED, _slashed),
    (CLF, _clf),
    (CTIME, _ctime),
    (US, _us),
)


class Lines:
    """One line, one record; locator `line:N`."""

    name = "lines"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of lines that name a time; the others are errors, blank ones and separators declared skips."""
        out, consumed = BlockBuilder(), 0
        for line in numbered_lines(stream):
            consumed = line.consumed
            if line.text is None:
                out.error(f"line:{line.number}", TOO_LONG)
            elif not line.text or line.text.isspace() or line.text.strip() == BETWEEN:
                out.skip()
            elif record := read_line(line.text.decode("utf-8", "replace")):
                out.add(f"line:{line.number}", line.number, orjson.dumps(record))
            else:
                out.error(f"line:{line.number}", NO_TIME)
            if out.full:
                yield out.take(consumed)
        yield out.take(consumed)


def read_line(text: str) -> dict[str, str] | None:
    """The parts of one line, or None when it names no time."""
    if "audit(" in text[:512] and (audit := read_audit_line(text)):
        prefix = read_syslog_line(text) or {}
        return {k: v for k, v in prefix.items() if k == "hostname"} | audit | {"message": text}
    if record := read_syslog_line(text):
        if sysmon := read_sysmon_xml(record.get("message", "")):
            return {k: v for k, v in record.items() if k != "message"} | sysmon
        return record
    return _access_line(text) or _timed_line(text)


def _access_line(text: str) -> dict[str, str] | None:
    match = ACCESS.fullmatch(text)
    if match is None or not (time := CLF.fullmatch(match["clf"])):
        return None
    parts = {k: v for k, v in match.groupdict().items() if v and v != "-" and k not in ("clf", "more")}
    return {"timestamp": _clf(time)} | parts | {"message": text}


def _timed_line(text: str) -> dict[str, str] | None:
    """A line of no known form: its first time, near its start, and the whole line as the message."""
    head = text[:HEAD]
    if match := EPOCH.match(head):
        return {"epoch": f"{match[1]}.{match[2] or '0'}", "message": text}
    if match := BSD_ANYWHERE.match(head):
        return {"bsd_timestamp": match[0], "message": text}
    for pattern, write in FORMS:
        if match := pattern.search(head):
            return {"timestamp": write(match), "message": text}
    return None
