"""Is each checkable value of a text held up by the cited records, or, for a figure, by the named facts?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ircopilot.domain.claims import Fact, Search
from ircopilot.domain.values import Value, one_backslash, values_in
from ircopilot.report.gate.cited import CitedEvent, plain, written_times
from ircopilot.report.gate.occurrence import occurs
from ircopilot.report.ledger import format_fact

TIME_TOLERANCE = timedelta(seconds=1)
# Words of the trade that carry a digit and are no value of this incident.
TERMS = frozenset(
    [
        "sha1",
        "sha-1",
        "sha256",
        "sha-256",
        "sha512",
        "sha-512",
        "md5",
        "base64",
        "utf8",
        "utf-8",
        "utf-16",
        "utf-16le",
        "ipv4",
        "ipv6",
        "s3",
        "ec2",
        "x64",
        "x86",
        "win32",
        "win64",
        "http2",
        "smb1",
        "smb2",
        "smb3",
        "smbv1",
        "ntlmv1",
        "ntlmv2",
        "rc4",
        "aes128",
        "aes256",
        "aes-256",
        "oauth2",
        "2fa",
        "mfa",
        "64-bit",
        "32-bit",
        "k8s",
    ]
)
_NUMBER_WORDS = {
    w: n
    for n, w in enumerate(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=2
    )
}
_WORD = re.compile(r"[A-Za-z]+")
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_STRICT_KIND = {
    "ip": "run",
    "file": "run",
    "domain": "run",
    "dotted": "run",
    "colons": "colons",
    "hex": "hex",
    "cve": "token",
}
# A number after one of these words names something; it must stand in a field whose name holds one of the parts.
_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "port": ("port", "_p"), "ports": ("port", "_p"), "pid": ("pid", "processid"), "pids": ("pid", "processid"),
    "process": ("pid", "processid"), "event": ("event", "code"), "id": ("id", "code"), "type": ("type",), "code": ("code", "status"),
    "status": ("status", "code"), "uid": ("uid",), "level": ("level",), "session": ("session", "logon"), "method": ("method",),
}  # fmt: skip
_BYTE_FIELDS = ("bytes", "len", "size")


@dataclass(frozen=True, slots=True)
class Basis:
    """What may hold up a text: cited records, named facts, techniques by id, and, for an unknown, its searches."""

    events: Sequence[CitedEvent]
    facts: Sequence[Fact]
    techniques: Mapping[str, str]
    searches: Sequence[Search] = ()


def value_reasons(text: str, basis: Basis) -> list[str]:
    """One reason for each checkable value that nothing holds up; empty if all are held up."""
    t = one_backslash(text)
    figures = _figure_spans(t, basis.facts)
    reasons = []
    for value in values_in(text):
        if not _held(value, t, basis, figures):
            reasons.append(
                f"{_NAMES.get(value.kind, value.kind)} {value.text!r} is not in the cited records" + _or_facts(value)
            )
    reasons += [
        f"the number {m.group()!r} is not in the named facts"
        for m in _NUMBER_WORD.finditer(_unquoted(t))
        if not _counted(float(_NUMBER_WORDS[m.group().lower()]), t, m.start(), m.end(), basis.facts)
    ]
    return list(dict.fromkeys(reasons))


_NAMES = {"ip": "the address", "file": "the file name", "domain": "the name", "dotted": "the name", "colons": "the value", "hex": "the hash",
          "cve": "the vulnerability", "technique": "the technique", "time": "the time", "date": "the date", "clock": "the time", "number": "the number",
          "quoted": "the quotation", "backslash": "the path", "path": "the path", "url": "the URL", "account": "the account",
          "email": "the address", "token": "the value"}  # fmt: skip


def _or_facts(value: Value) -> str:
    return " or the named facts" if value.kind in ("number", "token", "quoted") else ""


def _unquoted(t: str) -> str:
    """The text with quotations blanked, offsets kept: quoted words are held up by the record that they quote."""
    out = list(t)
    for value in values_in(t):
        if value.kind == "quoted":
            out[value.start : value.end] = " " * (value.end - value.start)
    return "".join(out)


def _held(value: Value, t: str, basis: Basis, figures: Sequence[tuple[int, int]]) -> bool:
    searched = plain("\n".join(f"{s.query}\n{s.scope}" for s in basis.searches))
    if searched and _searched(value, searched):
        return True
    if value.kind in _STRICT_KIND:
        kind = _STRICT_KIND[value.kind]
        return any(occurs(kind, plain(value.text), e.content.strict, _may_go_on(value)) for e in basis.events)
    if value.kind in ("account", "backslash"):
        return any(_backslashed(value, e) for e in basis.events)
    if value.kind in ("time", "date", "clock"):
        return any(_timed(value, e) for e in basis.events)
    if value.kind == "technique":
        return value.text in basis.techniques or value.text.startswith("TA")
    if value.kind == "number":
        return _number_held(value, t, basis, figures)
    return _worded(value, basis)


def _searched(value: Value, searched: str) -> bool:
    """True if a search named the value: it may then be said that it was looked for."""
    return occurs("run" if value.kind in _STRICT_KIND else "token", plain(value.text), searched)


def _may_go_on(value: Value) -> bool:
    """A value cut by an ellipsis is the beginning of a longer one, unless it could be read as a whole by itself."""
    return value.cut and value.kind in ("dotted", "domain", "hex")


def _backslashed(value: Value, event: CitedEvent) -> bool:
    want = plain(value.text)
    if occurs("path", want, event.content.strict, value.cut):
        return True
    if value.kind != "account":
        return False
    domain, _, user = want.partition("\\")
    return user in event.content.leaves and any(
        leaf == domain or (leaf.startswith(domain + ".") and re.fullmatch(r"[\w.]+", leaf[len(domain) + 1 :]))
        for leaf in event.content.leaves
    )


def _worded(value: Value, basis: Basis) -> bool:
    want = plain(value.text).strip()
    if value.kind == "token" and want in TERMS:
        return True
    kind = "path" if value.kind in ("url", "path", "email") else value.kind
    texts = [e.content.wide for e in basis.events] + [plain(f.value) for f in basis.facts if isinstance(f.value, str)]
    if value.kind == "quoted":
        return any(_quotes(want, text) for text in texts)
    return any(occurs(kind, want, text, value.cut) for text in texts) or any(
        want in plain(name).split() for name in basis.techniques.values()
    )


def _quotes(want: str, text: str) -> bool:
    """True if one line of the text holds the quotation; parts around an ellipsis must follow each other in it."""
    parts = [p.strip() for p in want.replace("...", "…").split("…")]
    return any(_in_order(parts, line) for line in text.split("\n"))


def _in_order(parts: Sequence[str], line: str) -> bool:
    at = 0
    for n, part in enumerate(parts):
        while True:
            at = line.find(part, at)
            if at < 0:
                return False
            if occurs("quoted", part, line[max(0, at - 1) : at + len(part) + 1], cut=n + 1 < len(parts)) or not part:
                break
            at += 1
        at += len(part)
    return any(parts)


def _timed(value: Value, event: CitedEvent) -> bool:
    times = event.content.times
    if value.kind == "date":
        day = _date(value.text)
        return any(t.astimezone(UTC).date() == day.date() for t in times) if day else False
    if value.kind == "clock":
        return any(f"{t.astimezone(UTC):%H:%M}" == value.text for t in times)
    if len(value.text) > 8 and value.text[4] == "-":
        said = next(written_times(value.text.upper()), None)
        return said is not None and not _offset(value.text) and any(abs(t - said) <= TIME_TOLERANCE for t in times)
    if _offset(value.text):
        return False
    hour, minute, second = (int(x) for x in value.text[:8].split(":"))
    said_at = hour * 3600 + minute * 60 + second
    return any(min(d := abs(_second_of_day(t) - said_at), 86_400 - d) <= 1 for t in times)


def _offset(text: str) -> bool:
    return "+" in text or "-" in text[10:]


def _second_of_day(t: datetime) -> int:
    u = t.astimezone(UTC)
    return u.hour * 3600 + u.minute * 60 + u.second


def _date(text: str) -> datetime | None:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _figure_spans(t: str, facts: Sequence[Fact]) -> list[tuple[int, int]]:
    """Where a named fact stands in the text exactly as it is formatted."""
    spans, low = [], t.lower()
    for fact in facts:
        shown = format_fact(fact).lower()
        at = low.find(shown)
        while at >= 0:
            end = at + len(shown)
            if not (at and _joins(low[at - 1])) and not (end < len(low) and _joins(low[end], low[end + 1 : end + 2])):
                spans.append((at, end))
            at = low.find(shown, at + 1)
    return spans


def _joins(c: str, following: str = "1") -> bool:
    return c.isalnum() or c in "_-" or (c in ".,:" and following.isdigit())


def _number_held(value: Value, t: str, basis: Basis, figures: Sequence[tuple[int, int]]) -> bool:
    if any(start <= value.start and value.end <= end for start, end in figures):
        return True
    number = float(value.text.replace(",", ""))
    if _counted(number, t, value.start, value.end, basis.facts):
        return True
    if any(v.kind == "quoted" and v.start <= value.start and value.end <= v.end for v in values_in(t)):
        return True
    keys = _field_parts(t, value)
    return bool(keys) and any(
        n == number and any(k in name for k in keys) for e in basis.events for name, n in e.content.numbers
    )


def _field_parts(t: str, value: Value) -> tuple[str, ...]:
    """Parts of the names of fields that may hold this number; none if it is a count."""
    if value.start and t[value.start - 1] == ":":
        return _NAMED_BY["port"]
    after = [w.lower() for w in _WORD.findall(t[value.end : value.end + 40])[:1]]
    if after and after[0] in ("byte", "bytes"):
        return _BYTE_FIELDS
    gap = t[max(0, value.start - 40) : value.start]
    before = [w.lower() for w in _WORD.findall(gap)[-1:]] if gap[-1:] in (" ", "=") else []
    return _NAMED_BY.get(before[0], ()) if before else ()


def _counted(number: float, t: str, start: int, end: int, facts: Sequence[Fact]) -> bool:
    """True if a named fact has this value, and its unit is a word near the number."""
    near = {
        _stem(w) for w in (*_WORD.findall(t[end : end + 80])[:4], *_WORD.findall(t[max(0, start - 60) : start])[-2:])
    }
    return any(
        isinstance(f.value, (int, float))
        and float(f.value) == number
        and (not f.unit or _stem(f.unit.split()[-1]) in near)
        for f in facts
    )


def _stem(word: str) -> str:
    low = word.lower()
    return low[:-3] + "y" if low.endswith("ies") else low.removesuffix("s") or low
