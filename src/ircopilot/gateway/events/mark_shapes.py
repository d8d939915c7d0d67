"""Pins, tags and notes as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field, StringConstraints

from ircopilot.gateway.shapes import In, shown
from ircopilot.stores.postgres.marks import Note

TagName = Annotated[
    str, Path(pattern=r"""^[^\s\x00-\x1f\x7f"():<>=\[\]{}*?,/\\]{1,60}$""", examples=["credential-theft"],
              description="Without blanks, quotes, brackets, colons and wildcards; its case does not matter.")
]  # fmt: skip
_NOTE = {
    "id": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "event": "9f86d081884c7d659a2feaa0c55ad015",
    "body": "First sign of the tool on this host.", "made_by": "key 1f2e", "made_at": "2031-05-02T08:00:00Z",
}  # fmt: skip


class EventMarks(BaseModel):
    """What people marked on an event."""

    model_config = shown({"event": "9f86d081884c7d659a2feaa0c55ad015", "pinned": True, "tags": ["credential-theft"]})

    event: str
    pinned: bool
    tags: list[str]


class TagCount(BaseModel):
    """A tag, and how many events have it."""

    tag: str
    events: int


class IncidentMarks(BaseModel):
    """Pins and tags of an incident; `pinned:true` and `tag:NAME` in a search find the events."""

    model_config = shown({"pinned": 3, "tags": [{"tag": "credential-theft", "events": 2}]})

    pinned: int
    tags: list[TagCount]


class NewNote(In):
    """A note on an event: plain text."""

    model_config = shown({"body": "First sign of the tool on this host."})

    body: Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]


class NoteOut(BaseModel):
    """A note on an event."""

    model_config = shown(_NOTE)

    id: str
    event: str
    body: str
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, note: Note) -> NoteOut:
        """Of a stored note."""
        return cls(id=note.note_id, event=note.event_id, body=note.body, made_by=note.made_by, made_at=note.made_at)


class Notes(BaseModel):
    """Notes on an event, the oldest first."""

    model_config = shown({"items": [_NOTE], "next": None})

    items: list[NoteOut]
    next: str | None = Field(description="Send it as `cursor` to go on.")
