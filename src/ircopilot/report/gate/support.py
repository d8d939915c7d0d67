"""Is each checkable value of a text held up by the cited records, or, for a figure, by the named facts?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ircopilot.domain.claims import Fact, Search
from ircopilot.domain.values import Value, values_in
from ircopilot.report.gate.cited import CitedEvent, plain
from ircopilot.report.gate.figures import Figures
from ircopilot.report.gate.moments import timed
from ircopilot.report.gate.occurrence import occurs, quotes

# Words of the trade that carry a digit and are no value of this incident.
_TERMS = (
    "sha1 sha-1 sha256 sha-256 sha512 sha-512 md5 base64 utf8 utf-8 utf-16 utf-16le ipv4 ipv6 s3 ec2 x64 x86 "
    "win32 win64 http2 smb1 smb2 smb3 smbv1 ntlmv1 ntlmv2 rc4 aes128 aes256 aes-256 oauth2 2fa 64-bit 32-bit k8s imdsv1 imdsv2 "
    "log4j log4j2 log4shell"
)
TERMS = frozenset(_TERMS.split())
# Kinds that must stand in the record's own values, and how they are looked for.
_STRICT = {
    "ip": "run",
    "file": "run",
    "domain": "run",
    "dotted": "run",
    "colons": "colons",
    "hex": "hex",
    "cve": "token",
}
_NAMES = {
    "ip": "address",
    "file": "file name",
    "domain": "name",
    "dotted": "name",
    "colons": "value",
    "hex": "hash",
    "cve": "vulnerability",
    "quoted": "quotation",
    "backslash": "path",
    "url": "URL",
    "email": "address",
    "clock": "time",
    "token": "value",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """What may hold up a text: cited records, named facts, names by id (techniques, rules), an unknown's searches."""

    events: Sequence[CitedEvent]
    facts: Sequence[Fact]
    names: Mapping[str, str]
    searches: Sequence[Search]


@dataclass(frozen=True, slots=True)
class Unheld:
    """Something checkable in a text that nothing holds up: why, what, and where (offsets in the collapsed text)."""

    reason: str
    text: str
    start: int
    end: int


def value_reasons(text: str, mask: bytearray, basis: Basis) -> list[str]:
    """One reason for each checkable value that nothing holds up; empty if all are held up.

    `text` is collapsed, `mask` marks its verbatim passages (`passages.passage_mask`).
    """
    return list(dict.fromkeys(unheld.reason for unheld in unheld_values(text, mask, basis)))


def unheld_values(text: str, mask: bytearray, basis: Basis) -> list[Unheld]:
    """Each checkable value of a collapsed text that nothing holds up, and where it stands."""
    searched = plain("\n".join(f"{s.query}\n{s.scope}" for s in basis.searches))
    figures = Figures(text, mask, basis.events, basis.facts, searched)
    found = [
        Unheld(
            f"the {_NAMES.get(v.kind, v.kind)} {v.text!r} is not in the cited records{_or_facts(v)}",
            v.text, v.start, v.end,
        )
        for v in values_in(text)
        if not (_searched(v, searched) or _held(v, mask, basis, figures))
    ]  # fmt: skip
    words = figures.words_not_counted()
    found += [Unheld(f"the number {word!r} is not in the named facts", word, at, at + len(word)) for word, at in words]
    return found


def _or_facts(value: Value) -> str:
    return " or the named facts" if value.kind in ("number", "token", "quoted") else ""


def _searched(value: Value, searched: str) -> bool:
    """True if a search named the value: an unknown may say that it was looked for."""
    return occurs("run" if value.kind in _STRICT else "token", plain(value.text), searched)


def _held(value: Value, mask: bytearray, basis: Basis, figures: Figures) -> bool:
    if value.kind in _STRICT:
        return any(
            occurs(_STRICT[value.kind], plain(value.text), e.content.strict, _may_go_on(value)) for e in basis.events
        )
    if value.kind in ("account", "backslash"):
        return all(mask[value.start : value.end]) or any(_backslashed(value, e) for e in basis.events)
    if value.kind in ("time", "date", "clock"):
        # An hour and minute that a quoted message speaks of is the message's own.
        quoted = value.text.count(":") == 1 and all(mask[value.start : value.end])
        return quoted or any(timed(value, e) for e in basis.events)
    if value.kind == "technique":
        return value.text in basis.names or value.text.startswith("TA")
    if _repeated(value, mask):
        return True
    return figures.holds(value) if value.kind == "number" else _worded(value, basis)


def _repeated(value: Value, mask: bytearray) -> bool:
    """True if the value stands in a verbatim passage, or is no quotation of ours: its marks belong to passages."""
    if value.kind == "quoted" and (mask[value.start - 1] or mask[value.end]):
        return True
    return all(mask[value.start : value.end])


def _may_go_on(value: Value) -> bool:
    """A value cut by an ellipsis is the beginning of a longer one, unless it could be read as a whole by itself."""
    return value.cut and value.kind in ("dotted", "domain", "hex")


def _backslashed(value: Value, event: CitedEvent) -> bool:
    """A path as it stands in the record; an account so too, or its domain and name as two values of the record."""
    want, leaves = plain(value.text), event.content.leaves
    if occurs("path", want, event.content.strict, value.cut):
        return True
    domain, _, user = want.partition("\\")
    long = f"{domain}."
    return (
        "\\" not in user  # a domain may begin with a digit, and look like a path then
        and user in leaves
        and (domain in leaves or any(x.startswith(long) and re.fullmatch(r"[\w.]+", x[len(long) :]) for x in leaves))
    )


def _worded(value: Value, basis: Basis) -> bool:
    """Quotations, paths, URLs and other words: in the records (mapped columns included), in a fact, or a known name."""
    want = plain(value.text).strip()
    texts = [e.content.wide for e in basis.events] + [plain(f.value) for f in basis.facts if isinstance(f.value, str)]
    if value.kind == "quoted":
        return any(quotes(want, text) for text in texts)
    kind = "token" if value.kind == "token" else "path"
    return want in TERMS or any(occurs(kind, want, text, value.cut) for text in texts)
