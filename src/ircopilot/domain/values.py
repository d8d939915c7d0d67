"""Checkable values in a text: what a reader could look up in a record, with where it stands. Pure, linear time.

The cutting is coarse on purpose: every run of characters with a dot, a backslash or two colons inside is a value,
whatever it turns out to be, so that no spelling of an address, a file or an account goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_TEXT = 8_000

ValueKind = Literal[
    "quoted", "url", "path", "email", "backslash", "account", "ip", "file", "domain", "dotted", "colons", "hex", "cve",
    "technique", "time", "date", "clock", "number", "token",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A checkable value. `start` and `end` are offsets in `one_backslash(text)`.

    `cut` says that an ellipsis cuts the value short at its end, so that it is the beginning of a longer one.
    """

    kind: ValueKind
    text: str
    start: int
    end: int
    cut: bool = False


# File name endings that tell a file from a domain name.
_SUFFIXES = (
    "exe dll sys drv ocx cpl scr ps1 psm1 psd1 bat cmd vbs vbe js jse wsf wsh hta lnk url msi msp chm dmp mdmp "
    "bin out zip rar 7z gz tgz tar bz2 xz zst cab iso img vhd vhdx doc docx docm dot dotm xls xlsx xlsm xll ppt pptx "
    "pptm pdf rtf txt log json jsonl ndjson csv tsv xml html htm php asp aspx ashx jsp war jar class sh bash py pyc "
    "pl rb go elf so ko png jpg jpeg gif bmp ico svg etl evtx evt tmp dat db sqlite ini inf conf cfg cnf yml yaml "
    "toml pcap pcapng key pem pfx p12 crt cer der kirbi ccache reg dit hiv pol mof sdb one eml msg pst ost wim md bak "
    "old "
)
FILE_SUFFIXES = frozenset(_SUFFIXES.split())
_PROSE_DOTS = frozenset(("e.g", "i.e", "a.m", "p.m", "u.s", "a.k.a", "etc"))
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

_BACKSLASHES = re.compile(r"\\+")
_ELLIPSES = ("…", "...")
_TIME = re.compile(r"(?<![\d:])(?:\d{4}-\d\d-\d\d[Tt ])?(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?![\d:])", re.ASCII)
_OFFSET = re.compile(r"(?:\.\d{1,9})?\s?[+-]\d\d:?\d\d(?!\d)", re.ASCII)
_FRACTION = re.compile(r"(?:\.\d{1,9})?Z?", re.ASCII)
_DATE = re.compile(rf"(?<![\w.-])(?:\d{{4}}-\d\d-\d\d|\d{{1,2}} (?:{_MONTHS}) \d{{4}})(?!\d|-\d)", re.ASCII)
_CLOCK = re.compile(r"(?<![\w:.\]])(?:[01]\d|2[0-3]):[0-5]\d(?![\d:])", re.ASCII)
_QUOTED = re.compile(r'“([^“”]{1,4000})”|"([^"]{1,4000})"')
_BACKSLASH_RUN = re.compile(r"[\w.$~#%:\\-]+")
_SLASH_RUN = re.compile(r"[^\s\"“”'‘’`<>|…]+")
_EMAIL_RUN = re.compile(r"[\w.+@-]+")
_COLON_RUN = re.compile(r"[\w:]+")
_HEX_RUN = re.compile(r"[0-9A-Fa-f]+")
_RUN = re.compile(r"[\w.~$#-]+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_TECHNIQUE = re.compile(r"(?:T\d{4}(?:\.\d{3})?|TA\d{4})", re.ASCII)
_NUMBER = re.compile(r"(?<![\w.~$#\\/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
_DECIMAL = re.compile(r"\d+\.\d+", re.ASCII)
_WITH_UNIT = re.compile(r"\d+(?:\.\d+)?(?:B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB|ms|s|h|d|min)", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z][\w.-]*\\[\w.$-]*[\w$]")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+[A-Za-z][A-Za-z0-9-]+")
_WORD_PAIR = re.compile(r"[A-Za-z]+/[A-Za-z]+")
_KEY_ID = re.compile(r"A(?:KIA|SIA|IDA|ROA|GPA|NPA)[A-Z0-9]{12,}", re.ASCII)


def one_backslash(text: str) -> str:
    """The text with each run of backslashes as one: records escape them once, twice or not at all."""
    return _BACKSLASHES.sub(r"\\", text)


def is_ipv4(text: str) -> bool:
    """True for four decimal octets, ASCII digits only."""
    parts = text.split(".")
    return len(parts) == 4 and all(p.isascii() and p.isdigit() and len(p) <= 3 and int(p) < 256 for p in parts)


def values_in(text: str) -> tuple[Value, ...]:
    """All checkable values of a text, by where they start; values may overlap (a file inside a path).

    Raises ValueError for a text longer than `MAX_TEXT` characters.
    """
    if len(text) > MAX_TEXT:
        raise ValueError(f"text of {len(text)} characters; the limit is {MAX_TEXT}")
    t = one_backslash(text)
    times = list(_times(t))
    wide = [*_quoted(t), *_slashes(t), *_emails(t)]
    backslashed = list(_backslashes(t))
    colons = list(_colons(t, times))
    hexes = list(_hexes(t))
    covered = _cover(len(t), [*times, *backslashed, *colons, *hexes, *_covering(wide)])
    runs = list(_runs(t, covered, _cover(len(t), [*times])))
    numbers = list(_numbers(t, _cover(len(t), [*times, *colons, *backslashed, *hexes, *_covering(wide), *runs])))
    found = [*times, *wide, *backslashed, *colons, *hexes, *runs, *numbers, *_cves(t)]
    return tuple(sorted(found, key=lambda v: (v.start, -v.end, v.kind)))


def _covering(values: list[Value]) -> list[Value]:
    """Values that cover what lies inside them; a quotation does not, its words are checked again each."""
    return [v for v in values if v.kind != "quoted"]


def _cut(t: str, end: int) -> bool:
    return t.startswith(_ELLIPSES, end)


def _value(t: str, kind: ValueKind, start: int, end: int) -> Value:
    return Value(kind, t[start:end], start, end, _cut(t, end))


def _cover(size: int, values: list[Value]) -> bytearray:
    """One byte per character: 1 where a value stands."""
    mask = bytearray(size)
    for v in values:
        mask[v.start : v.end] = b"\1" * (v.end - v.start)
    return mask


def _times(t: str) -> Iterator[Value]:
    taken = bytearray(len(t))
    for m in _TIME.finditer(t):
        end = m.end()
        # A zone offset or a fraction belongs to the time: the gate reads all times as UTC and refuses an offset.
        tail = _OFFSET.match(t, end) or _FRACTION.match(t, end)
        end = tail.end() if tail else end
        taken[m.start() : end] = b"\1" * (end - m.start())
        yield Value("time", t[m.start() : end], m.start(), end)
    for kind, pattern in (("date", _DATE), ("clock", _CLOCK)):
        for m in pattern.finditer(t):
            if not any(taken[m.start() : m.end()]):
                yield Value(kind, m.group(), m.start(), m.end())  # type: ignore[arg-type]


def _quoted(t: str) -> Iterator[Value]:
    for m in _QUOTED.finditer(t):
        group = 1 if m[1] is not None else 2
        yield Value("quoted", m[group], m.start(group), m.end(group))


def _slashes(t: str) -> Iterator[Value]:
    for m in _SLASH_RUN.finditer(t):
        if "/" not in m.group():
            continue
        chunk = m.group().rstrip(".,;:!?)]}")
        start = m.start() + len(chunk) - len(chunk := chunk.lstrip("([{"))
        if "/" in chunk and not _WORD_PAIR.fullmatch(chunk):
            yield _value(t, "url" if "://" in chunk else "path", start, start + len(chunk))


def _emails(t: str) -> Iterator[Value]:
    for m in _EMAIL_RUN.finditer(t):
        run = m.group().rstrip(".-")
        if "@" in run[1:-1]:
            yield _value(t, "email", m.start(), m.start() + len(run))


def _backslashes(t: str) -> Iterator[Value]:
    for m in _BACKSLASH_RUN.finditer(t):
        chunk = m.group().rstrip(".:-") if not _cut(t, m.end()) else m.group().removesuffix("...")
        if "\\" not in chunk or chunk == "\\":
            continue
        kind: ValueKind = "account" if _ACCOUNT.fullmatch(chunk) else "backslash"
        end = m.start() + len(chunk)
        yield Value(kind, chunk, m.start(), end, _cut(t, end))


def _colons(t: str, times: list[Value]) -> Iterator[Value]:
    in_time = _cover(len(t), times)
    for m in _COLON_RUN.finditer(t):
        where = [i for i in range(m.start(), m.end()) if t[i] == ":"]
        if len(where) >= 2 and not all(in_time[i] for i in where):
            yield Value("colons", m.group(), m.start(), m.end())


def _hexes(t: str) -> Iterator[Value]:
    for m in _HEX_RUN.finditer(t):
        if len(m.group()) >= 32:
            yield _value(t, "hex", m.start(), m.end())


def _cves(t: str) -> Iterator[Value]:
    for m in _CVE.finditer(t):
        yield Value("cve", m.group(), m.start(), m.end())


def _runs(t: str, covered: bytearray, in_time: bytearray) -> Iterator[Value]:
    """Dotted runs wherever they stand, and undotted runs with a digit, `_` or `$` where nothing wider stands."""
    for m in _RUN.finditer(t):
        start, run = m.start(), m.group()
        if run.startswith(".."):
            start, run = start + len(run) - len(run.lstrip(".")), run.lstrip(".")
        run = run.rstrip(".-") if not run.endswith("...") else run.rstrip(".")
        end = start + len(run)
        if not run or all(in_time[start:end]):
            continue
        kind = _run_kind(run)
        if kind in ("token", "technique") and any(covered[start:end]):  # a part of a path or an address
            continue
        if kind:
            yield _value(t, kind, start, end)


def _run_kind(run: str) -> ValueKind | None:
    if _TECHNIQUE.fullmatch(run):
        return "technique"
    if _DECIMAL.fullmatch(run) or (run.isascii() and run.isdigit()) or _WITH_UNIT.fullmatch(run):
        return None
    if any(a == "." for a in run[1:-1]):
        return None if run.lower() in _PROSE_DOTS else _dotted_kind(run)
    if any(c.isdigit() for c in run) or "_" in run.strip("_") or run.endswith("$") or _KEY_ID.fullmatch(run):
        return "token"
    return None


def _dotted_kind(run: str) -> ValueKind:
    if is_ipv4(run):
        return "ip"
    if run.rsplit(".", 1)[1].lower() in FILE_SUFFIXES:
        return "file"
    return "domain" if _DOMAIN.fullmatch(run) else "dotted"


def _numbers(t: str, covered: bytearray) -> Iterator[Value]:
    for m in _NUMBER.finditer(t):
        if not any(covered[m.start() : m.end()]):
            yield Value("number", m.group(), m.start(), m.end())
