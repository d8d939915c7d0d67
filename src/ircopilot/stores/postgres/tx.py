"""A transaction as the stores see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection


class Late(NamedTuple):
    """What a transaction does when it commits, and with what."""

    work: Callable[[Tx, list[Any]], None]
    items: list[Any]


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction of one organisation. Whoever opened it commits it, by leaving the `with` block."""

    org_id: str
    connection: Connection
    late: dict[str, Late] = field(default_factory=dict, repr=False, compare=False)
    told: dict[str, int] = field(default_factory=dict, repr=False, compare=False)  # run → its first event told here

    def at_commit(self, kind: str, item: Any, work: Callable[[Tx, list[Any]], None]) -> None:
        """Have `work` done with all items of that kind as the last of this transaction; what it raises rolls back."""
        self.late.setdefault(kind, Late(work, []))[1].append(item)
