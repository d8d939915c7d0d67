"""One line of the Linux audit log → its fields, raw or inside a system log line.

Sources: the audit project's "Audit Event Parsing" and auditd's `log_format=ENRICHED` (fields after 0x1d).
"""

from __future__ import annotations

import re

HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>\S+) (?:msg=)?audit\((?P<epoch>\d{1,12}(?:\.\d{1,6})?):(?P<serial>\d{1,20})\): ?"
)
PAIR = re.compile(r"""([A-Za-z_][\w\-]*(?:\[\d+\])?)=("[^"]*"|'[^']*'|\S*)""")
HEX = re.compile(r"(?:[0-9A-F]{2})+")
# Fields of untrusted text, which the kernel writes as bare hexadecimal when they hold a blank, quote or control byte.
UNTRUSTED = frozenset(
    {"proctitle", "exe", "comm", "name", "cwd", "cmd", "data", "acct", "path", "key", "file", "dir", "vm"}
)


def read_audit_line(text: str) -> dict[str, str] | None:
    """Fields of an audit record (`type`, `epoch`, `serial`, then its own), or None if the text is none.

    The `msg='…'` of user-space records is opened and its fields joined to the others; the first of equal names counts.
    Values lose their quotes. Hexadecimal text stays as written, its meaning is added as `NAME_text`; an EXECVE record
    gets its command line as `argv`.
    """
    match = HEAD.search(text[:512])
    if match is None:
        return None
    found = {k: v for k, v in match.groupdict().items() if v}
    _read_pairs(text[match.end() :].replace("\x1d", " "), found)
    return found


def _read_pairs(body: str, found: dict[str, str]) -> None:
    arguments: dict[str, str] = {}
    is_execve = found["type"] == "EXECVE"
    for name, value in PAIR.findall(body):
        if name == "msg" and value[:1] == "'":
            _read_pairs(value[1:-1], found)
            continue
        if value in ("", "?", "(null)", '""') or name in found:
            continue
        quoted = value[0] in "\"'"
        plain = value[1:-1] if quoted and len(value) > 1 else value
        found[name] = plain
        is_argument = is_execve and name[0] == "a" and name[1:2].isdigit() and not name.endswith("_len")
        decoded = plain
        if not quoted and (is_argument or name in UNTRUSTED) and HEX.fullmatch(plain):
            decoded = bytes.fromhex(plain).replace(b"\0", b" ").decode("utf-8", "replace").rstrip()
            if not is_argument:
                found[name + "_text"] = decoded
        if is_argument:
            # A long argument comes in pieces, `a1[0]`, `a1[1]` …
            base = name.partition("[")[0]
            arguments[base] = arguments.get(base, "") + decoded
    if arguments:
        found["argv"] = " ".join(arguments.values())
