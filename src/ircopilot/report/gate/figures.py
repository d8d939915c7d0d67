"""Numbers in a text: counts and durations are facts', numbers that name something (port 443, pid 1400) the records'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ircopilot.domain.claims import Fact
from ircopilot.domain.values import Value
from ircopilot.report.gate.cited import CitedEvent
from ircopilot.report.ledger import format_fact

_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER_WORDS = {word: number for number, word in enumerate(_SMALL, start=2)}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_SMALL)})\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_POWERS = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
# A number after one of these words names something; it must stand in a field whose name holds one of the parts.
_PORT, _PID = ("port", "_p"), ("pid", "processid")
_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "port": _PORT,
    "ports": _PORT,
    "pid": _PID,
    "pids": _PID,
    "process": _PID,
    "account": ("account",),
    "event": ("event", "code"),
    "id": ("id", "code"),
    "type": ("type",),
    "code": ("code", "status"),
    "status": ("status", "code"),
    "uid": ("uid",),
    "userid": ("userid",),
    "level": ("level",),
    "session": ("session", "logon"),
}
# `userId: “098…”`: a field's own name before its value.
_OWN_NAME = re.compile(r"(\w{2,60}): ?[“\"]$")
_BYTE_FIELDS = ("bytes", "len", "size")


class Figures:
    """The numbers of one text, with what may hold them up."""

    def __init__(
        self, text: str, mask: bytearray, events: Sequence[CitedEvent], facts: Sequence[Fact], searched: str
    ) -> None:
        self._text, self._mask, self._events, self._facts, self._searched = text, mask, events, facts, searched
        self._spans = [span for fact in facts for span in _spans(text.lower(), format_fact(fact).lower())]

    def holds(self, value: Value) -> bool:
        """True if the number stands in a formatted fact, equals a fact of the unit beside it, or is the record's."""
        if any(start <= value.start and value.end <= end for start, end in self._spans):
            return True
        number = float(value.text.replace(",", ""))
        return (
            self._counted(number, value.start, value.end)
            or self._looked_for(number, value.end)
            or self._recorded(number, self._field_parts(value))
        )

    def words_not_counted(self) -> Iterator[tuple[str, int]]:
        """Numbers written as words, outside quotations of records, that no named fact bears out; and where they stand."""
        for m in _NUMBER_WORD.finditer(self._text):
            hidden = any(self._mask[m.start() : m.end()]) or any(a <= m.start() < b for a, b in self._spans)
            if not hidden and not self._counted(_NUMBER_WORDS[m.group().lower()], m.start(), m.end()):
                yield m.group(), m.start()

    def _counted(self, number: float, start: int, end: int) -> bool:
        """True if a named fact has this value, and its unit is a word near the number."""
        after, before = _WORD.findall(self._text[end : end + 80]), _WORD.findall(self._text[max(0, start - 60) : start])
        near = {_stem(w) for w in (*after[:4], *before[-2:])}
        return any(
            not isinstance(f.value, str) and f.value == number and (not f.unit or _stem(f.unit.split()[-1]) in near)
            for f in self._facts
        )

    def _looked_for(self, number: float, end: int) -> bool:
        """True if an unknown's search asks for this number (`1 MB` for 1000000)."""
        unit = _WORD.findall(self._text[end : end + 4])[:1]
        exact = number * _POWERS.get(unit[0].lower() if unit else "", 1.0)
        return any(float(n) == exact for n in re.findall(r"\d{1,15}", self._searched))

    def _field_parts(self, value: Value) -> tuple[str, ...]:
        """Parts of the names of fields that may hold this number; none if it is a count."""
        before = self._text[max(0, value.start - 40) : value.start]
        if before.endswith(":"):
            return _PORT
        if own := _OWN_NAME.search(before):
            return (own[1].lower(),)
        after = _WORD.findall(self._text[value.end : value.end + 40])[:1]
        if after and after[0].lower() in ("byte", "bytes"):
            return _BYTE_FIELDS
        words = _WORD.findall(before)
        return _NAMED_BY.get(words[-1].lower(), ()) if words and before[-1] in " =" else ()

    def _recorded(self, number: float, parts: Sequence[str]) -> bool:
        return any(n == number and any(p in name for p in parts) for e in self._events for name, n in e.content.numbers)


def _spans(low: str, shown: str) -> Iterator[tuple[int, int]]:
    """Where a formatted fact stands in the text as a whole."""
    at = low.find(shown) if shown else -1
    while at >= 0:
        end = at + len(shown)
        if not (at and _joins(low[at - 1], "0")) and not (end < len(low) and _joins(low[end], low[end + 1 : end + 2])):
            yield at, end
        at = low.find(shown, at + 1)


def _joins(c: str, following: str) -> bool:
    """True if this character makes a number beside it a part of something longer."""
    return c.isalnum() or c in "_-$~#\\/" or (c in ".,:" and following.isdigit())


def _stem(word: str) -> str:
    low = word.lower()
    return low[:-3] + "y" if low.endswith("ies") else low.removesuffix("s") or low
