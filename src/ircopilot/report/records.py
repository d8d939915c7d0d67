"""A cited record as it is kept: its place, its own fields, and the columns that it was understood as."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue

from ircopilot.contracts.report import CitedEvent as CitedPart
from ircopilot.domain.event import Event
from ircopilot.domain.evidence import Frozen
from ircopilot.domain.findings import Kind
from ircopilot.report.gate import CitedEvent


class CitedRecord(Frozen):
    """A record that is cited: `fields` are its own, read from the artifact; `columns` what they mean, by column name."""

    event_id: str
    artifact: str
    locator: str
    time: datetime
    time_recorded: datetime
    time_field: str = ""
    kind: Kind = "log"
    source: str = ""
    message: str = ""
    columns: dict[str, str | int | float] = Field(default={})
    fields: dict[str, JsonValue] = Field(default={})

    def for_gate(self) -> CitedEvent:
        """As the gate reads it."""
        return CitedEvent(
            event_id=self.event_id, time=self.time, time_recorded=self.time_recorded, artifact_sha256=self.artifact,
            locator=self.locator, source=self.source, message=self.message, ecs=self.columns, fields=self.fields,
        )  # fmt: skip

    def for_file(self) -> CitedPart:
        """As report.json holds it."""
        return CitedPart(
            time=self.time, time_recorded=self.time_recorded, artifact=self.artifact, locator=self.locator,
            fields=self.fields, kind=self.kind, source=self.source, time_field=self.time_field,
        )  # fmt: skip


def cited_record(event: Event, fields: Mapping[str, Any]) -> CitedRecord:
    """Of an event of the store, and its fields as they stand in the artifact's bytes."""
    return CitedRecord(
        event_id=event.event_id, artifact=event.artifact_sha256, locator=event.locator, time=event.time,
        time_recorded=event.time_recorded, time_field=event.time_field, kind=event.kind, source=event.source,
        message=event.message, columns=event.ecs, fields=dict(fields),
    )  # fmt: skip


def kept_record(event_id: str, part: CitedPart, columns: Mapping[str, Any]) -> CitedRecord:
    """Of report.json's part and the columns kept beside it (`columns`, `message`)."""
    return CitedRecord(event_id=event_id, **part.model_dump(), **columns)
