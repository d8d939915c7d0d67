"""What could be typed next: field names, operators, comparisons, the few values that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ircopilot.analysis.search.names import ECS, SHORT
from ircopilot.analysis.search.parse import COMPARISONS, MAX_LENGTH
from ircopilot.analysis.search.problem import InvalidSearch
from ircopilot.analysis.search.tokens import Token, read_token
from ircopilot.domain.event import KINDS

MOST = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` may replace the characters from `start` up to `end` of the search."""

    text: str
    kind: Literal["field", "operator", "comparison", "value"]
    about: str
    start: int
    end: int


def suggest(text: str, at: int) -> tuple[Suggestion, ...]:
    """What could stand at the cursor `at` (an offset in characters), the likeliest first, at most 20. Never raises."""
    before = text[: max(0, min(at, len(text), MAX_LENGTH))]
    try:
        tokens = _tokens(before)
    except InvalidSearch:
        return ()  # within quotes anything may be written
    touching = tokens[-1] if tokens and tokens[-1].end == len(before) else None
    if touching and touching.kind == "word":
        field = _field_before(tokens[:-1])
        if field is not None:
            return _values(field, touching.text, touching.at, touching.end)
        return _terms(touching.text, touching.at, touching.end, _complete(tokens[:-1]))
    if touching and touching.kind in (":", *COMPARISONS):
        field = _field_before(tokens)
        return _values(field or "", "", len(before), len(before))
    return _terms("", len(before), len(before), _complete(tokens))


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while True:
        after = found and found[-1].kind in (":", *COMPARISONS)
        token = read_token(text, at, "value" if after else "term")
        if token.kind == "end":
            return found
        found.append(token)
        at = token.end


def _field_before(tokens: list[Token]) -> str | None:
    """The field whose value stands behind these tokens."""
    if not tokens or tokens[-1].kind not in (":", *COMPARISONS):
        return None
    names = [token.text for token in tokens if token.kind in ("word", "phrase")]
    return names[-1] if names else None


def _complete(tokens: list[Token]) -> bool:
    """Whether an operator could follow."""
    return bool(tokens) and not tokens[-1].operator and tokens[-1].kind in ("word", "phrase", ")", "]", "}")


def _terms(typed: str, start: int, end: int, complete: bool) -> tuple[Suggestion, ...]:
    operators = (
        (("AND", "both"), ("OR", "either"), ("NOT", "what it is not")) if complete else (("NOT", "what it is not"),)
    )
    folded = typed.lower()
    found = [Suggestion(name, "operator", about, start, end) for name, about in operators if _fits(name, folded)]
    names = sorted(n for n in SHORT if _fits(n, folded)) + sorted(n for n in ECS if _fits(n, folded))
    known = SHORT | ECS
    fields = [Suggestion(f"{name}:", "field", known[name].about, start, end) for name in names]
    return tuple((fields + found if typed else found + fields)[:MOST])


def _values(field: str, typed: str, start: int, end: int) -> tuple[Suggestion, ...]:
    if field.lower() in ("kind", "event.kind"):
        kinds = [Suggestion(kind, "value", "", start, end) for kind in KINDS if _fits(kind, typed.lower())]
        return tuple(kinds)
    if field.lower() == "pinned":
        return tuple(Suggestion(v, "value", "", start, end) for v in ("true", "false") if _fits(v, typed.lower()))
    if typed:
        return ()
    forms = (("*", "is there at all"), (">=", "at least"), ("<=", "at most"), ("[", "[low TO high]"), ('"', "a phrase"))
    return tuple(Suggestion(text, "comparison", about, start, end) for text, about in forms)


def _fits(name: str, folded: str) -> bool:
    return name.lower().startswith(folded) or any(part.startswith(folded) for part in name.lower().split(".")[1:])
