"""Pins, tags and notes beside the events that are shown or counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ircopilot.access.caller import Caller
from ircopilot.analysis.search import these_events
from ircopilot.analysis.search.marks import Place
from ircopilot.cases.find import seen_incident
from ircopilot.gateway.events.asked import Asked
from ircopilot.gateway.events.shapes import EventOut, MarkedBucket
from ircopilot.stores.events import EVERYTHING, Condition
from ircopilot.stores.events.answers import Histogram
from ircopilot.stores.events.asking import SECOND, micros, moment
from ircopilot.stores.events.rollups import EPOCH
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.marks import PIN, Mark, count_notes, list_marks


async def show_marks(ask: Asked, events: Sequence[EventOut]) -> None:
    """Say of each event whether it is pinned, which tags and how many notes it has."""
    ids = [event.id for event in events]
    if not ids:
        return
    marks, notes = await ask.gate.in_tx(ask.caller.org_id, _of_events, ask.caller, ask.key, ids)
    pinned = {mark.event_id for mark in marks if mark.kind == PIN}
    tags: dict[str, list[str]] = defaultdict(list)
    for mark in marks:
        if mark.kind != PIN:
            tags[mark.event_id].append(mark.label)
    for event in events:
        event.pinned, event.tags, event.notes = event.id in pinned, tags[event.id], notes.get(event.id, 0)


async def marked_buckets(ask: Asked, condition: Condition, found: Histogram) -> list[MarkedBucket]:
    """Pins and tags of the events that a histogram counted, in its own buckets."""
    marks = await ask.marks()
    wanted = marks.all()
    if not wanted or found.since is None or found.until is None:
        return []
    if condition != EVERYTHING:
        both = Condition(
            f"({condition.sql}) AND {these_events(wanted)}", condition.params, condition.columns | {"event_id", "time"}
        )
        met = await ask.answer(lambda line: line.which(both))
    else:
        met = {event_id for event_id, _ in wanted}
    first, end = micros(found.since), micros(found.until)

    def counted(places: Sequence[Place]) -> dict[int, int]:
        number: dict[int, int] = defaultdict(int)
        for event_id, time in set(places):
            if event_id in met and first <= time < end:
                number[_bucket(time, found.resolution)] += 1
        return number

    pinned, tagged = counted(marks.pinned), {tag: counted(places) for tag, places in marks.tagged.items()}
    starts = sorted({*pinned, *(start for number in tagged.values() for start in number)})
    return [
        MarkedBucket(
            start=moment(start * SECOND), pinned=pinned.get(start, 0),
            tags={tag: number[start] for tag, number in tagged.items() if start in number},
        )
        for start in starts
    ]  # fmt: skip


def _bucket(time: int, seconds: int) -> int:
    """The start of the bucket that a time lies in, as the event store makes them."""
    return (time // SECOND + EPOCH) // seconds * seconds - EPOCH


def _of_events(tx: Tx, caller: Caller, key: str, ids: list[str]) -> tuple[list[Mark], dict[str, int]]:
    incident_id = seen_incident(tx, caller, key).incident_id
    return list_marks(tx, incident_id, ids), count_notes(tx, incident_id, ids)
