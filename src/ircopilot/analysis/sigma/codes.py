"""Which event codes a rule can match at all, read out of its condition; lets whole log sources be skipped."""

from __future__ import annotations

from ircopilot.analysis.sigma.rules import Atom, Condition

CODE_FIELDS = {"eventid", "event_id", "winlog.event_id"}


def required_codes(condition: Condition, atoms: tuple[Atom, ...]) -> tuple[str, ...] | None:
    """The event codes outside of which the condition is certainly false; None when it does not say."""
    found = _codes(condition, atoms)
    return None if found is None else tuple(sorted(found))


def _codes(node: Condition, atoms: tuple[Atom, ...]) -> frozenset[str] | None:
    if isinstance(node, int):
        atom = atoms[node]
        exact = atom.op in ("eq", "number") and atom.field.lower() in CODE_FIELDS
        return frozenset(atom.args) if exact else None
    op, parts = node[0], [_codes(p, atoms) for p in node[1:]]
    if op == "not":
        return None
    known = [p for p in parts if p is not None]
    if op == "or":
        return frozenset().union(*known) if len(known) == len(parts) else None
    return frozenset.intersection(*known) if known else None
