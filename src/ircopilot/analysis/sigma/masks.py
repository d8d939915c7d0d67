"""A rule's condition over a batch of events. Comparisons of one field are combined on its distinct values and
spread over the events only where fields meet; what no distinct value matches is known to be false at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ircopilot.analysis.sigma.distinct import Mask, match_distinct
from ircopilot.analysis.sigma.rules import Atom, CompiledRule, Condition

Codes = npt.NDArray[np.int32]


@dataclass(slots=True)
class Column:
    """One field of a batch: its distinct values, and for each event the index of its value."""

    values: list[str]
    codes: Codes


@dataclass(slots=True)
class Batch:
    """Some events of one log source, by Sigma field name. `truth` holds the atoms that match anything."""

    size: int
    columns: dict[str, Column]
    truth: dict[Atom, Mask] = field(default_factory=dict)

    def match(self, atoms: set[Atom]) -> None:
        """Evaluate every atom once."""
        by_field: dict[str, list[Atom]] = {}
        for atom in atoms:
            if atom.op == "ref":
                self._match_reference(atom)
            else:
                by_field.setdefault(atom.field, []).append(atom)
        for name, wanted in by_field.items():
            if name in self.columns:
                self.truth.update(match_distinct(self.columns[name].values, wanted))

    def _match_reference(self, atom: Atom) -> None:
        """A comparison of two fields, over the distinct pairs of their values."""
        left, right = self.columns.get(atom.field), self.columns.get(atom.args[0])
        if left is None or right is None:
            return
        pairs, places = np.unique(left.codes.astype(np.int64) * len(right.values) + right.codes, return_inverse=True)
        compare: dict[str, Callable[[str, str], bool]] = {
            "eq": str.__eq__,
            "starts": str.startswith,
            "ends": str.endswith,
            "contains": str.__contains__,
        }
        holds = compare[atom.args[1]]
        found = np.zeros(len(pairs), dtype=np.bool_)
        for i, pair in enumerate(pairs.tolist()):
            one, other = (c.values[p].lower() for c, p in zip((left, right), divmod(pair, len(right.values)),
                                                              strict=True))  # fmt: skip
            found[i] = bool(one) and bool(other) and holds(one, other)
        if found.any():
            self.truth[atom] = found[places]

    def rows(self, rule: CompiledRule) -> Mask | None:
        """Which events the rule matches; None when none."""
        result = self._evaluate(rule.condition, rule.atoms)
        if result is False:
            return None
        mask = np.ones(self.size, dtype=np.bool_) if result is True else self._spread(result)
        return mask if mask.any() else None

    def _spread(self, part: _Part) -> Mask:
        return part.mask if part.field is None else part.mask[self.columns[part.field].codes]

    def _evaluate(self, node: Condition, atoms: tuple[Atom, ...]) -> _Part | bool:
        if isinstance(node, int):
            atom = atoms[node]
            mask = self.truth.get(atom)
            return False if mask is None else _Part(None if atom.op == "ref" else atom.field, mask)
        if node[0] == "not":
            inner = self._evaluate(node[1], atoms)
            return not inner if isinstance(inner, bool) else _Part(inner.field, ~inner.mask)
        return self._combine(node, atoms, conjunction=node[0] == "and")

    def _combine(self, node: Condition, atoms: tuple[Atom, ...], conjunction: bool) -> _Part | bool:
        """And, or: constants first, then per field on distinct values, then across fields on events."""
        by_field: dict[str | None, Mask] = {}
        join = np.logical_and if conjunction else np.logical_or
        for child in node[1:]:  # type: ignore[index]
            part = self._evaluate(child, atoms)
            if isinstance(part, bool):
                if part is not conjunction:
                    return part
                continue
            known = by_field.get(part.field)
            by_field[part.field] = part.mask if known is None else join(known, part.mask)
        if not by_field:
            return conjunction
        if conjunction and not all(m.any() for m in by_field.values()):
            return False
        parts = [_Part(name, mask) for name, mask in by_field.items()]
        if len(parts) == 1:
            return parts[0]
        result = self._spread(parts[0])
        for part in parts[1:]:
            result = join(result, self._spread(part))
        return _Part(None, result)


@dataclass(slots=True)
class _Part:
    """A truth value per distinct value of `field`, or per event when `field` is None."""

    field: str | None
    mask: Mask
