"""One line of the Linux audit log as `ausearch -i` prints it: numbers already turned into words, values without quotes.

Sources: ausearch(8), option `--interpret`; the audit project's `ausearch-report.c`. Its clock is local and in the form
of the locale: month first as in the C and US ones, unless the first number can only be a day.
"""

from __future__ import annotations

import re

HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>\S+) msg=audit\((?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4}|\d\d) "
    r"(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,6})?):(?P<serial>\d{1,20})\) ?: ?"
)
# A value ends where the next name begins, for it may hold blanks.
NAME = re.compile(r"(?:^|(?<= ))([A-Za-z_][\w\-]*(?:\[\d+\])?)=")
ARGUMENT = re.compile(r"(?:^|(?<= ))(argc|a\d+(?:\[\d+\])?)=")
# What stands under these names is text, though the raw log has a number there: its enriched form calls them so.
ENRICHED = {"uid": "UID", "auid": "AUID", "syscall": "SYSCALL"}
NOTHING = frozenset({"", "?", "(null)", "(none)", "unset"})


def read_interpreted(text: str) -> dict[str, str] | None:
    """Fields of an interpreted record under the names of the raw and enriched one, or None if the text is none."""
    match = HEAD.search(text[:512])
    if match is None:
        return None
    month, day, year = match["month"], match["day"], match["year"]
    if int(month) > 12:
        month, day = day, month
    found = {"type": match["type"], "serial": match["serial"]}
    found["timestamp"] = f"{year if len(year) == 4 else '20' + year}-{month}-{day}T{match['clock']}"
    if match["node"]:
        found["node"] = match["node"]
    body = text[match.end() :].strip()
    if match["type"] == "PROCTITLE":
        return found | {"proctitle": body.removeprefix("proctitle=")}
    values = _pairs(body.replace("msg='", "", 1).removesuffix("'").rstrip(), found["type"] == "EXECVE")
    arguments = [v for k, v in values if k != "argc"] if found["type"] == "EXECVE" else []
    for name, value in values:
        if value not in NOTHING:
            found.setdefault(ENRICHED.get(name, name) if not value.isdigit() else name, value)
    return found | ({"argv": " ".join(arguments)} if arguments else {})


def _pairs(body: str, arguments: bool) -> list[tuple[str, str]]:
    """Names and values. A socket address in braces gives its members."""
    marks = list((ARGUMENT if arguments else NAME).finditer(body))
    ends = [m.start() for m in marks[1:]] + [len(body)]
    pairs = [(m[1], body[m.end() : end].strip()) for m, end in zip(marks, ends, strict=True)]
    if arguments:
        return pairs
    named = (("remote_hostname" if k == "hostname" else k, v.removesuffix("}").strip()) for k, v in pairs)
    return [(k, v) for k, v in named if v != "{"]
