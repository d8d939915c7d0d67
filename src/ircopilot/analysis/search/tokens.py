"""A search into tokens, by hand, each character looked at once: what ends a word depends on where it stands.

As a term, a word ends at a blank, bracket, quote, `:` or comparison. As a value (behind `:`), only at a blank or a
bracket that it did not open: `file:C:\\Program Files (x86)` needs quotes, `url:https://a.example/x?y=(1)` does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ircopilot.analysis.search.problem import InvalidSearch

Kind = Literal["word", "phrase", "(", ")", "[", "{", "]", "}", ":", ">=", "<=", ">", "<", "=", "-", "end"]
Where = Literal["term", "value", "bound"]

_SIGNS: dict[str, Kind] = {"(": "(", ")": ")", "[": "[", "{": "{", "]": "]", "}": "}", ":": ":", "=": "="}
_ENDS_TERM = frozenset('():"<>=[]{}')


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is the word or what stands between the quotes; `at` and `end` are offsets in the search."""

    kind: Kind
    text: str
    at: int
    end: int

    @property
    def operator(self) -> str:
        """AND, OR, NOT or TO, in any case, when it is that word; else empty."""
        upper = self.text.upper() if self.kind == "word" else ""
        return upper if upper in ("AND", "OR", "NOT", "TO") else ""


def read_token(text: str, at: int, where: Where) -> Token:
    """The token at or behind `at`. Raises InvalidSearch for a quote that is not closed."""
    while at < len(text) and text[at].isspace():
        at += 1
    if at == len(text):
        return Token("end", "", at, at)
    sign = text[at]
    if sign == '"':
        return _phrase(text, at)
    if sign in "<>":
        size = 2 if text[at + 1 : at + 2] == "=" else 1
        return Token(text[at : at + size], sign, at, at + size)  # type: ignore[arg-type]
    if where == "term" and sign in "-!" and text[at + 1 : at + 2].strip():
        return Token("-", sign, at, at + 1)
    if sign in _SIGNS and (where == "term" or sign not in ":="):
        return Token(_SIGNS[sign], sign, at, at + 1)
    end = _word_end(text, at, where)
    return Token("word", text[at:end], at, end)


def _word_end(text: str, at: int, where: Where) -> int:
    open_brackets = 0
    for end in range(at, len(text)):
        sign = text[end]
        if sign.isspace() or (where == "term" and sign in _ENDS_TERM) or (where == "bound" and sign in "]}"):
            return end
        open_brackets += (sign == "(") - (sign == ")")
        if open_brackets < 0:
            return end
    return len(text)


def _phrase(text: str, at: int) -> Token:
    # Backslashes are as common in evidence as quotes are rare: a quote is doubled, a backslash is itself.
    pieces, begin = [], at + 1
    while (end := text.find('"', begin)) >= 0:
        pieces.append(text[begin:end])
        if text[end + 1 : end + 2] != '"':
            return Token("phrase", '"'.join(pieces), at, end + 1)
        begin = end + 2
    raise InvalidSearch(text, at, "a quote that is not closed", 'a closing "')
