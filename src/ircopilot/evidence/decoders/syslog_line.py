"""One line of a system log → its parts: RFC 5424, RFC 3164 and the ISO-stamped form that rsyslog and journalctl write.

Sources: RFC 5424 §6, RFC 3164 §4, rsyslog's RSYSLOG_FileFormat template.
"""

from __future__ import annotations

import re

PRI = r"(?:<(?P<priority>\d{1,3})>)?"
TAG = r"(?P<program>[^\s:\[\]]{1,128})(?:\[(?P<pid>[^\]\s]{0,64})\])?"
ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
BSD = MONTH + r" {1,2}\d{1,2}(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d{1,9})?"

RFC5424 = re.compile(
    r"<(?P<priority>\d{1,3})>\d{1,2} (?P<timestamp>\S+) (?P<hostname>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
    r"(?P<structured>-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: (?:\ufeff)?(?P<message>.*))?",
    re.DOTALL,
)
STAMPED = re.compile(
    PRI + rf"(?:(?P<bsd_timestamp>{BSD})|(?P<timestamp>{ISO})) (?P<hostname>[\w.:\-]{{1,255}}) (?P<rest>.*)", re.DOTALL
)
TAGGED = re.compile(TAG + r": ?(?P<message>.*)", re.DOTALL)
LEVELS = frozenset(
    {"TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "FATAL", "CRITICAL", "SEVERE"}
)
SD_PARAM = re.compile(r'([^\s=\]"]{1,32})="((?:[^"\\]|\\.)*)"')


def read_syslog_line(text: str) -> dict[str, str] | None:
    """The parts of a system log line, or None if it is none. Parts that are absent (`-` in RFC 5424) are left out.

    `timestamp` is ISO (RFC 3339); `bsd_timestamp` is the RFC 3164 form, which names neither year nor zone.
    """
    if match := RFC5424.fullmatch(text):
        parts = {k: v for k, v in match.groupdict().items() if v not in (None, "-")}
        for name, value in SD_PARAM.findall(parts.get("structured", "")):
            parts.setdefault(name, re.sub(r'\\(["\\\]])', r"\1", value))
        return parts
    if (match := STAMPED.fullmatch(text)) is None:
        return None
    parts = {k: v for k, v in match.groupdict().items() if v is not None}
    rest = parts.pop("rest")
    # A program's own log has a level where the host would be.
    if parts["hostname"].upper().rstrip(":") in LEVELS:
        return None
    if tagged := TAGGED.fullmatch(rest):
        return parts | {k: v for k, v in tagged.groupdict().items() if v}
    # Some daemons write no tag; a hostname that ends in a colon was the tag itself.
    if parts["hostname"].endswith(":"):
        return parts | {"program": parts.pop("hostname")[:-1], "message": rest}
    return parts | {"message": rest} if "bsd_timestamp" in parts else None
