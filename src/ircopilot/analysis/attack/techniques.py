"""The technique table and the crosswalk, read once from the CSV files beside this module.

Source: MITRE ATT&CK Enterprise (ids, names and tactics; © The MITRE Corporation, used under its terms of use).
`techniques.csv` holds the v15.1 list with the ids, names and tactics that v19 changed; `crosswalk.csv` maps each
id that v19 withdrew to its successor. v19 split *defense-evasion* into *stealth* and *defense-impairment*.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

ATTACK_VERSION = "19"
TACTICS = {
    "reconnaissance": "TA0043", "resource-development": "TA0042", "initial-access": "TA0001", "execution": "TA0002",
    "persistence": "TA0003", "privilege-escalation": "TA0004", "stealth": "TA0005", "defense-impairment": "TA0112",
    "credential-access": "TA0006", "discovery": "TA0007", "lateral-movement": "TA0008", "collection": "TA0009",
    "command-and-control": "TA0011", "exfiltration": "TA0010", "impact": "TA0040",
}  # fmt: skip
TECHNIQUE_ID = re.compile(r"T\d{4}(?:\.\d{3})?")


@dataclass(frozen=True, slots=True)
class TechniqueInfo:
    """A technique of the current version. A sub-technique's name comes without its parent's."""

    id: str
    name: str
    tactics: tuple[str, ...]


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _techniques() -> dict[str, TechniqueInfo]:
    return {r["id"]: TechniqueInfo(r["id"], r["name"], tuple(r["tactics"].split())) for r in _rows("techniques.csv")}


@cache
def _crosswalk() -> dict[str, str]:
    return {r["old"]: r["current"] for r in _rows("crosswalk.csv")}


def current_id(raw: str) -> str:
    """The id that the current version uses for `raw` (any case, any version); unknown ids come back upper-cased."""
    wanted = raw.strip().upper()
    return _crosswalk().get(wanted, wanted)


def parent(raw: str) -> str:
    """The technique that a sub-technique belongs to, in the current version; a technique is its own parent."""
    return current_id(raw).split(".")[0]


def technique(raw: str) -> TechniqueInfo | None:
    """Name and tactics of a technique given by an id of any version; None when the table has no such id."""
    return _techniques().get(current_id(raw))


def tactic_id(name: str) -> str:
    """The TA number of a tactic's short name, empty when it has none here. Older names are understood."""
    folded = re.sub(r"[\s_]+", "-", name.strip().lower())
    return TACTICS.get("stealth" if folded == "defense-evasion" else folded, "")


def is_technique_id(raw: str) -> bool:
    """Whether `raw` is written like a technique id (T1059 or T1059.001)."""
    return TECHNIQUE_ID.fullmatch(raw.strip().upper()) is not None
