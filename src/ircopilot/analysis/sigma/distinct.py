"""Atoms evaluated on the distinct values of one field: the step that makes thousands of rules cheap.

Literals go through one Aho-Corasick automaton over all of them, globs are tried only where their longest literal
was found, regexes run in RE2. A value that is absent from a record is the empty string here.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
import re2

from ircopilot.analysis.sigma.regexes import compile_regex
from ircopilot.analysis.sigma.rules import ANY_ONE, ANY_RUN, Atom

Mask = npt.NDArray[np.bool_]
HEXADECIMAL = re.compile(r"0x[0-9a-f]{1,16}")
ABSENT_SIGN = "-"  # how Windows and Zeek write that there is nothing; mappings leave the column empty for it
TRUE_WORDS, FALSE_WORDS = {"true", "t", "1", "yes", "%%1842"}, {"false", "f", "0", "no", "%%1843"}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge, "neq": operator.ne,
}  # fmt: skip


def match_distinct(values: list[str], atoms: Iterable[Atom]) -> dict[Atom, Mask]:
    """For each atom that matches any of `values`: which of them. Atoms of one field, `ref` atoms excluded."""
    lowered = [v.lower() for v in values]
    by_op: dict[str, list[Atom]] = defaultdict(list)
    for atom in atoms:
        by_op[atom.op].append(atom)
    hits: dict[Atom, set[int]] = defaultdict(set)
    for cased, texts in ((False, lowered), (True, values)):
        literal = [a for op in ("contains", "starts", "ends", "glob") for a in by_op[op] if a.cased is cased]
        _match_literals(texts, literal, hits)
        _match_equal(texts, [a for a in by_op["eq"] if a.cased is cased], hits)
    _match_numbers(lowered, by_op["number"], hits)
    _match_regexes(values, by_op["re"], hits)
    _match_addresses(values, by_op["cidr"], hits)
    for atom in by_op["bool"]:
        words = TRUE_WORDS if atom.args[0] == "true" else FALSE_WORDS
        hits[atom].update(i for i, v in enumerate(lowered) if v in words)
    for atom in by_op["any"]:
        hits[atom].update(i for i, v in enumerate(values) if v)
    for atom in by_op["absent"]:
        hits[atom].update(i for i, v in enumerate(values) if not v)
    for atom in by_op["compare"]:
        _match_comparison(lowered, atom, hits)
    return {atom: _mask(len(values), found) for atom, found in hits.items() if found}


def _mask(size: int, found: set[int]) -> Mask:
    mask = np.zeros(size, dtype=np.bool_)
    mask[np.fromiter(found, dtype=np.int64, count=len(found))] = True
    return mask


def _match_literals(texts: list[str], atoms: list[Atom], hits: dict[Atom, set[int]]) -> None:
    owners: dict[str, list[Atom]] = defaultdict(list)
    for atom in atoms:
        literal = trigger_of(atom)
        if literal:
            owners[literal].append(atom)
        elif atom.op == "glob":
            hits[atom].update(i for i, text in enumerate(texts) if _matches_glob(text, atom))
        else:
            hits[atom].update(i for i, text in enumerate(texts) if text)
    if not owners:
        return
    patterns = list(owners)
    automaton = ahocorasick_rs.AhoCorasick(patterns)
    for i, text in enumerate(texts):
        if not text:
            continue
        for pattern, start, end in set(automaton.find_matches_as_indexes(text, overlapping=True)):
            for atom in owners[patterns[pattern]]:
                if _holds(atom, text, start, end):
                    hits[atom].add(i)


def trigger_of(atom: Atom) -> str:
    """The literal whose presence the atom needs: itself, or the longest part of a glob."""
    if atom.op != "glob":
        return atom.args[0]
    return max((p for p in atom.args if p not in (ANY_RUN, ANY_ONE)), key=len, default="")


def _holds(atom: Atom, text: str, start: int, end: int) -> bool:
    if atom.op == "contains":
        return True
    if atom.op == "starts":
        return start == 0
    if atom.op == "ends":
        return end == len(text)
    return _matches_glob(text, atom)


def _matches_glob(text: str, atom: Atom) -> bool:
    """Whether the whole text fits; RE2 keeps it linear in the text's length."""
    body = "".join(".*" if p == ANY_RUN else "." if p == ANY_ONE else re2.escape(p) for p in atom.args)
    return bool(text) and compile_regex(f"(?s)^(?:{body})$").search(text) is not None


def _match_equal(texts: list[str], atoms: list[Atom], hits: dict[Atom, set[int]]) -> None:
    if not atoms:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(texts):
        places[text].append(i)
        if HEXADECIMAL.fullmatch(text):
            places[str(int(text, 16))].append(i)
    for atom in atoms:
        wanted = atom.args[0]
        found = (*places.get(wanted, ()), *(places.get("", ()) if wanted == ABSENT_SIGN else ()))
        if HEXADECIMAL.fullmatch(wanted):
            # One handle mask or process id is written 0x1010, 0x00001010 or 4112 depending on the exporter.
            found = (*found, *places.get(str(int(wanted, 16)), ()))
        hits[atom].update(found)


def _number(text: str) -> float | None:
    if HEXADECIMAL.fullmatch(text):
        return float(int(text, 16))
    try:
        return float(text) if len(text) <= 40 else None
    except ValueError:
        return None


def _match_numbers(lowered: list[str], atoms: list[Atom], hits: dict[Atom, set[int]]) -> None:
    if not atoms:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(lowered):
        places[str(int(text, 16)) if HEXADECIMAL.fullmatch(text) else text].append(i)
    for atom in atoms:
        hits[atom].update(places.get(atom.args[0], ()))


def _match_comparison(lowered: list[str], atom: Atom, hits: dict[Atom, set[int]]) -> None:
    holds, bound = COMPARISONS[atom.args[0]], float(atom.args[1])
    for i, text in enumerate(lowered):
        number = _number(text)
        if number is not None and holds(number, bound):
            hits[atom].add(i)


def _match_regexes(values: list[str], atoms: list[Atom], hits: dict[Atom, set[int]]) -> None:
    encoded = [(i, v.encode(errors="replace")) for i, v in enumerate(values) if v] if atoms else []
    for atom in atoms:
        search = compile_regex(atom.args[0]).search
        hits[atom].update(i for i, v in encoded if search(v) is not None)


def _match_addresses(values: list[str], atoms: list[Atom], hits: dict[Atom, set[int]]) -> None:
    if not atoms:
        return
    networks = [(atom, ipaddress.ip_network(atom.args[0], strict=False)) for atom in atoms]
    for i, value in enumerate(values):
        address = _address(value)
        if address is None:
            continue
        for atom, network in networks:
            if address.version == network.version and address in network:
                hits[atom].add(i)


def _address(value: str) -> Any:
    """The address that a value is, an IPv4 address mapped into IPv6 as IPv4; None when it is none."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
