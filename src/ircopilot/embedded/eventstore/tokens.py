"""ClickHouse SQL into tokens: enough to see which names are called and where inline data begins, and no more.

Anything that ClickHouse's lexer might read differently (typographic quotes, `$heredoc$`, stray `#`) is refused, so that
nothing can hide from the guard between two ways of reading. Source: ClickHouse, src/Parsers/Lexer.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "quoted", "string", "number", "sign"]

_TOKEN = re.compile(
    r"""
      (?P<space> [\s\0]++ | --[^\n]*+ | \#[ !][^\n]*+ | /\*(?:[^*]|\*(?!/))*+\*/ )
    | (?P<string> '(?:[^'\\]|\\.|'')*+' )
    | (?P<quoted> `(?:[^`\\]|\\.|``)*+` | "(?:[^"\\]|\\.|"")*+" )
    | (?P<number> [0-9]\w*+(?:\.\w*+)?+ )
    | (?P<word> [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<sign> [-+*%^|&!~<>=?:.,;(){}\[\]@] | /(?!\*) )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_SIMPLE_HEX = re.compile(r"'[0-9A-Fa-f]*+'")


class Unreadable(ValueError):
    """SQL that holds something this lexer does not know."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: `text` as it stands, `start` and `end` as offsets in characters."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """The name that a word or a quoted identifier spells, in lower case."""
        if self.kind == "quoted":
            return re.sub(r"\\(.)|``|\"\"", lambda m: m[1] or m[0][0], self.text[1:-1]).lower()
        return self.text.lower()

    @property
    def is_name(self) -> bool:
        """Whether it may name a function, a table or an engine."""
        return self.kind in ("word", "quoted")


def tokenize(sql: str) -> Iterator[Token]:
    """The tokens of `sql`, comments and blanks left out; lazy, so that inline data behind a head is never looked at.

    Raises `Unreadable` at the first character that is no token of ours.
    """
    position, size = 0, len(sql)
    previous: Token | None = None
    while position < size:
        match = _TOKEN.match(sql, position)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"unexpected character {sql[position]!r} at position {position + 1}")
        position = match.end()
        if match.lastgroup == "space":
            continue
        token = Token(match.lastgroup, match.group(), match.start(), position)  # type: ignore[arg-type]
        # x'41' and b'01' are literals of their own, without escapes: they must hold digits only.
        if (
            token.kind == "string"
            and previous is not None
            and previous.end == token.start
            and previous.kind == "word"
            and not _SIMPLE_HEX.fullmatch(token.text)
        ):
            raise Unreadable(f"unexpected literal {previous.text}{token.text[:20]} at position {previous.start + 1}")
        previous = token
        yield token
