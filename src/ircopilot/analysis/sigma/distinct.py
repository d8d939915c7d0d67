"""Atoms evaluated on the distinct values of one field: the step that makes thousands of rules cheap.

Literals go through one Aho-Corasick automaton over all of them (`literals.py`), regexes run in RE2. A value that is
absent from a record is the empty string here.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ircopilot.analysis.sigma.literals import Literals
from ircopilot.analysis.sigma.regexes import compile_regex, required_literal
from ircopilot.analysis.sigma.rules import Atom

Mask = npt.NDArray[np.bool_]
HEXADECIMAL = re.compile(r"0x[0-9a-f]{1,16}")
ABSENT_SIGN = "-"  # how Windows and Zeek write that there is nothing; mappings leave the column empty for it
TRUE_WORDS, FALSE_WORDS = {"true", "t", "1", "yes", "%%1842"}, {"false", "f", "0", "no", "%%1843"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge, "neq": operator.ne,
}  # fmt: skip


class Matcher:
    """The atoms of one field, `ref` atoms excluded, compiled once for any number of batches."""

    def __init__(self, numbers: Mapping[Atom, int]) -> None:
        self._numbers = numbers
        by_op: dict[str, list[Atom]] = defaultdict(list)
        for atom in numbers:
            by_op[atom.op].append(atom)
        self._by_op = by_op
        texts = [a for op in ("contains", "starts", "ends", "glob") for a in by_op[op]]
        self._literals = {cased: Literals([a for a in texts if a.cased is cased]) for cased in (False, True)}
        self._equal = {cased: [a for a in by_op["eq"] if a.cased is cased] for cased in (False, True)}
        self._networks = [(atom, ipaddress.ip_network(atom.args[0], strict=False)) for atom in by_op["cidr"]]
        self._regexes = [(atom, required_literal(atom.args[0])) for atom in by_op["re"]]

    def match(self, values: list[str]) -> dict[int, Mask]:
        """By number, the atoms that match any of `values`: which of them."""
        lowered, by_op = [v.lower() for v in values], self._by_op
        hits: dict[Atom, list[int]] = {}
        truth: dict[int, Mask] = {}
        for cased, texts in ((False, lowered), (True, values)):
            for atom, places in self._literals[cased].find(texts):
                if len(places):
                    truth[self._numbers[atom]] = mask = np.zeros(len(values), dtype=np.bool_)
                    mask[places] = True
            hits.update(_match_equal(texts, self._equal[cased]))
        hits.update(_match_numbers(lowered, by_op["number"]))
        hits.update(_match_regexes(values, self._regexes))
        hits.update(_match_addresses(values, self._networks))
        for atom in by_op["bool"]:
            words = TRUE_WORDS if atom.args[0] == "true" else FALSE_WORDS
            hits[atom] = [i for i, v in enumerate(lowered) if v in words]
        for atom in by_op["any"]:
            hits[atom] = [i for i, v in enumerate(values) if v]
        for atom in by_op["absent"]:
            hits[atom] = [i for i, v in enumerate(values) if not v]
        for atom in by_op["compare"]:
            hits[atom] = _match_comparison(lowered, atom)
        truth.update((self._numbers[atom], _mask(len(values), found)) for atom, found in hits.items() if found)
        return truth


def _mask(size: int, found: Iterable[int]) -> Mask:
    mask = np.zeros(size, dtype=np.bool_)
    mask[np.fromiter(found, dtype=np.int64)] = True
    return mask


def _match_equal(texts: list[str], atoms: list[Atom]) -> Iterator[tuple[Atom, list[int]]]:
    if not atoms:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(texts):
        places[text].append(i)
        if text[:2] == "0x" and HEXADECIMAL.fullmatch(text):
            places[str(int(text, 16))].append(i)
    for atom in atoms:
        wanted = atom.args[0]
        found = [*places.get(wanted, ()), *(places.get("", ()) if wanted == ABSENT_SIGN else ())]
        if wanted[:2] == "0x" and HEXADECIMAL.fullmatch(wanted):
            # One handle mask or process id is written 0x1010, 0x00001010 or 4112 depending on the exporter.
            found += places.get(str(int(wanted, 16)), ())
        yield atom, found


def _number(text: str) -> float | None:
    if HEXADECIMAL.fullmatch(text):
        return float(int(text, 16))
    try:
        return float(text) if len(text) <= 40 else None
    except ValueError:
        return None


def _match_numbers(lowered: list[str], atoms: list[Atom]) -> Iterator[tuple[Atom, list[int]]]:
    if not atoms:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(lowered):
        places[str(int(text, 16)) if text[:2] == "0x" and HEXADECIMAL.fullmatch(text) else text].append(i)
    for atom in atoms:
        yield atom, places.get(atom.args[0], [])


def _match_comparison(lowered: list[str], atom: Atom) -> list[int]:
    holds, bound = COMPARISONS[atom.args[0]], float(atom.args[1])
    return [i for i, text in enumerate(lowered) if (number := _number(text)) is not None and holds(number, bound)]


def _match_regexes(values: list[str], regexes: list[tuple[Atom, str]]) -> Iterator[tuple[Atom, list[int]]]:
    folded = [(i, v, v.casefold()) for i, v in enumerate(values) if v] if regexes else []
    for atom, literal in regexes:
        likely = [(i, v) for i, v, f in folded if literal in f]
        if likely:
            search = compile_regex(atom.args[0]).search
            yield atom, [i for i, v in likely if search(v.encode(errors="replace")) is not None]


def _match_addresses(values: list[str], networks: list[tuple[Atom, Any]]) -> Iterator[tuple[Atom, list[int]]]:
    addresses = [(i, a) for i, v in enumerate(values) if (a := _address(v)) is not None] if networks else []
    for atom, network in networks:
        yield atom, [i for i, a in addresses if a.version == network.version and a in network]


def _address(value: str) -> Any:
    """The address that a value is, an IPv4 address mapped into IPv6 as IPv4; None when it is none."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
