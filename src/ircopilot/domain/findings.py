"""Findings: what analysis derives from events. Each carries its basis; the types make it impossible to leave out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from annotated_types import MinLen

from ircopilot.domain.evidence import Frozen

EventIds = Annotated[tuple[str, ...], MinLen(1)]
Role = Literal["attacker", "victim", "suspicious", "benign", "unknown"]
Level = Literal["informational", "low", "medium", "high", "critical"]
Kind = Literal["alert", "log", "comm", "action"]
EntityType = Literal[
    "host",
    "user",
    "process",
    "file",
    "hash",
    "ip",
    "domain",
    "url",
    "service",
    "cloud-identity",
    "cloud-key",
    "cloud-resource",
    "registry",
    "pipe",
    "certificate",
]
IndicatorType = Literal[
    "ipv4",
    "ipv6",
    "domain",
    "url",
    "file-name",
    "file-path",
    "md5",
    "sha1",
    "sha256",
    "email",
    "user-agent",
    "account",
    "cloud-key",
    "registry-key",
    "pipe",
    "service",
    "certificate",
]


class Entity(Frozen):
    """One identity for the several spellings of one thing. `events` counts the events that name it."""

    id: str
    type: EntityType
    value: str
    role: Role
    first_seen: datetime
    last_seen: datetime
    events: int
    aliases: tuple[str, ...] = ()
    why: str = ""


class Detection(Frozen):
    """A rule that matched: Sigma or one of our detectors."""

    rule_id: str
    title: str
    level: Level
    techniques: tuple[str, ...]
    evidence: EventIds
    count: int
    source: str = "sigma"
    description: str = ""


class Technique(Frozen):
    """An ATT&CK technique with the events that show it. `confidence` is 0..1."""

    id: str
    name: str
    tactics: tuple[str, ...]
    confidence: float
    evidence: EventIds
    why: str = ""


class Indicator(Frozen):
    """A value worth hunting for elsewhere; benign and internal values never become one."""

    type: IndicatorType
    value: str
    evidence: EventIds
    why: str = ""


class Anomaly(Frozen):
    """Something rare in this evidence. `score` is 0..1, higher is rarer."""

    kind: str
    summary: str
    score: float
    evidence: EventIds


class Act(Frozen):
    """One thing that was done, read out of records: who did what to what, when and where.

    The unit of the story: timeline entries and claims are worded from acts. `verb` names an entry of the act
    vocabulary (`report/gate/roles.py` says which fields hold its subject and objects). Values are spelled as
    in the records, so that the gate finds them there. `context` marks what explains the incident without being
    part of it (it does not stretch the window). `rules` are the titles of the rules that matched its records.
    """

    verb: str
    time: datetime
    end_time: datetime | None = None
    subject: str
    objects: tuple[str, ...] = ()
    host: str = ""
    user: str = ""
    detail: dict[str, str] = {}
    techniques: tuple[str, ...] = ()
    kind: Kind = "log"
    rules: tuple[str, ...] = ()
    context: bool = False
    why: str = ""
    count: int = 1
    evidence: EventIds


class TimelineEntry(Frozen):
    """A line of the timeline of what matters, with the reason why it is on it."""

    time: datetime
    kind: Kind
    summary: str
    entities: tuple[str, ...]
    techniques: tuple[str, ...]
    why: str
    evidence: EventIds
    verb: str = ""


class Gap(Frozen):
    """A question that the evidence leaves open: what was searched, and how many events that found.

    `statement` is worded as an unknown; a gap with `found == 0` may carry a negation. `evidence`: the records that raise it.
    """

    id: str
    statement: str
    query: str
    found: int
    scope: str
    evidence: tuple[str, ...] = ()


class Findings(Frozen):
    """All that analysis says of one incident, ready for the report."""

    start: datetime | None
    end: datetime | None
    entities: tuple[Entity, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    techniques: tuple[Technique, ...] = ()
    detections: tuple[Detection, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    acts: tuple[Act, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    gaps: tuple[Gap, ...] = ()
    # What is told can be ordinary work as well: no record shows harm, and nothing ties it together.
    doubtful: bool = False
