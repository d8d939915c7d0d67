"""What goes in and out as JSON of findings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ircopilot.domain.findings import (
    Anomaly,
    Detection,
    EntityType,
    IndicatorType,
    Kind,
    Role,
    Technique,
    TimelineEntry,
)
from ircopilot.gateway.reports.shapes import AT, EVENT, EventId
from ircopilot.gateway.shapes import In, Line, shown

Value = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]

ENTITY = {
    "id": "ip-5d1c0a9b7e", "type": "ip", "value": "192.0.2.10", "aliases": [], "role": "attacker", "first_seen": AT,
    "last_seen": AT, "events": 12, "why": "peer of the attacker's processes", "said_by": None, "etag": '"v0"',
}  # fmt: skip
ACT = {"time": AT, "verb": "connected", "summary": "invoice.exe on WS07 connected to 192.0.2.10:443",
       "techniques": ["T1071.001"], "evidence": [EVENT]}  # fmt: skip
INDICATOR = {
    "id": "ipv4-5d1c0a9b7e01", "type": "ipv4", "value": "192.0.2.10", "why": "the attacker's address", "evidence": [EVENT],
    "verdict": "derived", "added": False, "by": None, "etag": '"v0"',
}  # fmt: skip
SIGHTINGS = {
    "events": 12, "first": AT, "last": AT, "hosts": [{"host": "WS07", "events": 12, "first": AT, "last": AT}],
    "earliest": [{"event_id": EVENT, "time": AT, "host": "WS07", "source": "zeek.conn", "message": "192.0.2.10:443"}],
}  # fmt: skip
DETECTION = {"rule_id": "5f1c", "title": "Program out of a mail", "level": "high", "techniques": ["T1204.002"],
             "evidence": [EVENT], "count": 1, "source": "sigma", "description": ""}  # fmt: skip
TECHNIQUE = {"id": "T1071.001", "name": "Web Protocols", "tactics": ["command-and-control"], "confidence": 0.7,
             "evidence": [EVENT], "why": "seen: connected"}  # fmt: skip
ANOMALY = {"kind": "rare-program", "summary": "invoice.exe ran on one host only", "score": 0.9, "evidence": [EVENT]}
ENTRY = {"time": AT, "kind": "log", "summary": ACT["summary"], "entities": [ENTITY["id"]], "techniques": ["T1071.001"],
         "why": "part of the chain of acts", "evidence": [EVENT], "verb": "connected"}  # fmt: skip
EDGE = {"source": "process-1a2b3c4d5e", "target": ENTITY["id"], "verb": "connected", "count": 3, "first": AT, "last": AT,
        "summary": ACT["summary"], "techniques": ["T1071.001"], "evidence": [EVENT]}  # fmt: skip
NODE = {"id": ENTITY["id"], "type": "ip", "label": "192.0.2.10", "role": "attacker", "members": 1}
PROCESS = {
    "key": "ws07|4760", "parent": "", "name": "invoice.exe", "executable": "C:\\Users\\ada\\invoice.exe", "pid": 4760,
    "command_line": "invoice.exe", "user": "NORTH\\ada", "start": AT, "end": None, "evidence": [EVENT],
    "acts": ["executed"], "techniques": ["T1204.002"],
}  # fmt: skip
CITATION = {
    "event_id": EVENT, "artifact": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "artifact_name": "sysmon.jsonl", "locator": "line:42", "raw": "{\"EventID\": 1}", "raw_cut": False,
    "record": {"EventID": 1}, "understood": {"event_code": "1"}, "time": AT, "time_recorded": AT, "kind": "log",
    "source": "windows.sysmon", "message": "Process Create", "cited_by": ["what-happened-3"], "reason": None,
    "verification": None,
}  # fmt: skip


class EntityOut(BaseModel):
    """An entity. `said_by`: who gave it its role, if a person did."""

    model_config = shown(ENTITY)

    id: str
    type: EntityType
    value: str
    aliases: list[str]
    role: Role
    first_seen: datetime
    last_seen: datetime
    events: int
    why: str
    said_by: str | None
    etag: str


class Entities(BaseModel):
    """Entities by type and value."""

    model_config = shown({"items": [ENTITY], "next": None})

    items: list[EntityOut]
    next: str | None = None


class ActSeen(BaseModel):
    """Something that was done, in words, with its records."""

    time: datetime
    verb: str
    summary: str
    techniques: list[str]
    evidence: list[str]


class HostSeen(BaseModel):
    """Sightings on one host."""

    host: str
    events: int
    first: datetime
    last: datetime


class EventSeen(BaseModel):
    """One event that names the value."""

    event_id: str
    time: datetime
    host: str
    source: str
    message: str


class SightingsOut(BaseModel):
    """Where a value was seen in all of the incident's events: how often, on which hosts, and the earliest events."""

    model_config = shown(SIGHTINGS)

    events: int
    first: datetime | None
    last: datetime | None
    hosts: list[HostSeen]
    earliest: list[EventSeen]


class EntityWhole(EntityOut):
    """An entity with the acts that name it, and where it was seen."""

    model_config = shown({**ENTITY, "acts": [ACT], "sightings": SIGHTINGS})

    acts: list[ActSeen]
    sightings: SightingsOut


class RoleChange(In):
    """The role of an entity, in an analyst's word."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "benign", "why": "our own scanner"}]})

    role: Role
    why: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class IndicatorOut(BaseModel):
    """An indicator. `verdict`: derived, or what a person says of it; `added`: by hand."""

    model_config = shown(INDICATOR)

    id: str
    type: IndicatorType
    value: str
    why: str
    evidence: list[str]
    verdict: Literal["derived", "malicious", "benign"]
    added: bool
    by: str | None
    etag: str


class Indicators(BaseModel):
    """Indicators by type and value."""

    model_config = shown({"items": [INDICATOR], "next": None})

    items: list[IndicatorOut]
    next: str | None = None


class NewIndicator(In):
    """An indicator to be added; without `evidence` the earliest events that name it are taken, if there are any."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "domain", "value": "evil.example", "why": "told by a partner", "evidence": []}]
        }
    )

    type: IndicatorType
    value: Value
    why: Line | None = None
    evidence: tuple[EventId, ...] = Field(default=(), max_length=50)


class IndicatorChange(In):
    """What is to be said of an indicator."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"verdict": "benign", "why": "our own proxy"}]})

    verdict: Literal["malicious", "benign"]
    why: Line | None = None


class Detections(BaseModel):
    """Detections, those that the story rests on first, then by level."""

    model_config = shown({"items": [DETECTION], "next": None})

    items: list[Detection]
    next: str | None = None


class Anomalies(BaseModel):
    """Anomalies, the rarest first."""

    model_config = shown({"items": [ANOMALY], "next": None})

    items: list[Anomaly]
    next: str | None = None


class Techniques(BaseModel):
    """ATT&CK techniques, the surest first."""

    model_config = shown({"items": [TECHNIQUE], "next": None})

    items: list[Technique]
    next: str | None = None


class Story(BaseModel):
    """The timeline of what matters, by time."""

    model_config = shown({"items": [ENTRY], "next": None})

    items: list[TimelineEntry]
    next: str | None = None


class NodeOut(BaseModel):
    """An entity, or several of one type and role together (`members` > 1, `id` begins with `group:`)."""

    id: str
    type: str
    label: str
    role: str
    members: int


class EdgeOut(BaseModel):
    """Acts of one verb between two nodes."""

    source: str
    target: str
    verb: str
    count: int
    first: datetime
    last: datetime
    summary: str
    techniques: list[str]
    evidence: list[str]


class Graph(BaseModel):
    """The incident as a graph; `together` says that some entities stand in groups."""

    model_config = shown({"nodes": [NODE], "edges": [EDGE], "entities": 44, "together": False})

    nodes: list[NodeOut]
    edges: list[EdgeOut]
    entities: int
    together: bool


class ProcessOut(BaseModel):
    """A process; `parent` is the key of another one, or empty. `acts` and `techniques` are of the story."""

    key: str
    parent: str
    name: str
    executable: str
    pid: int
    command_line: str
    user: str
    start: datetime | None
    end: datetime | None
    evidence: list[str]
    acts: list[str]
    techniques: list[str]


class Processes(BaseModel):
    """Processes of a host by start: those of the story first when there are more (`total`) than are told."""

    model_config = shown({"host": "WS07", "items": [PROCESS], "total": 1, "next": None})

    host: str
    items: list[ProcessOut]
    total: int
    next: str | None = None


class Verification(BaseModel):
    """What reading the record again from the vault's bytes showed."""

    matches: bool
    same_bytes: bool | None = Field(description="the artifact's bytes have its SHA-256")
    same_record: bool | None = Field(
        description="the record has exactly the fields that the report holds; null: it holds none"
    )
    differences: list[str]
    bytes_read: int


class Citation(BaseModel):
    """A record: as found, as understood, where it lies, and which claims cite it. `reason`: why it could not be read."""

    model_config = shown(CITATION)

    event_id: str
    artifact: str
    artifact_name: str
    locator: str
    raw: str | None = Field(description="the record's text as its decoder finds it; never to be shown as markup")
    raw_cut: bool
    record: dict[str, Any] | None
    understood: dict[str, Any]
    time: datetime
    time_recorded: datetime
    kind: Kind
    source: str
    message: str
    cited_by: list[str]
    reason: str | None
    verification: Verification | None
