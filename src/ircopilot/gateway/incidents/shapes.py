"""Incidents as they go in and out as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from ircopilot.domain.incident import SEVERITIES, Case, CloseReason, Phase, Severity, Status, Tlp
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.shapes import DEPOSIT, INCIDENT, DepositOut, In, Key, Line, shown
from ircopilot.stores.postgres.json_text import storable

# Text of several lines. What Postgres cannot hold is spelled.
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(storable)]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._:/-]{0,63}$")]
Tags = Annotated[tuple[Tag, ...], Field(max_length=50)]
Member = Annotated[str, StringConstraints(min_length=1, max_length=320, pattern=r"^[^\x00-\x20\x7f]+$")]
_FIELDS = {
    "summary": "A workbook with a macro was opened.", "severity": "high", "status": "containment", "lead": None,
    "tags": ["phishing"], "tlp": "amber", "occurred_at": "2026-03-10T09:12:00Z", "detected_at": "2026-03-10T09:40:00Z",
    "contained_at": None, "recovered_at": None,
}  # fmt: skip
CASE = INCIDENT | _FIELDS | {
    "closed_at": None, "close_reason": None, "close_note": "", "merged_into": None, "restricted": False,
    "legal_hold": False, "retain_until": None, "opened_by": "9f86d081884c7d65", "opened_at": "2026-03-10T09:41:10Z",
    "updated_at": "2026-03-10T10:02:00Z", "version": 3,
}  # fmt: skip


class NewIncident(In):
    """An incident to be opened; without a key it is given one. `lead` is a member's e-mail address or id."""

    model_config = shown({"title": "Laptop of accounting", "key": "INC-7", "severity": "high", "tags": ["phishing"]})

    title: Line
    key: Key | None = None
    summary: Text = ""
    severity: Severity = "medium"
    status: Phase = "detection-and-analysis"
    lead: Member | None = None
    tags: Tags = ()
    tlp: Tlp = "amber"
    occurred_at: Moment | None = None
    detected_at: Moment | None = None
    contained_at: Moment | None = None
    recovered_at: Moment | None = None


class IncidentChange(In):
    """Fields to be changed; what is left out stays. Closing has a route of its own."""

    model_config = shown({"severity": "critical", "status": "containment", "contained_at": "2026-03-10T11:05:00Z"})

    title: Line | None = None
    summary: Text | None = None
    severity: Severity | None = None
    status: Phase | None = None
    lead: Member | None = None
    tags: Tags | None = None
    tlp: Tlp | None = None
    occurred_at: Moment | None = None
    detected_at: Moment | None = None
    contained_at: Moment | None = None
    recovered_at: Moment | None = None

    def given(self) -> dict[str, Any]:
        """What was sent; null empties what may be empty, and elsewhere counts as left out."""
        empty = ("lead", "occurred_at", "detected_at", "contained_at", "recovered_at")
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value for name, value in sent.items() if value is not None or name in empty}


class Closing(In):
    """Why an incident is closed, and as of when (now, if it is left out)."""

    model_config = shown({"reason": "resolved", "note": "Rebuilt from the image of 2026-02."})

    reason: Literal["resolved", "false-positive", "duplicate", "accepted-risk", "other"]
    note: Text = ""
    closed_at: Moment | None = None


class Reopening(In):
    """In which phase a closed incident goes on, and why."""

    model_config = shown({"status": "containment", "note": "The beacon is back."})

    status: Phase = "detection-and-analysis"
    note: Text = ""


class Merging(In):
    """The incident that goes on with everything."""

    model_config = shown({"into": "INC-8", "note": "the same campaign"})

    into: Key
    note: Text = ""


class Restriction(In):
    """Who may know of an incident: everybody, or these members or keys, its lead, and who may restrict incidents."""

    model_config = shown({"restricted": True, "granted": ["9f86d081884c7d65"]})

    restricted: bool
    granted: Annotated[tuple[Member, ...], Field(max_length=500)] = ()


class RestrictionOut(BaseModel):
    """Whether an incident is restricted, and to whom it is open all the same, by id."""

    model_config = shown({"restricted": True, "granted": ["9f86d081884c7d65"]})

    restricted: bool
    granted: list[str]


class Hold(In):
    """Whether a legal hold lies on an incident, and until when it is kept in any case."""

    model_config = shown({"legal_hold": True, "retain_until": "2033-01-01T00:00:00Z"})

    legal_hold: bool
    retain_until: Moment | None = None


class IncidentOut(BaseModel):
    """An incident. `status` is a phase of NIST SP 800-61, or closed; `merged_into` the key of the incident that goes on
    instead. `version` is also in the `ETag`.
    """

    model_config = shown(CASE)

    key: str
    id: str
    title: str
    summary: str
    severity: Severity
    status: Status
    lead: str | None
    tags: list[str]
    tlp: Tlp
    occurred_at: datetime | None
    detected_at: datetime | None
    contained_at: datetime | None
    recovered_at: datetime | None
    closed_at: datetime | None
    close_reason: CloseReason | None
    close_note: str
    merged_into: str | None
    restricted: bool
    legal_hold: bool
    retain_until: datetime | None
    opened_by: str
    opened_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, case: Case, merged_key: str | None = None) -> IncidentOut:
        """Of a stored incident."""
        return cls(**fields_of(dict(case), merged_key))


class IncidentWhole(IncidentOut):
    """An incident with what was handed in to it."""

    model_config = shown(CASE | {"merged_from": ["INC-6"], "evidence": [DEPOSIT]})

    merged_from: list[str] = Field(description="Keys of incidents merged into it; their reports are read there.")
    evidence: list[DepositOut]


class Incidents(BaseModel):
    """A page of incidents; `next` is the `cursor` of the page that follows."""

    model_config = shown({"items": [CASE], "next": None})

    items: list[IncidentOut]
    next: str | None = None


_SAME = tuple(name for name in IncidentOut.model_fields if name not in ("id", "opened_at", "merged_into", "severity"))


def fields_of(row: Mapping[str, Any], merged_key: str | None) -> dict[str, Any]:
    """The members of the JSON of a row of incidents, or of the fields of a case."""
    severity = row["severity"]
    made = {name: row[name] for name in _SAME}
    made["severity"] = SEVERITIES[severity - 1] if isinstance(severity, int) else severity
    return made | {"id": row["incident_id"], "opened_at": row["created_at"], "merged_into": merged_key}


class OpenCount(BaseModel):
    """How many open incidents are of one severity, status and age: younger than `younger_than_days`, or older than all."""

    model_config = shown({"severity": "high", "status": "containment", "younger_than_days": 7, "incidents": 2})

    severity: Severity
    status: Status
    younger_than_days: int | None
    incidents: int


class TimeToOut(BaseModel):
    """How long something took, in seconds, over so many incidents."""

    model_config = shown({"incidents": 12, "mean_s": 5400.0, "median_s": 3600.0})

    incidents: int
    mean_s: float | None
    median_s: float | None


class IncidentMetrics(BaseModel):
    """Open incidents as they are now; what was opened and closed in the window, and how long it took to detect (since it
    occurred), to contain and to recover (since it was detected) what was detected, contained, recovered in it.
    """

    model_config = shown(
        {
            "since": "2026-01-01T00:00:00Z", "until": "2026-04-01T00:00:00Z",
            "open": [{"severity": "high", "status": "containment", "younger_than_days": 7, "incidents": 2}],
            "opened": 40, "closed": 38, "time_to_detect": {"incidents": 12, "mean_s": 5400.0, "median_s": 3600.0},
            "time_to_contain": {"incidents": 10, "mean_s": 7200.0, "median_s": 6000.0},
            "time_to_recover": {"incidents": 0, "mean_s": None, "median_s": None},
        }
    )  # fmt: skip

    since: datetime
    until: datetime
    open: list[OpenCount]
    opened: int
    closed: int
    time_to_detect: TimeToOut
    time_to_contain: TimeToOut
    time_to_recover: TimeToOut
