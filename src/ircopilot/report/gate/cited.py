"""Cited records as the gate reads them: every value they hold, decoded where it is base64, with the times they tell."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import orjson

from ircopilot.domain.secrets import masked, secrets_in
from ircopilot.domain.values import one_backslash

_BASE64_RUN = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_BASE64_DEPTH = 2
_MAX_LEAF = 4 << 20
_SPACES = re.compile(r"\s+")
_STAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(?:(Z)|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_EPOCH = re.compile(r"(?<![\d.])1\d{9}(?:\.\d{1,9})?(?![\d.])", re.ASCII)
_XML_VALUE = re.compile(r"Name=[\"']([^\"'<>]{1,200})[\"']\s*>([^<>]{0,4000})<")
_INTEGER = re.compile(r"\d{1,20}", re.ASCII)
_HEX_INTEGER = re.compile(r"0x[0-9a-f]{1,16}", re.ASCII)


@dataclass(frozen=True)
class CitedEvent:
    """A cited record: its keys, its hot columns by name (`ecs`), and `fields`, the record's own values verbatim."""

    event_id: str
    time: datetime
    time_recorded: datetime
    artifact_sha256: str
    locator: str
    ecs: Mapping[str, str | int | float] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    message: str = ""

    @cached_property
    def content(self) -> Content:
        """What the record says, ready to be searched."""
        return read_content(self)


@dataclass(frozen=True)
class Content:
    """What a record says, all text normalised (`plain`), lines joined by newlines.

    `strict`: the record's own values and what base64 in them decodes to; `wide`: with the mapped columns and the
    values unescaped as well. `leaves` are whole values of the record, `passages` those of several words (the mapped
    columns and the message too), `numbers` its whole numbers by field name. `shown` are the texts that hold secrets, as a
    sentence shows them (`wide` and `passages` have them too), `secrets` what is hidden there.
    """

    leaves: frozenset[str]
    passages: frozenset[str]
    strict: str
    wide: str
    times: tuple[datetime, ...]
    numbers: frozenset[tuple[str, int]]
    shown: str = ""
    secrets: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A secret of a record, normalised; `context` is the word before it with the blank. `telling`: it stands nowhere else in the
    record and is no common word, so that wherever it is written it is shown.
    """

    secret: str
    context: str
    telling: bool


def collapsed(text: str) -> str:
    """One backslash, single spaces."""
    return _SPACES.sub(" ", one_backslash(text))


def plain(text: str) -> str:
    """Lower case, one backslash, single spaces."""
    return collapsed(text).lower()


_ACCOUNTS = (("user_name", "user_domain"), ("user_target_name", "user_target_domain"))


def read_content(event: CitedEvent) -> Content:
    """The content of one record."""
    leaves = [(k, v[:_MAX_LEAF]) for k, v in _leaves("", event.fields)]
    raw = [line for _, value in leaves for line in _decoded(value, _BASE64_DEPTH)]
    strict = [plain(line) for line in raw]
    inner = [pair for key, value in leaves for pair in _nested(key, value)]
    columns = [(k, str(v)) for k, v in (*event.ecs.items(), ("message", event.message)) if v]
    wide = [plain(html.unescape(v)) for _, v in (*columns, *inner)] + [plain(html.unescape(line)) for line in raw]
    columns_decoded = [line for _, v in inner for line in _decoded(v, _BASE64_DEPTH)]
    decoded_columns = [plain(line) for line in columns_decoded]
    spoken = [plain(html.unescape(v)).strip() for _, v in (*leaves, *inner, *columns)]
    spoken += [line.strip() for line in strict]
    # An account whose name or domain has blanks (`NT AUTHORITY\\ANONYMOUS LOGON`), which a record holds in two fields.
    spoken += [
        plain(f"{event.ecs.get(d)}\\{event.ecs[u]}") for u, d in _ACCOUNTS if event.ecs.get(u) and event.ecs.get(d)
    ]
    texts = (
        [v for _, v in (*leaves, *inner, *columns)]
        + raw
        + columns_decoded
        + [html.unescape(v) for _, v in (*leaves, *inner)]
    )
    holding = {t: spans for t in dict.fromkeys(texts) if (spans := secrets_in(t))}
    shown = [plain(masked(t)).strip() for t in holding]
    return Content(
        leaves=frozenset(plain(v) for _, v in leaves),
        passages=frozenset(v for v in (*spoken, *shown) if " " in v and v[:1] not in ("{", "[")),
        strict="\n".join(strict),
        wide="\n".join((*strict, *wide, *decoded_columns, *shown)),
        times=(event.time, *(t for line in raw for t in written_times(line))),
        numbers=frozenset(_numbers((*leaves, *inner, *columns))),
        shown="\n".join(shown),
        secrets=tuple(dict.fromkeys(_hidden(holding, "\n".join(shown)))),
    )


def _hidden(holding: Mapping[str, tuple[tuple[int, int], ...]], shown: str) -> Iterator[Hidden]:
    for text, spans in holding.items():
        for start, end in spans:
            secret = plain(text[start:end]).strip()
            before = plain(text[max(0, start - 200) : start]).rsplit(" ", 2)[-2:]
            telling = len(secret) >= 6 and not secret.isalpha() and secret not in shown
            if len(secret) >= 3:
                yield Hidden(secret, " ".join(before) if any(before) else "", telling)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every (field name, text) of a JSON value; null, true and false say nothing checkable."""
    if isinstance(value, Mapping):
        for k, v in value.items():
            yield from _leaves(str(k), v)
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from _leaves(key, v)
    elif value is not None and not isinstance(value, bool):
        yield key, str(value)


def _nested(key: str, value: str) -> Iterator[tuple[str, str]]:
    """Values inside a field that is itself JSON or event XML in a string."""
    head = value.lstrip()[:1]
    if head in ("{", "["):
        try:
            yield from _leaves(key, orjson.loads(value))
        except orjson.JSONDecodeError:
            return
    elif head == "<":
        for m in _XML_VALUE.finditer(value):
            yield m[1], html.unescape(m[2])


def _decoded(text: str, depth: int) -> Iterator[str]:
    """The text, and what its base64 runs decode to as UTF-16LE and UTF-8, nested `depth` times."""
    yield text
    if not depth:
        return
    for run in _BASE64_RUN.findall(text):
        bare = run.rstrip("=")
        try:
            raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            continue
        for encoding in ("utf-16-le", "utf-8"):
            inner = raw.decode(encoding, "ignore")
            if inner and sum(" " <= c <= "~" or c in "\r\n\t" for c in inner) > 0.9 * len(inner):
                yield from _decoded(inner, depth - 1)


def written_times(text: str) -> Iterator[datetime]:
    """Timestamps written in a text: ISO 8601 (UTC where it names no zone) and epoch seconds."""
    for m in _STAMP.finditer(text):
        year, month, day, hour, minute, second = (int(m[i] or 0) for i in range(1, 7))
        try:
            t = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
            if m[9]:
                shift = timedelta(hours=int(m[10]), minutes=int(m[11]))
                t = t - shift if m[9] == "+" else t + shift
            yield t + timedelta(seconds=float(f"0.{m[7] or 0}"))
        except (ValueError, OverflowError):
            continue
    for m in _EPOCH.finditer(text):
        yield datetime.fromtimestamp(float(m.group()), UTC)


def _numbers(pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, int]]:
    for key, value in pairs:
        text = value.strip().lower()
        if _INTEGER.fullmatch(text):
            yield key.lower(), int(text)
        elif _HEX_INTEGER.fullmatch(text):
            yield key.lower(), int(text, 16)
