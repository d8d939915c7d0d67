"""The syntax tree of a search: frozen, and each leaf knows where in the text its value stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A value as written. In one that is not quoted, `*` stands for any characters and `?` for one."""

    text: str
    at: int
    quoted: bool = False

    @property
    def wild(self) -> bool:
        """Whether it is a pattern."""
        return not self.quoted and ("*" in self.text or "?" in self.text)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`; a bound that is None is open. `with_low`, `with_high`: whether the bound itself counts."""

    low: Text | None
    high: Text | None
    with_low: bool
    with_high: bool
    at: int


@dataclass(frozen=True, slots=True)
class Match:
    """A field's value. `field` is the name as written, None for full text."""

    field: str | None
    value: Text | Range
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    """What its operand is not."""

    operand: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every one of its operands."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one of its operands."""

    operands: tuple[Node, ...]


Node = Match | Not | All | Some
