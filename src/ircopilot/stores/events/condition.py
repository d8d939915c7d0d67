"""A test of events as SQL, its values beside it: what a search compiles to and what the timeline's queries take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ircopilot.stores.events.schema import READ_TEXT, SEARCHED_TEXT


@dataclass(frozen=True, slots=True)
class Condition:
    """`sql` is a boolean over columns of `events`, made of fixed text and `{name:Type}`; `params` hold every value.

    `columns` are those that it reads: a roll-up answers when it has them all. `marked`: it hangs on what people marked.
    `looked_up`: only events with a word that a text index knows meet it, so a long time costs little more than a short one.
    """

    sql: str
    params: Mapping[str, object] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    marked: bool = False
    looked_up: bool = False

    def for_few_events(self) -> Condition:
        """The same test for a short stretch of time: looking through the words of all would take longer than reading it."""
        return replace(self, sql=self.sql.replace(SEARCHED_TEXT + " LIKE", READ_TEXT + " LIKE"))

    def for_many_matches(self) -> Condition:
        """The same test where many events meet it: their words are looked up, so that their text need not be read."""
        return replace(self, sql=self.sql.replace(READ_TEXT + " LIKE", SEARCHED_TEXT + " LIKE"))


EVERYTHING = Condition("1")
