"""A measured figure beside its floor and its goal, and how figures are printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `value` is compared with `goal` when both are numbers; `at_least` says in which direction.

    `floor` says what the value is a ratio to, or what was measured beside it in the same run.
    """

    piece: str
    what: str
    value: float
    unit: str
    floor: str
    goal: float | None = None
    at_least: bool = True

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing when there is no goal."""
        if self.goal is None:
            return ""
        return "met" if (self.value >= self.goal if self.at_least else self.value <= self.goal) else "**missed**"

    @property
    def aim(self) -> str:
        """The goal in words."""
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {shown(self.goal)} {self.unit}".strip()


def shown(number: float) -> str:
    """Three figures that count, thousands apart."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def as_table(figures: list[Figure]) -> str:
    """A Markdown table, in the order given."""
    rows = ["| | What | Measured | Goal | | Beside it, in the same run |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {f.piece} | {f.what} | {shown(f.value)} {f.unit} | {f.aim} | {f.verdict} | {f.floor} |".replace("  ", " ")
        for f in figures
    ]
    return "\n".join(rows)
