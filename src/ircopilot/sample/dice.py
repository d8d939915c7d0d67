"""A source of choices that gives the same ones on every machine, Python version and run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Numbers drawn from BLAKE2b over `seed` and a counter; equal seeds give equal sequences."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def fraction(self) -> float:
        """A number in [0, 1)."""
        return int(self.hex(12), 16) / 16**12

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def seconds(self, low: float, high: float) -> float:
        """A number of seconds in [low, high), to the microsecond."""
        return round(low + self.fraction() * (high - low), 6)

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.number(0, len(options) - 1)]

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits, at most 128."""
        self._drawn += 1
        return hashlib.blake2b(self._seed + self._drawn.to_bytes(8, "big")).hexdigest()[:length]

    def guid(self) -> str:
        """A GUID without braces, lower case."""
        digits = self.hex(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def letters(self, length: int) -> str:
        """`length` letters and digits, as in Zeek's connection ids."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(alphabet[int(pair, 16) % 62] for pair in _pairs(self.hex(2 * length)))


def _pairs(digits: str) -> list[str]:
    return [digits[i : i + 2] for i in range(0, len(digits), 2)]
