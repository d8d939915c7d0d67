"""A test of events as SQL, its values beside it: what a search compiles to and what the timeline's queries take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Condition:
    """`sql` is a boolean over columns of `events`, made of fixed text and `{name:Type}`; `params` hold every value.

    `columns` are those that it reads: a roll-up answers when it has them all. `marked`: it hangs on what people marked.
    """

    sql: str
    params: Mapping[str, object] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    marked: bool = False


EVERYTHING = Condition("1")
