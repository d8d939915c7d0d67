"""One line of the Linux audit log → its fields: raw, inside a system log line, or as `ausearch -i` prints it.

Sources: the audit project's "Audit Event Parsing" and auditd's `log_format=ENRICHED` (fields after 0x1d).
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from ircopilot.evidence.decoders.audit_interpreted import read_interpreted

HEAD = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>\S+) (?:msg=)?audit\((?P<epoch>\d{1,12}(?:\.\d{1,6})?):(?P<serial>\d{1,20})\): ?"
)
# A collector that joins records escapes quotes inside a quoted value; the kernel never writes one there.
PAIR = re.compile(r"""([A-Za-z_][\w\-]*(?:\[\d+\])?)=("(?:[^"\\]|\\.)*"(?=\s|$)|"[^"]*"|'[^']*'|\S*)""")
# `hostname` of a user-space record is the client's; the host that logs is named by `node` or by a line's own header.
REMOTE_HOST = "remote_hostname"
SADDR = re.compile(r"0200([0-9A-F]{4})([0-9A-F]{8})|0A00([0-9A-F]{4})[0-9A-F]{8}([0-9A-F]{32})")
HEX = re.compile(r"(?:[0-9A-F]{2})+")
# Fields of untrusted text, which the kernel writes as bare hexadecimal when they hold a blank, quote or control byte.
UNTRUSTED = frozenset(
    {"proctitle", "exe", "comm", "name", "cwd", "cmd", "data", "acct", "path", "key", "file", "dir", "vm"}
)


def read_audit_line(text: str) -> dict[str, str] | None:
    """Fields of an audit record (`type`, `epoch` or `timestamp`, `serial`, then its own), or None if the text is none.

    The `msg='…'` of user-space records is opened and its fields joined to the others; the first of equal names counts.
    Values lose their quotes. Hexadecimal text stays as written, its meaning is added as `NAME_text`; an EXECVE record
    gets its command line as `argv`, a socket address its parts as `saddr_ip` and `saddr_port` (struct sockaddr_in, in6).
    """
    match = HEAD.search(text[:512])
    if match is None:
        return read_interpreted(text)
    found = {k: v for k, v in match.groupdict().items() if v}
    _read_pairs(text[match.end() :].replace("\x1d", " "), found)
    return found


def _read_pairs(body: str, found: dict[str, str]) -> None:
    arguments: dict[str, str] = {}
    is_execve = found["type"] == "EXECVE"
    for name, value in PAIR.findall(body):
        if name == "hostname":
            name = REMOTE_HOST  # noqa: PLW2901
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
        elif '\\"' in plain:
            found[name + "_text"] = plain.replace('\\"', '"')
        if name == "saddr":
            _read_address(plain, found)
        if is_argument:
            # A long argument comes in pieces, `a1[0]`, `a1[1]` …
            base = name.partition("[")[0]
            arguments[base] = arguments.get(base, "") + decoded
    if arguments:
        found["argv"] = " ".join(arguments.values())


def _read_address(saddr: str, found: dict[str, str]) -> None:
    if match := SADDR.match(saddr):
        port, address = match[1] or match[3], match[2] or match[4]
        found["saddr_ip"] = str(ip_address(bytes.fromhex(address)))
        found["saddr_port"] = str(int(port, 16))
