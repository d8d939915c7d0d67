"""A search's text into its syntax tree, by recursive descent with bounded depth, length and number of terms.

any    = all ("OR" all)*          all = part ("AND"? part)*        part = ("NOT" | "-")* ( "(" any ")" | term )
term   = name ":" value | name compare value | word | phrase
value  = word | phrase | compare bound | "[" bound "TO" bound "]" | "(" value ("OR"? value)* ")"
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from ircopilot.analysis.search.problem import InvalidSearch
from ircopilot.analysis.search.syntax import All, Match, Node, Not, Range, Some, Text
from ircopilot.analysis.search.tokens import Token, Where, read_token

MAX_LENGTH = 4_000  # characters
MAX_DEPTH = 40  # brackets within brackets
MAX_TERMS = 100
COMPARISONS = (">=", "<=", ">", "<", "=")


def parse_search(text: str) -> Node | None:
    """The tree of a search; None for an empty one, which finds everything. Raises InvalidSearch."""
    if len(text) > MAX_LENGTH:
        raise InvalidSearch(text, MAX_LENGTH, f"a search has at most {MAX_LENGTH} characters, this one {len(text)}")
    if not text.strip():
        return None
    for at, sign in enumerate(text):
        if sign == "\0" or "\ud800" <= sign <= "\udfff":
            raise InvalidSearch(text, at, "a character that no text holds")
    parser = _Parser(text)
    tree = parser.any_of()
    end = parser.peek()
    if end.kind != "end":
        raise parser.unexpected(end, "AND", "OR", "the end")
    return tree


class _Parser:
    """The text and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.depth = self.terms = 0

    def peek(self, where: Where = "term") -> Token:
        """The next token, which stays the next one."""
        return read_token(self.text, self.at, where)

    def take(self, where: Where = "term") -> Token:
        """The next token, which is read now."""
        token = self.peek(where)
        self.at = token.end
        return token

    def unexpected(self, token: Token, *expected: str) -> InvalidSearch:
        """The error for a token that cannot stand where it stands."""
        found = (
            "the search ends here" if token.kind == "end" else f"{self.text[token.at : token.end][:40]} is unexpected"
        )
        return InvalidSearch(self.text, token.at, found, *expected)

    def any_of(self) -> Node:
        """Operands joined by OR."""
        found = [self.all_of()]
        while self.peek().operator == "OR":
            self.take()
            found.append(self.all_of())
        return found[0] if len(found) == 1 else Some(tuple(found))

    def all_of(self) -> Node:
        """Operands joined by AND, or by standing side by side."""
        found = [self.part()]
        while True:
            token = self.peek()
            if token.operator == "AND":
                self.take()
            elif token.operator == "OR" or token.kind in ("end", ")"):
                return found[0] if len(found) == 1 else All(tuple(found))
            found.append(self.part())

    def part(self) -> Node:
        """An operand with the negations in front of it."""
        negated = False
        while (token := self.peek()).operator == "NOT" or token.kind == "-":
            self.take()
            negated = not negated
        found = self.bracketed(token, self.any_of) if token.kind == "(" else self.term()
        return Not(found) if negated else found

    def bracketed(self, opening: Token, inner: Callable[[], Node]) -> Node:
        """What stands between a bracket and the one that closes it."""
        self.at = opening.end
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InvalidSearch(self.text, opening.at, f"brackets are nested more than {MAX_DEPTH} deep")
        found = inner()
        closing = self.take()
        if closing.kind != ")":
            raise self.unexpected(closing, "AND", "OR", f") for the bracket at character {opening.at + 1}")
        self.depth -= 1
        return found

    def term(self) -> Node:
        """A field's value, or full text."""
        token = self.take()
        if token.operator in ("AND", "OR") or token.kind not in ("word", "phrase"):
            raise self.unexpected(token, "a word", "a field", '"a phrase"', "(")
        after = self.peek()
        glued = after.at == token.end
        if after.kind in COMPARISONS:
            return self._compared(token.text, self.take(), token.at)
        if glued and after.kind == ":":
            whole = self._plain(token)
            if whole is None:
                self.take()
                return self.value(token.text, token.at)
            token, self.at = whole, whole.end
        return self._match(None, Text(token.text, token.at, token.kind == "phrase"), token.at)

    def _plain(self, token: Token) -> Token | None:
        """A word with colons that names no field: an address, the beginning of a URL or of a Windows path."""
        whole = read_token(self.text, token.at, "value")
        if token.kind != "word":
            return None
        rest = whole.text[len(token.text) + 1 :]
        if rest.startswith("//") or (len(token.text) == 1 and rest[:1] in ("\\", "/")):
            return whole
        try:
            ipaddress.ip_interface(whole.text)
        except ValueError:
            return None
        return whole

    def value(self, field: str, at: int) -> Node:
        """What stands behind a field's colon."""
        token = self.take("value")
        if token.kind in COMPARISONS:
            return self._compared(field, token, at)
        if token.kind in ("[", "{"):
            return self._match(field, self._range(token), at)
        if token.kind == "(":
            return self.bracketed(token, lambda: self._values(field, at))
        if token.kind not in ("word", "phrase"):
            raise self.unexpected(token, f"a value for {field}", '"a phrase"', "[low TO high]", ">=")
        return self._match(field, Text(token.text, token.at, token.kind == "phrase"), at)

    def _values(self, field: str, at: int) -> Node:
        """`(a OR b c)` behind a field: any of these values."""
        found: list[Node] = [self.value(field, at)]
        while self.peek("value").kind not in ("end", ")"):
            if self.peek("value").operator == "OR":
                self.take("value")
            elif self.peek("value").operator in ("AND", "NOT"):
                raise self.unexpected(self.peek("value"), "OR", ")")
            found.append(self.value(field, at))
        return found[0] if len(found) == 1 else Some(tuple(found))

    def _compared(self, field: str, comparison: Token, at: int) -> Node:
        bound = self.take("value")
        if bound.kind not in ("word", "phrase"):
            raise self.unexpected(bound, "a value to compare with")
        text = Text(bound.text, bound.at, bound.kind == "phrase")
        if comparison.kind == "=":
            return self._match(field, text, at)
        exact = comparison.kind.endswith("=")
        low, high = (text, None) if comparison.kind.startswith(">") else (None, text)
        return self._match(field, Range(low, high, exact, exact, comparison.at), at)

    def _range(self, opening: Token) -> Range:
        low = self._bound("TO")
        to = self.take("bound")
        if to.operator != "TO":
            raise self.unexpected(to, "TO")
        high = self._bound("]")
        closing = self.take("bound")
        if closing.kind not in ("]", "}"):
            raise self.unexpected(closing, f"] for the bracket at character {opening.at + 1}")
        return Range(low, high, opening.kind == "[", closing.kind == "]", opening.at)

    def _bound(self, before: str) -> Text | None:
        token = self.take("bound")
        if token.kind not in ("word", "phrase") or token.operator == "TO":
            raise self.unexpected(token, f"a value before {before}", "* for no limit")
        return (
            None if token.kind == "word" and token.text == "*" else Text(token.text, token.at, token.kind == "phrase")
        )

    def _match(self, field: str | None, value: Text | Range, at: int) -> Match:
        self.terms += 1
        if self.terms > MAX_TERMS:
            raise InvalidSearch(self.text, at, f"a search has at most {MAX_TERMS} terms")
        return Match(field, value, at)
