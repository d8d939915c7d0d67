"""Do the values in a claim's words stand in the records that it cites? Written apart from the gate, to check it.

Only values whose spelling leaves no doubt are looked up: addresses, file names, hashes, CVEs, accounts, times.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ircopilot.domain.values import Value, one_backslash, values_in

_KINDS = ("ip", "file", "hex", "cve", "account", "email", "time")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)", re.ASCII)
_EPOCH = re.compile(r"(?<![\d.])1\d{9}(?![\d])", re.ASCII)


def unsupported_values(text: str, records: Sequence[Mapping[str, Any]], also: Iterable[str]) -> list[str]:
    """Values of `text` that stand in none of `records` (entries of report.json's `events`) nor in `also`.

    `also` holds the values of named facts and the words of searches.
    """
    content = "\n".join(_content(records, also))
    seconds = set(_seconds(records, content))
    return [v.text for v in values_in(text) if v.kind in _KINDS and not _stands(v, content, seconds)]


def _stands(value: Value, content: str, seconds: set[int]) -> bool:
    said = _CLOCK.search(value.text) if value.kind == "time" else None
    if said is not None:
        at = int(said[1]) * 3600 + int(said[2]) * 60 + int(said[3])
        return any((at + drift) % 86400 in seconds for drift in (-1, 0, 1))
    want = _fold(value.text)
    if value.kind == "account":
        domain, _, user = want.partition("\\")
        return want in content or all(
            re.search(rf"^{re.escape(part)}(?!\w)", content, re.MULTILINE) for part in (domain, user)
        )
    edge = {"ip": r"[\d.]", "file": r"[\w-]", "hex": r"[0-9a-f]"}.get(value.kind, r"\w")
    return re.search(rf"(?<!{edge}){re.escape(want)}(?![\w-])", content) is not None


def _content(records: Sequence[Mapping[str, Any]], also: Iterable[str]) -> Iterator[str]:
    for record in records:
        for leaf in _leaves([record["time"], record["time_recorded"], record["fields"]]):
            yield from map(_fold, _decoded(leaf, 2))
    yield from map(_fold, also)


def _fold(text: str) -> str:
    unescaped = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
    return one_backslash(unescaped).lower()


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield str(value)


def _decoded(text: str, depth: int) -> Iterator[str]:
    """The text and what its base64 runs decode to, nested."""
    yield text
    for run in _BASE64.findall(text) if depth else ():
        bare = run.rstrip("=")
        try:
            raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            continue
        for encoding in ("utf-16-le", "utf-8"):
            yield from _decoded(raw.decode(encoding, "ignore"), depth - 1)


def _seconds(records: Sequence[Mapping[str, Any]], content: str) -> Iterator[int]:
    """Seconds of the day (UTC) of every time that the records have or tell."""
    for record in records:
        for name in ("time", "time_recorded"):
            moment = datetime.fromisoformat(record[name]).astimezone(UTC)
            yield moment.hour * 3600 + moment.minute * 60 + moment.second
    for match in _STAMP.finditer(content.upper()):
        yield int(match[4]) * 3600 + int(match[5]) * 60 + int(match[6])
    for match in _EPOCH.finditer(content):
        yield int(match[0]) % 86400
