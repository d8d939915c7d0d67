"""Many literals searched for in many texts at once: one Aho-Corasick automaton, one pass over all texts.

Every text stands between two bytes that UTF-8 never uses, so that "starts with" and "ends with" are literals too, and
no literal is found across two texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Any

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
import re2

from ircopilot.analysis.sigma.regexes import compile_regex
from ircopilot.analysis.sigma.rules import ANY_ONE, ANY_RUN, Atom

HEAD, TAIL = b"\xfe", b"\xff"
PIECE_BYTES = 1 << 20


class Literals:
    """The `contains`, `starts`, `ends` and `glob` atoms of one field, compiled once for any number of texts."""

    def __init__(self, atoms: list[Atom]) -> None:
        owners: dict[bytes, list[Atom]] = defaultdict(list)
        self._free: list[Atom] = []
        for atom in atoms:
            literal = trigger_of(atom).encode(errors="replace")
            if not literal:
                self._free.append(atom)
                continue
            head, tail = HEAD if atom.op == "starts" else b"", TAIL if atom.op == "ends" else b""
            owners[head + literal + tail].append(atom)
        self._owners = list(owners.values())
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(owners)) if owners else None

    def find(self, texts: list[str]) -> Iterator[tuple[Atom, npt.NDArray[np.int64]]]:
        """Each atom that a text may hold, with the places of the texts that match it. Atoms without case want texts
        in lower case."""
        for atom in self._free:
            # Without a literal there is nothing but wildcards: it fits every text, or depends on the length alone.
            free = [i for i, t in enumerate(texts) if t and (atom.op != "glob" or fits_glob(t, atom.args))]
            yield atom, np.array(free, dtype=np.int64)
        for number, places in self._search(texts):
            for atom in self._owners[number]:
                if atom.op != "glob":
                    yield atom, places
                else:
                    yield atom, np.array([i for i in places.tolist() if fits_glob(texts[i], atom.args)], np.int64)

    def _search(self, texts: list[str]) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        if self._automaton is None or not any(texts):
            return
        encoded = [t.encode(errors="replace") for t in texts]
        ends = np.fromiter(accumulate(len(t) + 2 for t in encoded), dtype=np.int64, count=len(encoded))
        found: list[npt.NDArray[np.int64]] = []
        first = 0
        while first < len(encoded):
            base = int(ends[first - 1]) if first else 0
            last = max(first + 1, int(np.searchsorted(ends, base + PIECE_BYTES)))
            piece = HEAD + (TAIL + HEAD).join(encoded[first:last]) + TAIL
            matches = self._automaton.find_matches_as_indexes(piece, overlapping=True)
            numbers = np.fromiter(map(itemgetter(0), matches), dtype=np.int64, count=len(matches))
            starts = np.fromiter(map(itemgetter(1), matches), dtype=np.int64, count=len(matches))
            # One number per pair of literal and text: sorting it groups the texts by literal.
            found.append(np.unique(numbers * len(encoded) + np.searchsorted(ends, starts + base, side="right")))
            first = last
        pairs = found[0] if len(found) == 1 else np.unique(np.concatenate(found))
        numbers, places = np.divmod(pairs, len(encoded))
        cuts = np.flatnonzero(np.diff(numbers)) + 1
        if len(pairs):
            firsts = numbers[np.concatenate([[0], cuts])]
            yield from zip(firsts.tolist(), np.split(places, cuts), strict=True)


def trigger_of(atom: Atom) -> str:
    """The literal whose presence the atom needs: itself, or the longest part of a glob."""
    if atom.op != "glob":
        return atom.args[0]
    return max((p for p in atom.args if p not in (ANY_RUN, ANY_ONE)), key=len, default="")


def fits_glob(text: str, parts: tuple[str, ...]) -> bool:
    """Whether the whole of a text that is not empty fits; linear in its length."""
    if not text:
        return False
    if ANY_ONE in parts:
        return _glob_regex(parts).search(text) is not None
    return _fits_runs(text, parts)


def _fits_runs(text: str, parts: tuple[str, ...]) -> bool:
    """The same where `*` is the only wildcard: what lies between two of them is found at the first place there is."""
    at, end = 0, len(text)
    if parts[0] != ANY_RUN:
        if not text.startswith(parts[0]):
            return False
        at, parts = len(parts[0]), parts[1:]
    if parts and parts[-1] != ANY_RUN:
        end -= len(parts[-1])
        if end < at or not text.endswith(parts[-1]):
            return False
        parts = parts[:-1]
    for part in parts:
        if part != ANY_RUN:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
    return bool(parts) or at == end


@lru_cache(maxsize=4096)
def _glob_regex(parts: tuple[str, ...]) -> Any:
    body = "".join(".*" if p == ANY_RUN else "." if p == ANY_ONE else re2.escape(p) for p in parts)
    return compile_regex(f"(?s)^(?:{body})$")
