"""A statement as text whose values are `$1`, `$2`, …, for `Reader`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

# The dialect that numbers its parameters as libpq does; nothing of the driver that it is named after is used.
_NUMBERING: Any = PGDialect_asyncpg()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Numbered:
    """The text, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]


def numbered(query: Select[Any]) -> Numbered:
    """The text of a query all of whose values are named parameters."""
    made = query.compile(dialect=_NUMBERING)
    return Numbered(str(made), tuple(made.positiontup or ()))
