"""Evidence: artifacts, loads, clocks, and records that could not be read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """Base of every domain value: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ParseError(Frozen):
    """A record, or a whole artifact (`locator == ""`), that could not be read, and why."""

    locator: str
    reason: str


class Artifact(Frozen):
    """Bytes as received: stored once, encrypted, never changed. A member of an archive is an artifact of its own.

    `sha256` is lower-case hex over the plaintext, `size` is in bytes, `name` is the path as given (display only).
    """

    sha256: str
    size: int
    name: str
    media_type: str = "application/octet-stream"
    format: str = ""
    parent_sha256: str | None = None
    member: str | None = None
    received_from: str = ""


class ClockStep(Frozen):
    """From `since` (recorded time) on, `host` (lower case; empty for all) is off by `offset_s` instead."""

    host: str = ""
    since: datetime
    offset_s: float


class Clock(Frozen):
    """How recorded time becomes time, per artifact: `time = time_recorded + offset_s`.

    `method` is `as-recorded`, `field-disagreement`, `seen-by-two-sources` or `said-by-user`; `evidence` holds the
    ids of events that show it. `steps` are exceptions from `offset_s`: a host of its own, or a clock that jumps
    (one written on a 12-hour dial jumps by twelve hours). `zone` or `year` say what had to be assumed where the record names none.
    """

    source: str = ""
    offset_s: float = 0.0
    steps: tuple[ClockStep, ...] = ()
    method: Literal["as-recorded", "field-disagreement", "seen-by-two-sources", "said-by-user"] = "as-recorded"
    zone_assumed: str = ""
    year_assumed: int | None = None
    evidence: tuple[str, ...] = ()
    agreeing: int = 0
    compared: int = 0
    note: str = ""


class Load(Frozen):
    """Events of one artifact under one mapping version and one clock; it counts once `state` is committed."""

    load_id: str
    artifact_sha256: str
    mapping: str
    mapping_version: str
    clock: Clock = Clock()
    state: Literal["writing", "committed", "replaced"] = "writing"
    records: int = 0
    events: int = 0
    skips: int = 0
    errors: int = 0
    first_time: datetime | None = None
    last_time: datetime | None = None
    parse_errors: tuple[ParseError, ...] = Field(default=(), description="the first 100; `errors` counts them all")
