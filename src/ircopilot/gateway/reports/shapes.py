"""What goes in and out as JSON of reports and their claims."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.contracts.report import ReportState
from ircopilot.domain.claims import ClaimKind
from ircopilot.gateway.etag import tag_of
from ircopilot.gateway.reports.kept import sendable
from ircopilot.gateway.shapes import In, Line, shown
from ircopilot.report.gate import Fault
from ircopilot.stores.postgres.report_versions import ActRow, ClaimRow, VersionRow

EventId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
Value = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
Decision = Literal["none", "accepted", "rejected", "edited", "added", "deleted"]

EVENT = "0b7a4e2f9c1d8e6a5b3c4d2e1f0a9b8c"
AT = "2026-03-10T10:00:00Z"
VERSION = {
    "version": 2, "state": "draft", "origin": "run", "run": "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b", "parent": 1,
    "made_at": AT, "etag": '"v1"', "unfit": 0,
}  # fmt: skip
CLAIM = {
    "id": "what-happened-3", "section": "what-happened", "text": "invoice.exe was executed on WS07.", "kind": "fact",
    "status": "verified", "by": "", "evidence": [EVENT], "facts": [], "searches": [],
    "act": {"verb": "executed", "subject": "invoice.exe", "objects": [], "host": "WS07", "time": AT},
    "decision": "none", "reason": None, "decided_by": None, "decided_at": None, "drafted": None, "etag": '"v1"',
}  # fmt: skip
FAULT = {"reason": "the address '192.0.2.9' is not in the cited records", "value": "192.0.2.9", "start": 24, "end": 33}
DEED = {"act": "accept", "claim": "what-happened-3", "by": "key 9f86d081884c7d65", "at": AT, "detail": {}}
DRAFTED = {"text": "invoice.exe connected to 192.0.2.9.", "kind": "fact", "evidence": [EVENT], "verb": "connected",
           "subject": "invoice.exe", "objects": ["192.0.2.9"]}  # fmt: skip


class VersionOut(BaseModel):
    """A version of a report. `unfit` counts decisions on the version before that fit nothing here any more."""

    model_config = shown(VERSION)

    version: int
    state: ReportState
    origin: Literal["run", "reopened"]
    run: str
    parent: int | None
    made_at: datetime
    etag: str = Field(description="for If-Match where the state is changed")
    unfit: int

    @classmethod
    def of(cls, row: VersionRow) -> VersionOut:
        """Of a stored version."""
        return cls(
            version=row.number, state=row.state, origin=row.origin, run=row.run_id, parent=row.parent, made_at=row.made_at,
            etag=tag_of(row.version), unfit=len(row.unfit),
        )  # fmt: skip


class Versions(BaseModel):
    """Versions, newest first."""

    model_config = shown({"items": [VERSION], "next": None})

    items: list[VersionOut]
    next: str | None = None


class ActOut(BaseModel):
    """What the sentence says underneath, as the gate holds it against the records."""

    verb: str
    subject: str
    objects: list[str]
    host: str
    time: datetime | None


class SearchOut(BaseModel):
    """A search, and how many events it found."""

    query: str
    found: int
    scope: str


class ClaimOut(BaseModel):
    """A claim as it stands. `drafted` is the sentence before it was edited; `by` is the person whose words it has."""

    model_config = shown(CLAIM)

    id: str
    section: str
    text: str
    kind: ClaimKind
    status: Literal["verified", "inferred", "unknown", "analyst"]
    by: str
    evidence: list[str]
    facts: list[str]
    searches: list[SearchOut]
    act: ActOut
    decision: Decision
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    drafted: str | None
    etag: str = Field(description="for If-Match where the claim is changed")

    @classmethod
    def of(cls, row: ClaimRow) -> ClaimOut:
        """Of a stored claim."""
        claim, draft, was = row.claim, row.draft, row.drafted
        drafted = was["claim"]["text"] if was and row.decision == "edited" else None
        return cls(
            id=row.claim_id, section=row.section, text=claim["text"], kind=claim["kind"], status=claim["status"],
            by=claim.get("by", ""), evidence=claim["evidence"], facts=claim["basis"]["facts"],
            searches=sendable(claim["basis"]["searches"]), act=ActOut(**sendable({n: draft[n] for n in ActOut.model_fields})),
            decision=row.decision, reason=row.reason, decided_by=row.decided_by, decided_at=row.decided_at,
            drafted=drafted, etag=tag_of(row.version),
        )  # fmt: skip


class ReportSection(BaseModel):
    """A section, all its claims in reading order, those rejected or struck out included."""

    id: str
    title: str
    claims: list[ClaimOut]


class RefusedOut(BaseModel):
    """A drafted sentence that the gate refused, with each reason."""

    id: str
    section: str
    text: str
    kind: ClaimKind
    reasons: list[str]
    evidence: list[str]


class FactOut(BaseModel):
    """A computed figure: how, from how many events, of which the first and last few are named."""

    value: str | int | float
    unit: str
    how: str
    evidence: list[str]
    count: int
    digest: str


class UnfitOut(BaseModel):
    """A decision on the version before that could not be carried over, and why; `now` is the claim that says it now."""

    claim_id: str
    section: str
    text: str
    drafted: str | None
    decision: Decision
    reason: str | None
    decided_by: str | None
    why: str
    now: str | None


class ReportOut(VersionOut):
    """A version whole."""

    model_config = shown(
        {
            **VERSION,
            "title": "Laptop of accounting",
            "start": AT,
            "end": AT,
            "editable": True,
            "sections": [{"id": "what-happened", "title": "What happened", "claims": [CLAIM]}],
            "refused": [],
            "facts": {
                "events.total": {
                    "value": 120,
                    "unit": "events",
                    "how": "events of committed loads",
                    "evidence": [EVENT],
                    "count": 120,
                    "digest": "",
                }
            },
            "not_carried": [],
        }
    )

    title: str
    start: datetime | None
    end: datetime | None
    editable: bool
    sections: list[ReportSection]
    refused: list[RefusedOut]
    facts: dict[str, FactOut]
    not_carried: list[UnfitOut]


class Note(In):
    """Why, if there is something to be said."""

    model_config = shown({"note": "ready for review"})

    note: Line | None = None


class Reason(In):
    """Why the claim is not published."""

    model_config = shown({"reason": "a test of our own, see CHG-12"})

    reason: Line


class Place(In):
    """Behind which claim of the section; null is first."""

    model_config = shown({"after": "what-happened-2"})

    after: Name | None


class Sentence(In):
    """A sentence with what it rests on. A `fact` that states an act names it: verb, subject, objects, host, time."""

    model_config = shown(DRAFTED)

    text: Text
    kind: ClaimKind = "fact"
    evidence: tuple[EventId, ...] = Field(default=(), max_length=200)
    facts: tuple[Name, ...] = Field(default=(), max_length=20)
    verb: Name = "recorded"
    subject: Annotated[str, StringConstraints(max_length=2000)] = ""
    objects: tuple[Value, ...] = Field(default=(), max_length=64)
    host: Annotated[str, StringConstraints(max_length=500)] = ""


class NewClaim(Sentence):
    """A claim to be added to a section, behind another claim or at the end."""

    model_config = shown({**DRAFTED, "section": "what-happened", "after": None})

    section: Name
    after: Name | None = None
    as_analyst_word: bool = Field(default=False, description="keep what the gate refuses, marked as the analyst's own")


class ClaimEdit(In):
    """What is to be said otherwise; what is left out stays."""

    model_config = shown({"text": "On WS07, invoice.exe was executed."})

    text: Text | None = None
    kind: ClaimKind | None = None
    evidence: tuple[EventId, ...] | None = Field(default=None, max_length=200)
    facts: tuple[Name, ...] | None = Field(default=None, max_length=20)
    verb: Name | None = None
    subject: Annotated[str, StringConstraints(max_length=2000)] | None = None
    objects: tuple[Value, ...] | None = Field(default=None, max_length=64)
    host: Annotated[str, StringConstraints(max_length=500)] | None = None
    as_analyst_word: bool = Field(default=False, description="keep what the gate refuses, marked as the analyst's own")


class SentenceCheck(Sentence):
    """A sentence to be held against the records; with `claim`, as an edit of that claim: what is left out is its."""

    model_config = shown({**DRAFTED, "claim": None})

    claim: Name | None = None


class FaultOut(BaseModel):
    """What the gate objects to; where it stands in the text, in code points (null: the sentence as a whole)."""

    reason: str
    value: str
    start: int | None
    end: int | None

    @classmethod
    def of(cls, fault: Fault) -> FaultOut:
        """Of the gate's."""
        return cls(reason=fault.reason, value=fault.value, start=fault.start, end=fault.end)


class Checked(BaseModel):
    """Whether the gate lets a sentence through, as what, and what it objects to."""

    model_config = shown({"passes": False, "status": None, "faults": [FAULT]})

    passes: bool
    status: Literal["verified", "inferred", "unknown", "analyst"] | None
    faults: list[FaultOut]


class Deed(BaseModel):
    """Something that was done to a version or one of its claims, by whom, and what changed."""

    model_config = shown(DEED)

    act: str
    claim: str | None
    by: str
    at: datetime
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: ActRow) -> Deed:
        """Of a stored act."""
        return cls(act=row.act, claim=row.claim_id, by=row.by, at=row.at, detail=sendable(row.detail))


class Deeds(BaseModel):
    """What was done, oldest first."""

    model_config = shown({"items": [DEED], "next": None})

    items: list[Deed]
    next: str | None = None


class ClaimChange(BaseModel):
    """A claim that one version has and the other has not, or has otherwise."""

    change: Literal["added", "removed", "changed"]
    section: str
    before: ClaimOut | None
    after: ClaimOut | None


class FactChange(BaseModel):
    """A figure that differs."""

    name: str
    before: FactOut | None
    after: FactOut | None


class ReportDiff(BaseModel):
    """What differs between two versions: published claims, figures, and ids of entities, indicators and techniques."""

    model_config = shown({
            "from_version": 1, "to_version": 2,
            "claims": [{"change": "added", "section": "what-happened", "before": None, "after": CLAIM}],
            "facts": [], "same": 61, "entities": {"added": ["ip-0a1b2c3d4e"], "removed": []},
            "indicators": {"added": [], "removed": []}, "techniques": {"added": ["T1059.001"], "removed": []},
        })  # fmt: skip

    from_version: int
    to_version: int
    same: int
    claims: list[ClaimChange]
    facts: list[FactChange]
    entities: dict[str, list[str]]
    indicators: dict[str, list[str]]
    techniques: dict[str, list[str]]


class ReportPolicy(BaseModel):
    """`four_eyes`: who alone edited a report does not approve it."""

    model_config = shown({"four_eyes": True})

    four_eyes: bool


class PolicyChange(In):
    """The policy as it is to be."""

    model_config = shown({"four_eyes": True})

    four_eyes: bool
