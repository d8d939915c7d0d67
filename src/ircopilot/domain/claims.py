"""Claims: typed underneath, worded on top. Only the gate makes a `Claim` of a `DraftClaim`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ircopilot.domain.evidence import Frozen

ClaimKind = Literal["fact", "inference", "unknown"]


class Fact(Frozen):
    """A computed value (count, time, duration, hash): never written by a model.

    `how` says by which rule it was computed, `evidence` holds the first and last few events, `digest` covers
    the ids of them all.
    """

    value: str | int | float
    unit: str = ""
    how: str
    evidence: tuple[str, ...] = ()
    count: int = 0
    digest: str = ""


class Search(Frozen):
    """A search over the evidence, and how many events it found; the only basis of a negation."""

    query: str
    found: int
    scope: str


class Basis(Frozen):
    """What a claim rests on besides cited records: named facts and searches."""

    facts: tuple[str, ...] = ()
    searches: tuple[Search, ...] = ()


class DraftClaim(Frozen):
    """A sentence as drafted: subject, act, object, time and place, and the words on top."""

    id: str
    section: str
    text: str
    kind: ClaimKind
    verb: str = ""
    subject: str = ""
    objects: tuple[str, ...] = ()
    time: datetime | None = None
    host: str = ""
    evidence: tuple[str, ...] = ()
    basis: Basis = Basis()


class Claim(Frozen):
    """A sentence that the gate let through. Nothing but `report.gate` constructs one.

    `status` is `analyst` where a person says it and the gate could not: `by` names the person. `by` is empty for what a
    drafter worded, and whoever edited or added the sentence otherwise.
    """

    id: str
    section: str
    text: str
    kind: ClaimKind
    evidence: tuple[str, ...]
    basis: Basis
    status: Literal["verified", "inferred", "unknown", "analyst"]
    by: str = ""


class Rejection(Frozen):
    """A drafted sentence that the gate refused, with each reason. Shown to the analyst, never published."""

    draft: DraftClaim
    reasons: tuple[str, ...]


class Section(Frozen):
    """A section of the report, its claims in reading order."""

    id: str
    title: str
    claims: tuple[Claim, ...]


class Drafter(Frozen):
    """Who worded the report."""

    name: str
    version: str
    model: str = ""


class Report(Frozen):
    """A gated report."""

    sections: tuple[Section, ...]
    drafter: Drafter
    rejections: tuple[Rejection, ...] = ()
    facts: dict[str, Fact] = {}
