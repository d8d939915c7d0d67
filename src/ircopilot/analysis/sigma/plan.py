"""What a rule set asks of the evidence at hand: which rules can match at all, over which kinds of events, and each
distinct comparison once, numbered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ircopilot.analysis.sigma.distinct import Matcher
from ircopilot.analysis.sigma.fields import Place, place_of
from ircopilot.analysis.sigma.literals import trigger_of
from ircopilot.analysis.sigma.logsources import Seen, places_of
from ircopilot.analysis.sigma.rules import KEYWORDS, Atom, CompiledRule, Condition, Logsource, RuleSet

MAX_NEEDLES = 250


@dataclass(slots=True)
class Source:
    """A log source that the evidence holds: its kinds of events, its rules, where their fields lie, all that they
    ask, and for each rule the numbers of its comparisons (in the order of its atoms)."""

    kinds: frozenset[Seen]
    rules: list[CompiledRule]
    places: dict[str, Place]
    atoms: list[Atom]
    numbers: list[tuple[int, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reference:
    """A comparison of two fields: where they lie, and how they are compared."""

    left: Place
    right: Place
    how: str


@dataclass(slots=True)
class Plan:
    """`places`: which kinds of events are asked for the text of a place. `keywords`: for each log source whose rules
    search whole records, its kinds and the words of which a record needs one (None: there is no such list).
    `questions`: each place's comparisons by what they ask, with their number and an atom that asks it."""

    sources: list[Source] = field(default_factory=list)
    places: dict[Place, set[Seen]] = field(default_factory=lambda: defaultdict(set))
    keywords: list[tuple[frozenset[Seen], tuple[str, ...] | None]] = field(default_factory=list)
    questions: dict[Place, dict[tuple[object, ...], tuple[int, Atom]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    references: dict[Reference, int] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[Seen]:
        """The kinds of events that any rule asks for."""
        return frozenset().union(*(s.kinds for s in self.sources))

    def matchers(self) -> dict[Place, Matcher]:
        """The comparisons of each place, numbered and compiled. It takes a while, so read events meanwhile."""
        self._number()
        return {place: Matcher({atom: n for n, atom in asked.values()}) for place, asked in self.questions.items()}

    def add(self, logsource: Logsource, kinds: frozenset[Seen], rules: list[CompiledRule]) -> None:
        """Add the rules of one log source."""
        atoms = list({id(atom): atom for rule in rules for atom in rule.atoms}.values())
        names = {a.field for a in atoms} | {a.args[0] for a in atoms if a.op == "ref"}
        where = {name: place_of(name, logsource) for name in names}
        for place in where.values():
            self.places[place] |= kinds
        self.sources.append(Source(kinds, rules, where, atoms))
        if KEYWORDS in names:
            self.keywords.append((kinds, needles(rules, atoms)))

    def _number(self) -> None:
        """Number the comparisons: one number for one text in one place, by whatever name a rule calls it."""
        size = 0
        for source in self.sources:
            known: dict[int, int] = {}  # by identity: rules share their atoms, and hashing them takes longer
            for atom in source.atoms:
                place = source.places[atom.field]
                if atom.op == "ref":
                    reference = Reference(place, source.places[atom.args[0]], atom.args[1])
                    number = self.references.setdefault(reference, size)
                else:
                    number = self.questions[place].setdefault(atom[1:], (size, atom))[0]
                known[id(atom)] = number
                size += number == size
            source.numbers = [tuple([known[id(a)] for a in rule.atoms]) for rule in source.rules]


def plan_rules(rules: RuleSet, census: list[Seen]) -> Plan:
    """The rules whose log source the evidence holds, with what they ask."""
    by_source: dict[Logsource, list[CompiledRule]] = defaultdict(list)
    for rule in rules.rules:
        by_source[rule.logsource].append(rule)
    plan = Plan()
    for logsource, members in by_source.items():
        places = places_of(logsource)
        kinds = [k for k in census if any(p.holds(k) for p in places)]
        codes = {k.code for k in kinds}
        live = [r for r in members if kinds and (r.codes is None or codes.intersection(r.codes))]
        if not live:
            continue
        if all(r.codes is not None for r in live):
            codes &= {c for r in live for c in r.codes or ()}
        plan.add(logsource, frozenset(k for k in kinds if k.code in codes), live)
    return plan


def needles(rules: list[CompiledRule], atoms: Iterable[Atom]) -> tuple[str, ...] | None:
    """The words of which a record needs one to match any of the rules; None when there is no such list."""
    words = {trigger_of(a) if a.op in ("contains", "glob") else "" for a in atoms if a.field == KEYWORDS}
    if not words or "" in words or len(words) > MAX_NEEDLES:
        return None
    searching = [r for r in rules if any(a.field == KEYWORDS for a in r.atoms)]
    return tuple(sorted(words)) if all(_without_keywords(r.condition, r.atoms) is False for r in searching) else None


def _without_keywords(node: Condition, atoms: tuple[Atom, ...]) -> bool | None:
    """What a condition comes to when no keyword is found; None when that depends on the fields."""
    if isinstance(node, int):
        return False if atoms[node].field == KEYWORDS else None
    parts = [_without_keywords(p, atoms) for p in node[1:]]
    if node[0] == "not":
        return None if parts[0] is None else not parts[0]
    deciding: bool = node[0] == "or"
    if deciding in parts:
        return deciding
    return None if None in parts else not deciding
