"""Artifacts as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from ircopilot.domain.evidence import Clock, Load
from ircopilot.gateway.shapes import DepositOut, In, Line, shown
from ircopilot.stores.events.sparks import Sparks, summed
from ircopilot.stores.postgres.artifact_views import ArtifactView, CustodyLine
from ircopilot.stores.vault import ObjectLock

_SHA = "5a" * 32
_LOCK = {"legal_hold": False, "retain_until": None}
_PARSED = {
    "loads": 1, "records": 1030, "events": 1024, "errors": 4, "skips": 2, "mappings": ["windows.sysmon 3"],
    "first_time": "2031-05-01T10:00:00Z", "last_time": "2031-05-01T12:30:00Z",
    "clocks": [{"source": "windows.sysmon", "offset_s": 3600.0, "method": "said-by-user"}],
}  # fmt: skip
_SPARK = {"start": "2031-05-01T10:00:00Z", "step": 3600, "counts": [512, 500, 12]}
_ARTIFACT = {
    "sha256": _SHA, "name": "it01/sysmon.evtx", "size": 69632, "media_type": "application/octet-stream",
    "format": "evtx/windows.sysmon", "parent_sha256": None, "member": None, "members": 0, "received_from": "key 1f2e",
    "received_at": "2031-05-02T08:00:00Z", "stored_at": "2031-05-02T08:00:00Z", "deposits": [], "parsed": _PARSED,
    "lock": _LOCK, "spark": _SPARK,
}  # fmt: skip


class Parsed(BaseModel):
    """How the artifact was read: records in = events + errors + skips. Times are of its events, corrected."""

    loads: int
    records: int
    events: int
    errors: int
    skips: int
    mappings: list[str]
    first_time: datetime | None
    last_time: datetime | None
    clocks: list[Clock]

    @classmethod
    def of(cls, loads: tuple[Load, ...], other_errors: int) -> Parsed:
        """Of committed loads, and errors of the artifact as a whole."""
        firsts = [load.first_time for load in loads if load.first_time is not None]
        lasts = [load.last_time for load in loads if load.last_time is not None]
        return cls(
            loads=len(loads), records=sum(load.records for load in loads), events=sum(load.events for load in loads),
            errors=sum(load.errors for load in loads) + other_errors, skips=sum(load.skips for load in loads),
            mappings=sorted({f"{load.mapping} {load.mapping_version}" for load in loads}),
            first_time=min(firsts, default=None), last_time=max(lasts, default=None),
            clocks=[load.clock for load in loads],
        )  # fmt: skip


class Lock(BaseModel):
    """How the stored bytes are held: until when, and whether a legal hold lies on them."""

    legal_hold: bool
    retain_until: datetime | None

    @classmethod
    def of(cls, lock: ObjectLock) -> Lock:
        """Of the vault's answer."""
        return cls(legal_hold=lock.legal_hold, retain_until=lock.retain_until)


class Spark(BaseModel):
    """The artifact's events per `step` seconds from `start` on; all artifacts of an incident have the same axis."""

    start: datetime
    step: int
    counts: list[int]


class ArtifactOut(BaseModel):
    """An artifact: bytes as they were received, stored once, encrypted, never changed. `lock` is null when the vault
    does not have it any more.
    """

    model_config = shown(_ARTIFACT)

    sha256: str
    name: str
    size: int
    media_type: str
    format: str
    parent_sha256: str | None
    member: str | None
    members: int = Field(description="How many artifacts came out of it.")
    received_from: str
    received_at: datetime
    stored_at: datetime
    deposits: list[DepositOut]
    parsed: Parsed
    lock: Lock | None
    spark: Spark | None

    @classmethod
    def of(cls, view: ArtifactView, lock: ObjectLock | None, sparks: Sparks | None) -> ArtifactOut:
        """Of what the stores know."""
        curve = summed(sparks, [load.load_id for load in view.loads]) if sparks else []
        return cls(
            **view.artifact.model_dump(), members=view.members, received_at=view.received_at, stored_at=view.stored_at,
            deposits=[DepositOut.of(deposit) for deposit in view.deposits],
            parsed=Parsed.of(view.loads, view.other_errors), lock=None if lock is None else Lock.of(lock),
            spark=Spark(start=sparks.start, step=sparks.step, counts=curve) if sparks and curve else None,
        )  # fmt: skip


class Artifacts(BaseModel):
    """A page of artifacts, by name."""

    model_config = shown({"items": [_ARTIFACT], "next": None})

    items: list[ArtifactOut]
    next: str | None


class ErrorLine(BaseModel):
    """A record that could not be read; an empty locator is the artifact as a whole."""

    locator: str
    reason: str


class ArtifactErrors(BaseModel):
    """Errors by locator. `total` counts all of them, also those of which only the number was kept."""

    model_config = shown({"items": [{"locator": "line:42", "reason": "no JSON"}], "next": None, "total": 1})

    items: list[ErrorLine]
    next: str | None
    total: int


class CustodyOut(BaseModel):
    """What was done with the artifact."""

    id: int
    act: str
    actor: str
    at: datetime
    detail: dict[str, Any]

    @classmethod
    def of(cls, line: CustodyLine) -> CustodyOut:
        """Of a line of the log."""
        return cls(id=line.custody_id, act=line.act, actor=line.actor, at=line.at, detail=line.detail)


class CustodyPage(BaseModel):
    """The chain of custody, the latest line first; no line is ever changed or removed."""

    model_config = shown({
        "items": [{"id": 7, "act": "downloaded", "actor": "key 1f2e", "at": "2031-05-02T09:00:00Z", "detail": {}}],
        "next": None,
    })  # fmt: skip

    items: list[CustodyOut]
    next: str | None


class RawBytes(BaseModel):
    """Some of the artifact's bytes. `size` is of the whole artifact."""

    model_config = shown({"offset": 0, "length": 4, "size": 69632, "base64": "RWxmRg=="})

    offset: int
    length: int
    size: int
    base64: str


class Verified(BaseModel):
    """What the stored bytes turned out to be. `intact`: they hash to the artifact's name and have its size."""

    model_config = shown({"intact": True, "sha256": _SHA, "size": 69632, "reason": None})

    intact: bool
    sha256: str | None
    size: int
    reason: str | None


class HoldReason(In):
    """Why a legal hold is set or lifted; the reason stands in the custody log."""

    model_config = shown({"reason": "Matter 2031-17, notice of 2 May"})

    reason: Line
