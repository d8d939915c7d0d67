"""How a mapping is recognised: by the names that its records carry, never by a file's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Signature:
    """`needs` is a list of groups; a record fits when of every group at least one name is there (dots go inwards).

    `weight` orders mappings that fit the same records: the more particular one weighs more. `test`, if given, must
    hold as well.
    """

    mapping: str
    needs: tuple[tuple[str, ...], ...]
    weight: float = 1.0
    test: Callable[[Record], bool] | None = None

    def score(self, records: Sequence[Record]) -> float:
        """The weighted share of the records that fit, 0..weight."""
        if not records:
            return 0.0
        fitting = sum(1 for r in records if self.fits(r))
        return self.weight * fitting / len(records)

    def fits(self, record: Record) -> bool:
        """Whether one record carries the names."""
        if not all(any(value_at(record, name) is not None for name in group) for group in self.needs):
            return False
        return self.test is None or self.test(record)


def value_at(record: Record, name: str) -> object:
    """The value under a name, which may be a path (`winlog.event_id`); None if there is none."""
    if name in record:
        return record[name]
    head, dot, rest = name.partition(".")
    inner = record.get(head) if dot else None
    return value_at(inner, rest) if isinstance(inner, Mapping) else None
