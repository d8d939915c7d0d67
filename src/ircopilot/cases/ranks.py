"""Ranks of a board's cards: texts that sort, with room for another between any two.

Eight digits of base 36 that count up at the end and down at the start of a column, and a fraction where one is put
between neighbours. Source: the idea of fractional indexing, D. Greenspan, "Implementing Fractional Indexing", 2020.
"""

from __future__ import annotations

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_WHOLE = 8
FIRST = "i" + "0" * (_WHOLE - 1)


def rank_after(last: str | None) -> str:
    """A rank at the end of a column whose last rank is given; None: the column is empty."""
    return FIRST if last is None else _text(int(last[:_WHOLE], 36) + 1)


def rank_before(first: str | None) -> str:
    """A rank at the start of a column whose first rank is given; None: the column is empty."""
    return FIRST if first is None else _text(int(first[:_WHOLE], 36) - 1)


def rank_between(low: str, high: str) -> str:
    """A rank above `low` and below `high`. Raises `ValueError` unless the first is below the second."""
    if low >= high:
        raise ValueError(f"{low!r} is not below {high!r}")
    below, above = int(low[:_WHOLE], 36), int(high[:_WHOLE], 36)
    if above - below > 1:
        return _text((below + above) // 2)
    if above - below == 1:
        return low[:_WHOLE] + _middle(low[_WHOLE:], "")
    return low[:_WHOLE] + _middle(low[_WHOLE:], high[_WHOLE:])


def _middle(low: str, high: str) -> str:
    """A fraction between two, neither of which ends in 0; an empty `high` is 1. The result does not end in 0 either."""
    made = ""
    at = 0
    while True:
        below = _DIGITS.index(low[at]) if at < len(low) else 0
        above = _DIGITS.index(high[at]) if at < len(high) else len(_DIGITS)
        if above - below > 1:
            return made + _DIGITS[(below + above) // 2]
        made += _DIGITS[below]
        if above != below:
            high = ""  # whatever follows is below it
        at += 1


def _text(number: int) -> str:
    text = ""
    for _ in range(_WHOLE):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text
