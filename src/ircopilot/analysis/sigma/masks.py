"""A rule's condition over some events. Comparisons of one field are combined on its distinct values and spread over
the events only where fields meet; what no distinct value matches is known to be false at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ircopilot.analysis.sigma.columns import Column
from ircopilot.analysis.sigma.distinct import Mask
from ircopilot.analysis.sigma.fields import Place
from ircopilot.analysis.sigma.rules import Condition

COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": str.__eq__, "starts": str.startswith, "ends": str.endswith, "contains": str.__contains__,
}  # fmt: skip


def compare_fields(left: Column, right: Column, how: str) -> Mask:
    """For each event whether two fields of it are there and compare so, case aside; once per distinct pair."""
    pairs, places = np.unique(left.codes.astype(np.int64) * len(right.values) + right.codes, return_inverse=True)
    holds = COMPARE[how]
    found = np.zeros(len(pairs), dtype=np.bool_)
    for i, pair in enumerate(pairs.tolist()):
        one, other = divmod(pair, len(right.values))
        a, b = left.values[one].lower(), right.values[other].lower()
        found[i] = bool(a) and bool(b) and holds(a, b)
    return found[places]


@dataclass(slots=True)
class _Part:
    """A truth value per distinct value of a place, or per event when `place` is None."""

    place: Place | None
    mask: Mask


Truth = dict[int, tuple[Place | None, Mask]]
"""The comparisons that hold anywhere, by number: per distinct value of a place, or per event."""


@dataclass(slots=True)
class View:
    """The events of one log source among those of a slice: `rows` are their positions.

    Only values that these events have are looked at.
    """

    rows: npt.NDArray[np.int64]
    columns: Mapping[Place, Column]
    truth: Truth
    _codes: dict[Place, tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = field(default_factory=dict)
    _parts: dict[int, _Part | bool] = field(default_factory=dict)

    def matching(self, condition: Condition, numbers: tuple[int, ...]) -> npt.NDArray[np.int64] | None:
        """The positions in the slice of the events for which a condition over comparisons holds; None: there are
        none."""
        result = self._evaluate(condition, numbers)
        if result is False:
            return None
        if result is True:
            return self.rows
        found = self.rows[self._spread(result)]
        return found if len(found) else None

    def _local(self, place: Place) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Which of a place's values these events have, and for each event the index among these."""
        known = self._codes.get(place)
        if known is None:
            column = self.columns[place]
            codes = column.codes[self.rows]
            present = np.zeros(len(column.values), dtype=np.bool_)
            present[codes] = True
            known = self._codes[place] = np.flatnonzero(present), (np.cumsum(present) - 1)[codes]
        return known

    def _spread(self, part: _Part) -> Mask:
        return part.mask if part.place is None else part.mask[self._local(part.place)[1]]

    def _leaf(self, number: int) -> _Part | bool:
        known = self._parts.get(number)
        if known is None:
            place, mask = self.truth[number]
            mask = mask[self.rows if place is None else self._local(place)[0]]
            known = self._parts[number] = _Part(place, mask) if mask.any() else False
        return known

    def _evaluate(self, node: Condition, numbers: tuple[int, ...]) -> _Part | bool:
        if isinstance(node, int):
            number = numbers[node]
            return self._leaf(number) if number in self.truth else False
        if node[0] == "not":
            inner = self._evaluate(node[1], numbers)
            return not inner if isinstance(inner, bool) else _Part(inner.place, ~inner.mask)
        return self._combine(node, numbers, conjunction=node[0] == "and")

    def _combine(self, node: Condition, numbers: tuple[int, ...], conjunction: bool) -> _Part | bool:
        """And, or: constants first, then per place on distinct values, then across places on events."""
        by_place: dict[Place | None, Mask] = {}
        join = np.logical_and if conjunction else np.logical_or
        for child in node[1:]:  # type: ignore[index]
            part = self._evaluate(child, numbers)
            if isinstance(part, bool):
                if part is not conjunction:
                    return part
                continue
            known = by_place.get(part.place)
            by_place[part.place] = part.mask if known is None else join(known, part.mask)
        if not by_place:
            return conjunction
        if conjunction and not all(m.any() for m in by_place.values()):
            return False
        parts = [_Part(place, mask) for place, mask in by_place.items()]
        if len(parts) == 1:
            return parts[0]
        result = self._spread(parts[0])
        for part in parts[1:]:
            result = join(result, self._spread(part))
        return _Part(None, result)
