"""What every scenario is made with: moments, dice that always fall alike, and the form of a truth."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Tree = dict[str, Any]
# id, weight, alternatives: each a line of tokens parted by " & "
FactRow = tuple[str, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """An incident: `write` puts its evidence into a folder, `truth` is what happened, in the scorer's form."""

    name: str
    write: Callable[[Path], None]
    truth: Tree


class Day:
    """Moments of one day, UTC."""

    def __init__(self, date: str) -> None:
        self._midnight = datetime.fromisoformat(f"{date}T00:00:00+00:00").astimezone(UTC)

    def at(self, clock: str) -> datetime:
        """The moment `HH:MM:SS[.fff]` of the day."""
        hours, minutes, seconds = clock.split(":")
        return self._midnight + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))

    def spread(self, dice: random.Random, start: str, end: str, count: int) -> list[datetime]:
        """`count` moments between two clocks, in order."""
        first, last = self.at(start), self.at(end)
        return sorted(first + (last - first) * dice.random() for _ in range(count))


def zulu(time: datetime, digits: int = 0) -> str:
    """ISO 8601 with Z and that many digits of the second's fraction."""
    text = f"{time:%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{time.microsecond:06d}"[: len(text) + 1 + digits] + "Z" if digits else f"{text}Z"


def make_truth(
    case: str, facts: tuple[FactRow, ...], order: str, techniques: str, acceptable: str, window: tuple[str, str], decoys: tuple[str, ...],
    hard: tuple[str, ...] = (),
) -> Tree:  # fmt: skip
    """A truth as labelled incidents have it."""
    return {
        "case": case,
        "techniques": [{"id": t, "observable": True} for t in techniques.split()],
        "acceptable_techniques": acceptable.split(),
        "attack_window": {"start": window[0], "end": window[1], "tolerance_s": 60},
        "facts": [{"id": i, "weight": w, "any_of": [a.split(" & ") for a in any_of]} for i, w, any_of in facts],
        "order": order.split(),
        "benign_decoys": list(decoys),
        "hard_decoys": list(hard),
    }
