"""Routes of what people mark and note on events: pins, tags, notes."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.events.asked import Asked, EventId, Everything
from ircopilot.gateway.events.mark_shapes import (
    EventMarks,
    IncidentMarks,
    NewNote,
    NoteOut,
    Notes,
    TagCount,
    TagName,
)
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.pages import cursor_of, read_place
from ircopilot.gateway.permit import needs
from ircopilot.stores.events import EventStoreFailed, QueryStopped
from ircopilot.stores.events.timeline import UnknownEvent
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.marks import (
    PIN,
    TAG,
    Note,
    TooManyMarks,
    UnknownNote,
    add_mark,
    add_note,
    list_marks,
    list_notes,
    remove_mark,
    remove_note,
)

router = APIRouter(prefix="/v1/incidents/{key}/events", tags=["events"])
Time = Annotated[Moment | None, Query(description="The event's time, if it is known: it is found sooner.")]
NoteId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", examples=["1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"])]
_MARKING = problems(
    UnknownIncident, IncidentMerged, UnknownEvent, TooManyMarks, QueryStopped, EventStoreFailed
)  # fmt: skip
_WRITE = [needs("event:write")]


@router.get(
    "/marks", summary="Pins and tags of an incident", response_model=IncidentMarks,
    dependencies=[needs("event:read")], responses=problems(UnknownIncident),
)  # fmt: skip
async def count_marks(key: str, gate: WithGate, caller: WithCaller) -> IncidentMarks:
    """How many events are pinned, and the tags with the number of their events."""
    marks = await gate.in_tx(caller.org_id, _all_marks, caller, key)
    tags = Counter(label for kind, label in marks if kind == TAG)
    counted = [TagCount(tag=tag, events=tags[tag]) for tag in sorted(tags)]
    return IncidentMarks(pinned=sum(kind == PIN for kind, _ in marks), tags=counted)


@router.put(
    "/{event_id}/pin", summary="Pin an event", response_model=EventMarks, dependencies=_WRITE, responses=_MARKING
)
async def pin_event(event_id: EventId, ask: Everything, time: Time = None) -> EventMarks:
    """Pin an event; pinned once more it stays pinned."""
    return await _mark(ask, event_id, PIN, "", time)


@router.delete(
    "/{event_id}/pin", summary="Unpin an event", response_model=EventMarks, dependencies=_WRITE,
    responses=problems(UnknownIncident, IncidentMerged),
)  # fmt: skip
async def unpin_event(event_id: EventId, key: str, gate: WithGate, caller: WithCaller) -> EventMarks:
    """Take the pin off, if there is one."""
    return await gate.in_tx(caller.org_id, _unmarked, caller, key, event_id, PIN, "")


@router.put(
    "/{event_id}/tags/{tag}", summary="Tag an event", response_model=EventMarks, dependencies=_WRITE,
    responses=_MARKING,
)  # fmt: skip
async def tag_event(event_id: EventId, tag: TagName, ask: Everything, time: Time = None) -> EventMarks:
    """Give an event a tag; given once more it has it once."""
    return await _mark(ask, event_id, TAG, tag.lower(), time)


@router.delete(
    "/{event_id}/tags/{tag}", summary="Take a tag off an event", response_model=EventMarks, dependencies=_WRITE,
    responses=problems(UnknownIncident, IncidentMerged),
)  # fmt: skip
async def untag_event(
    event_id: EventId, tag: TagName, key: str, gate: WithGate, caller: WithCaller
) -> EventMarks:  # fmt: skip
    """Take a tag off, if the event has it."""
    return await gate.in_tx(caller.org_id, _unmarked, caller, key, event_id, TAG, tag.lower())


@router.post(
    "/{event_id}/notes", summary="Write a note on an event", status_code=201, response_model=NoteOut,
    dependencies=_WRITE, responses=problems(UnknownIncident, IncidentMerged, UnknownEvent, QueryStopped, EventStoreFailed),
)  # fmt: skip
async def note_event(event_id: EventId, note: NewNote, ask: Everything, time: Time = None) -> NoteOut:
    """Write a note on an event. Threads with answers and mentions are comments."""
    await ask.answer(lambda line: line.find(event_id, time))
    return NoteOut.of(await ask.gate.in_tx(ask.caller.org_id, _noted, ask.caller, ask.key, event_id, note.body))


@router.get(
    "/{event_id}/notes", summary="Notes on an event", response_model=Notes, dependencies=[needs("event:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)  # fmt: skip
async def list_event_notes(
    event_id: EventId, key: str, gate: WithGate, caller: WithCaller,
    cursor: Annotated[str | None, Query(max_length=2000)] = None, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Notes:  # fmt: skip
    """Notes on an event, the oldest first."""
    after = None if cursor is None else read_place(cursor)
    notes = await gate.in_tx(caller.org_id, _notes, caller, key, event_id, after, limit + 1)
    last = notes[limit - 1] if len(notes) > limit else None
    following = None if last is None else cursor_of(last.made_at.isoformat(), last.note_id)
    return Notes(items=[NoteOut.of(note) for note in notes[:limit]], next=following)


@router.delete(
    "/{event_id}/notes/{note_id}", summary="Remove a note", status_code=204, response_class=Response,
    dependencies=_WRITE, responses=problems(UnknownIncident, IncidentMerged, UnknownNote),
)  # fmt: skip
async def remove_event_note(
    event_id: EventId, note_id: NoteId, key: str, gate: WithGate, caller: WithCaller
) -> Response:  # fmt: skip
    """Remove a note; the audit log keeps that it was there."""
    await gate.in_tx(caller.org_id, _removed, caller, key, event_id, note_id)
    return Response(status_code=204)


async def _mark(ask: Asked, event_id: str, kind: str, label: str, time: datetime | None) -> EventMarks:
    found = await ask.answer(lambda line: line.find(event_id, time))
    place = (found.load_id, found.event.time)
    return await ask.gate.in_tx(ask.caller.org_id, _marked, ask.caller, ask.key, (event_id, kind, label), place)


def _marked(
    tx: Tx, caller: Caller, key: str, mark: tuple[str, str, str], place: tuple[str, datetime]
) -> EventMarks:  # fmt: skip
    event_id, kind, label = mark
    incident_id = open_incident(tx, caller, key).incident_id
    if add_mark(tx, incident_id, event_id, kind, label, place, caller.name):
        record_act(tx, caller, f"event.{kind}", f"incident/{key}/event/{event_id}", after={"label": label})
    return _shown(tx, incident_id, event_id)


def _unmarked(tx: Tx, caller: Caller, key: str, event_id: str, kind: str, label: str) -> EventMarks:
    incident_id = open_incident(tx, caller, key).incident_id
    if remove_mark(tx, incident_id, event_id, kind, label):
        record_act(tx, caller, f"event.un{kind}", f"incident/{key}/event/{event_id}", before={"label": label})
    return _shown(tx, incident_id, event_id)


def _shown(tx: Tx, incident_id: str, event_id: str) -> EventMarks:
    marks = list_marks(tx, incident_id, [event_id])
    tags = [mark.label for mark in marks if mark.kind == TAG]
    return EventMarks(event=event_id, pinned=any(mark.kind == PIN for mark in marks), tags=tags)


def _all_marks(tx: Tx, caller: Caller, key: str) -> list[tuple[str, str]]:
    return [(m.kind, m.label) for m in list_marks(tx, seen_incident(tx, caller, key).incident_id)]


def _noted(tx: Tx, caller: Caller, key: str, event_id: str, body: str) -> Note:
    incident_id = open_incident(tx, caller, key).incident_id
    note = add_note(tx, incident_id, event_id, str(uuid.uuid4()), body, caller.name)
    record_act(tx, caller, "event.note", f"incident/{key}/event/{event_id}", after={"note": note.note_id, "body": body})
    return note


def _notes(
    tx: Tx, caller: Caller, key: str, event_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[Note]:  # fmt: skip
    return list_notes(tx, seen_incident(tx, caller, key).incident_id, event_id, after, limit)


def _removed(tx: Tx, caller: Caller, key: str, event_id: str, note_id: str) -> None:
    note = remove_note(tx, open_incident(tx, caller, key).incident_id, event_id, note_id)
    target = f"incident/{key}/event/{event_id}"
    record_act(tx, caller, "event.unnote", target, before={"note": note_id, "body": note.body})
