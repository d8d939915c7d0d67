"""The compiled form of Sigma rules: atoms (one field comparison each) and a condition over them.

The form is plain data, so that it can be kept on disk as JSON and read back without running anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ircopilot.domain.findings import Level

Op = Literal[
    "eq", "number", "bool", "any", "absent", "starts", "ends", "contains", "glob", "re", "cidr", "compare", "ref"
]  # fmt: skip

KEYWORDS = ""
"""The field of an atom that is searched for in the whole record instead of in one field."""

ANY_RUN, ANY_ONE = "\0*", "\0?"
"""How a glob atom writes Sigma's two wildcards among its literal parts."""


class Atom(NamedTuple):
    """One comparison. `args` are strings: the literal, the glob's parts, the pattern, `(operator, number)` or
    `(other field, how)`; literals of atoms that are not `cased` are lower-cased already."""

    field: str
    op: Op
    args: tuple[str, ...]
    cased: bool = False


Condition = int | list[Any]
"""An index into the book's atoms, or `[op, part, …]` with op `and`, `or` or `not`."""


class Logsource(NamedTuple):
    """Sigma's log source; empty text where the rule names none."""

    product: str
    category: str
    service: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part) or "any"


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to be evaluated. `codes` are the event codes that it can match at all; None is any."""

    rule_id: str
    title: str
    level: Level
    techniques: tuple[str, ...]
    description: str
    logsource: Logsource
    condition: Condition
    codes: tuple[str, ...] | None
    path: str
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class UnusableRule:
    """A rule that is left out, and why. `kind` is the short reason that is counted."""

    path: str
    title: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of some folders, first folder first; a later rule with an id already seen is unusable."""

    rules: tuple[CompiledRule, ...]
    unusable: tuple[UnusableRule, ...] = ()
    digest: str = ""

    def unusable_counts(self) -> dict[str, int]:
        """How many rules are left out for each kind of reason, most first."""
        return dict(Counter(u.kind for u in self.unusable).most_common())
