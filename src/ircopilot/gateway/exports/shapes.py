"""What goes in and out as JSON of exports."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.contracts.report import TLP
from ircopilot.domain.incident import RunState
from ircopilot.export.manifest import MANIFEST_FILE
from ircopilot.export.registry import Exporter, exporter_of
from ircopilot.gateway.output_routes import FILE_KINDS
from ircopilot.gateway.shapes import SHA256, In, shown
from ircopilot.stores.postgres.exports import ExportRow

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
# What is looked for as a whole; shorter values would hit by chance.
Redacted = Annotated[
    str, StringConstraints(min_length=2, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]

ASKED = {
    "format": "pdf", "version": 2, "tlp": "TLP:AMBER", "sections": ["summary", "what-happened"],
    "redact_values": ["192.0.2.10"], "redact_entities": ["user-5d1c0a9b7e"],
}  # fmt: skip
EXPORT = {
    "id": "8d1f2a3b-4c5d-4e6f-8a9b-0c1d2e3f4a5b", "format": "pdf", "version": 2, "tlp": "TLP:AMBER",
    "sections": ["summary"], "redacted": 1, "state": "done", "error": None, "by": "key 9f86d081884c7d65",
    "at": "2026-03-10T10:00:00Z", "finished_at": "2026-03-10T10:00:03Z", "run": "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b",
    "file_name": "report.pdf", "media_type": "application/pdf", "sha256": SHA256, "size": 310_774,
    "verify": "sha256sum of the file is sha256; …/manifest names it and the digest of the findings",
}  # fmt: skip
FORMAT = {
    "name": "pdf", "title": "PDF", "about": "PDF/A-2b, for people and archives", "media_type": "application/pdf",
    "file_name": "report.pdf", "options": {"type": "object"},
}  # fmt: skip
_VERIFY = "sha256sum of the file is sha256; …/manifest names it and the digest of the findings"
_VERIFY_JSON = "put report.json and …/manifest (as manifest.json) into a folder DIR, and run: ircopilot verify DIR"


PLACES = "Redacted-Places"
PREVIEW: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document's bytes; its `ETag` is their SHA-256, which the export will have.",
        "headers": {
            PLACES: {
                "description": "In how many places of the report and its records each of `redact_values`, then each of "
                "`redact_entities` was replaced.",
                "schema": {"type": "string"},
                "example": "12, 0",
            }
        },
        "content": FILE_KINDS,
    },
}


class ExportOptions(In):
    """How a report is to be rendered. `version` null is the newest; no sections are all of them."""

    version: int | None = Field(default=None, ge=1, le=1_000_000)
    tlp: TLP | None = Field(default=None, description="how the document may be passed on (FIRST TLP 2.0)")
    sections: tuple[Name, ...] = Field(default=(), max_length=50)
    redact_values: tuple[Redacted, ...] = Field(default=(), max_length=500)
    redact_entities: tuple[Name, ...] = Field(default=(), max_length=500)


class NewExport(ExportOptions):
    """A document to be made of a report. Redacted values become the same placeholders in all exports of the incident."""

    model_config = shown(ASKED)

    format: Name


class ExportOut(BaseModel):
    """An export. `sha256` and `size` are there when it is done; `state` is that of the run that makes it."""

    model_config = shown(EXPORT)

    id: str
    format: str
    version: int
    tlp: TLP | None
    sections: list[str]
    redacted: int
    state: RunState
    error: str | None
    by: str
    at: datetime
    finished_at: datetime | None
    run: str
    file_name: str | None
    media_type: str | None
    sha256: str | None
    size: int | None
    verify: str

    @classmethod
    def of(cls, row: ExportRow) -> ExportOut:
        """Of a stored export."""
        name, made = made_file(row)
        exporter = exporter_of(row.format)
        return cls(
            id=row.export_id, format=row.format, version=row.number, tlp=row.options.get("tlp"),
            sections=row.options.get("sections", []), redacted=len(set(row.options.get("placeholders", {}).values())),
            state=row.state, error=row.error, by=row.by, at=row.at, finished_at=row.finished_at, run=row.run_id,
            file_name=name, media_type=exporter.media_type if exporter else None, sha256=made.get("sha256"),
            size=made.get("size"), verify=_VERIFY_JSON if row.format == "json" else _VERIFY,
        )  # fmt: skip


def preview_headers(data: bytes, places: Sequence[int]) -> dict[str, str]:
    """Of a document that is only looked at."""
    told = {PLACES: ", ".join(map(str, places))} if places else {}
    tag = f'"{hashlib.sha256(data).hexdigest()}"'
    return {"ETag": tag, "Cache-Control": "no-store", "Content-Disposition": "attachment"} | told


def made_file(row: ExportRow) -> tuple[str | None, dict[str, Any]]:
    """The name of the file that the export made, and its `sha256` and `size`; (None, {}) until it is made."""
    return next(((name, made) for name, made in row.outputs.items() if name != MANIFEST_FILE), (None, {}))


class ExportList(BaseModel):
    """Exports, newest first."""

    model_config = shown({"items": [EXPORT], "next": None})

    items: list[ExportOut]
    next: str | None = None


class ExportFormat(BaseModel):
    """A format, and the JSON Schema of its options."""

    model_config = shown(FORMAT)

    name: str
    title: str
    about: str
    media_type: str
    file_name: str
    options: dict[str, Any]

    @classmethod
    def of(cls, exporter: Exporter) -> ExportFormat:
        """Of a registered exporter."""
        return cls(
            name=exporter.name, title=exporter.title or exporter.name, about=exporter.about,
            media_type=exporter.media_type, file_name=exporter.file_name, options=ExportOptions.model_json_schema(),
        )  # fmt: skip


class ExportFormats(BaseModel):
    """All formats."""

    model_config = shown({"items": [FORMAT], "next": None})

    items: list[ExportFormat]
    next: str | None = None
