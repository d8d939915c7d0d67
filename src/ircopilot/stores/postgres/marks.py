"""What people mark and note on events. A mark carries where its event lies (load, time), so that it is found quickly; when
another load takes that one's place, the mark is told the new place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables.evidence import event_marks, event_notes

MOST_MARKS = 10_000
PIN, TAG = "pin", "tag"


class TooManyMarks(ProblemError):
    """The incident has as many marks as it may."""

    type = "too-many-marks"
    status = 409
    title = "The incident has too many marks"


class UnknownNote(ProblemError):
    """The event has no such note."""

    type = "unknown-note"
    status = 404
    title = "There is no such note"


@dataclass(frozen=True, slots=True)
class Mark:
    """A pin (`label` is empty) or a tag on an event."""

    event_id: str
    kind: str
    label: str
    load_id: str
    time: datetime
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on an event."""

    note_id: str
    event_id: str
    body: str
    made_by: str
    made_at: datetime


def add_mark(
    tx: Tx, incident_id: str, event_id: str, kind: str, label: str, place: tuple[str, datetime], by: str
) -> bool:  # fmt: skip
    """Mark an event; False when it was marked so before. Raises `TooManyMarks`."""
    here = event_marks.c
    number = select(func.count()).where(here.incident_id == incident_id)
    if tx.connection.execute(number).scalar_one() >= MOST_MARKS:
        raise TooManyMarks(f"it has {MOST_MARKS:,} pins and tags", "take some off")
    row = {
        "org_id": tx.org_id, "incident_id": incident_id, "event_id": event_id, "kind": kind, "label": label,
        "load_id": place[0], "time": place[1], "made_by": by,
    }  # fmt: skip
    done = tx.connection.execute(insert(event_marks).values(row).on_conflict_do_nothing().returning(here.event_id))
    return done.first() is not None


def remove_mark(tx: Tx, incident_id: str, event_id: str, kind: str, label: str) -> bool:
    """Take a mark off; False when there was none."""
    here = event_marks.c
    gone = event_marks.delete().where(
        here.incident_id == incident_id, here.event_id == event_id, here.kind == kind, here.label == label
    )
    return bool(tx.connection.execute(gone).rowcount)


def list_marks(tx: Tx, incident_id: str, event_ids: Iterable[str] | None = None) -> list[Mark]:
    """The incident's marks, or those of these events, by time and event."""
    here = event_marks.c
    query = select(event_marks).where(here.incident_id == incident_id)
    if event_ids is not None:
        query = query.where(here.event_id.in_(list(event_ids)))
    rows = tx.connection.execute(query.order_by(here.time, here.event_id, here.kind, here.label))
    return [Mark(**{name: row._mapping[name] for name in Mark.__dataclass_fields__}) for row in rows]


def move_marks(tx: Tx, incident_id: str, places: Mapping[str, tuple[str, datetime]]) -> None:
    """These events lie elsewhere now: (load, time) by event."""
    here = event_marks.c
    for event_id, (load_id, time) in places.items():
        mine = (here.incident_id == incident_id) & (here.event_id == event_id)
        tx.connection.execute(update(event_marks).where(mine).values(load_id=load_id, time=time))


def add_note(tx: Tx, incident_id: str, event_id: str, note_id: str, body: str, by: str) -> Note:
    """Write a note on an event."""
    row = {
        "org_id": tx.org_id, "note_id": note_id, "incident_id": incident_id, "event_id": event_id,
        "body": storable(body), "made_by": by,
    }  # fmt: skip
    made = tx.connection.execute(insert(event_notes).values(row).returning(event_notes.c.made_at)).scalar_one()
    return Note(note_id, event_id, storable(body), by, made)


def list_notes(
    tx: Tx, incident_id: str, event_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[Note]:  # fmt: skip
    """Notes on an event, the oldest first, behind one of them."""
    here = event_notes.c
    query = select(event_notes).where(here.incident_id == incident_id, here.event_id == event_id)
    if after is not None:
        query = query.where(tuple_(here.made_at, here.note_id) > tuple_(*after))
    rows = tx.connection.execute(query.order_by(here.made_at, here.note_id).limit(limit))
    return [Note(**{name: row._mapping[name] for name in Note.__dataclass_fields__}) for row in rows]


def remove_note(tx: Tx, incident_id: str, event_id: str, note_id: str) -> Note:
    """Remove a note. Raises `UnknownNote`."""
    here = event_notes.c
    mine = (here.note_id == note_id, here.incident_id == incident_id, here.event_id == event_id)
    row = tx.connection.execute(event_notes.delete().where(*mine).returning(event_notes)).one_or_none()
    if row is None:
        raise UnknownNote(f"no note {note_id[:40]} on that event", "list them: GET …/notes")
    return Note(**{name: row._mapping[name] for name in Note.__dataclass_fields__})


def count_notes(tx: Tx, incident_id: str, event_ids: Iterable[str]) -> dict[str, int]:
    """How many notes these events have; those without are missing."""
    here = event_notes.c
    query = select(here.event_id, func.count()).where(
        here.incident_id == incident_id, here.event_id.in_(list(event_ids))
    )
    return {row[0]: int(row[1]) for row in tx.connection.execute(query.group_by(here.event_id))}
