"""Events as JSON: their fields by the names that searches use (Elastic Common Schema), so that a value makes a filter."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ircopilot.analysis.search import Suggestion
from ircopilot.domain.event import HOT_BY_NAME, Event
from ircopilot.domain.evidence import Artifact, Clock, Load
from ircopilot.gateway.shapes import In, shown
from ircopilot.stores.events.answers import Histogram, Page, ValueCounts
from ircopilot.stores.events.timeline import Around

By = Literal["kind", "source", "host", "severity", "none"]
COLUMN_OF: dict[By, str | None] = {
    "kind": "kind", "source": "source", "host": "host_name", "severity": "event_severity", "none": None,
}  # fmt: skip
_EVENT: dict[str, Any] = {
    "id": "9f86d081884c7d659a2feaa0c55ad015", "time": "2031-05-01T10:00:04.500000Z",
    "time_recorded": "2031-05-01T09:00:04.500000Z", "time_field": "UtcTime", "kind": "log", "source": "windows.sysmon",
    "message": "Process created: procdump64.exe -ma lsass.exe", "artifact": "5a" * 32, "locator": "record:1023",
    "fields": {"host.name": "it01.corp.example", "user.name": "alice"}, "original": {}, "pinned": True,
    "tags": ["credential-theft"], "notes": 0,
}  # fmt: skip


class MarkedBucket(BaseModel):
    """How many events of a bucket are pinned, and how many have each tag."""

    start: datetime
    pinned: int
    tags: dict[str, int]


class BucketOut(BaseModel):
    """Events from `start` on for the histogram's resolution: by value when it was asked for, the rest in `others`."""

    start: datetime
    events: int
    by_value: dict[str, int]
    others: int


class HistogramOut(BaseModel):
    """Buckets in order of time, empty ones left out. `since` and `until`: the time that was counted. `values`: the most
    frequent values, up to 20, the most frequent first. `whole` is false of one that is still being counted: it holds from
    `counted_from` on, and the same call again goes on from there.
    """

    model_config = shown({
        "resolution": 3600, "since": "2031-05-01T10:00:00Z", "until": "2031-05-01T11:00:00Z", "events": 12,
        "values": ["log", "alert"],
        "buckets": [{"start": "2031-05-01T10:00:00Z", "events": 12, "by_value": {"log": 11, "alert": 1}, "others": 0}],
        "marked": None, "whole": True, "counted_from": None,
    })  # fmt: skip

    resolution: int = Field(description="Seconds.")
    since: datetime | None
    until: datetime | None
    events: int
    values: list[str]
    buckets: list[BucketOut]
    marked: list[MarkedBucket] | None = Field(default=None, description="Pins and tags, when they were asked for.")
    whole: bool = True
    counted_from: datetime | None = None

    @classmethod
    def of(cls, found: Histogram, marked: list[MarkedBucket] | None = None) -> HistogramOut:
        """Of a histogram."""
        buckets = [
            BucketOut(start=b.start, events=b.events, by_value=dict(b.by_value), others=b.others) for b in found.buckets
        ]
        return cls(
            resolution=found.resolution, since=found.since, until=found.until, events=found.events,
            values=list(found.values), buckets=buckets, marked=marked, whole=found.whole, counted_from=found.counted_from,
        )  # fmt: skip


class EventOut(BaseModel):
    """An event. `time` is corrected by the clock of its artifact, `time_recorded` is what the record says. `fields` are
    by their ECS names, `original` by the names that the record itself has.
    """

    model_config = shown(_EVENT)

    id: str
    time: datetime
    time_recorded: datetime
    time_field: str
    kind: str
    source: str
    message: str
    artifact: str = Field(description="SHA-256 of the artifact that it is from.")
    locator: str = Field(description="The place there, as `line:12`.")
    fields: dict[str, str | int | float]
    original: dict[str, str]
    pinned: bool = False
    tags: list[str] = []
    notes: int = Field(default=0, description="How many notes people wrote on it.")

    @classmethod
    def of(cls, event: Event) -> EventOut:
        """Of an event."""
        return cls(**event_members(event))


def event_members(event: Event) -> dict[str, Any]:
    """The members of an event's JSON."""
    same = ("time", "time_recorded", "time_field", "kind", "source", "message", "locator")
    return {name: getattr(event, name) for name in same} | {
        "id": event.event_id, "artifact": event.artifact_sha256, "original": event.fields,
        "fields": {HOT_BY_NAME[name].ecs: value for name, value in event.ecs.items()},
    }  # fmt: skip


class EventPage(BaseModel):
    """Events in the order that was asked for. `next` and `previous` are the cursors of the pages beside it. `whole` is
    false when the search stopped looking before the page was full: `next` goes on from `searched_to`.
    """

    model_config = shown({"items": [_EVENT], "next": "eMToxOTM", "previous": None, "whole": True, "searched_to": None})  # fmt: skip

    items: list[EventOut]
    next: str | None
    previous: str | None
    whole: bool
    searched_to: datetime | None

    @classmethod
    def of(cls, page: Page, newest: bool) -> EventPage:
        """Of a page, the newest event first or last."""
        later = None if page.later is None else f"l{page.later}"
        earlier = None if page.earlier is None else f"e{page.earlier}"
        items = [EventOut.of(event) for event in (reversed(page.events) if newest else page.events)]
        beside = {"next": earlier, "previous": later} if newest else {"next": later, "previous": earlier}
        return cls(items=items, whole=page.whole, searched_to=page.searched_to, **beside)


class AroundOut(BaseModel):
    """An event, what came before it and what after it, each by time. `earlier` and `later` are cursors to go on from."""

    model_config = shown({"event": _EVENT, "before": [], "after": [], "earlier": None, "later": "lMToxOTM"})  # fmt: skip

    event: EventOut
    before: list[EventOut]
    after: list[EventOut]
    earlier: str | None
    later: str | None

    @classmethod
    def of(cls, found: Around) -> AroundOut:
        """Of what was found around an event."""
        before, after = ([EventOut.of(event) for event in page.events] for page in (found.before, found.after))
        earlier = None if found.before.earlier is None else f"e{found.before.earlier}"
        later = None if found.after.later is None else f"l{found.after.later}"
        return cls(event=EventOut.of(found.event), before=before, after=after, earlier=earlier, later=later)


class ValueOut(BaseModel):
    """A value, empty for events without one, and how many events have it."""

    value: str
    events: int


class Values(BaseModel):
    """The most frequent values of a field. `distinct`, `events`: how many values and events there are in all."""

    model_config = shown({
        "field": "user.name", "values": [{"value": "alice", "events": 41}], "distinct": 3, "events": 60,
    })  # fmt: skip

    field: str
    values: list[ValueOut]
    distinct: int
    events: int

    @classmethod
    def of(cls, field: str, found: ValueCounts) -> Values:
        """Of counted values."""
        values = [ValueOut(value=value, events=events) for value, events in found.values]
        return cls(field=field, values=values, distinct=found.distinct, events=found.events)


class ArtifactOfEvent(BaseModel):
    """The artifact that an event is from."""

    sha256: str
    name: str
    size: int
    format: str


class LoadOfEvent(BaseModel):
    """How its record became an event."""

    id: str
    mapping: str
    mapping_version: str


class EventWhole(EventOut):
    """An event with all its fields, the clock that corrected it, and its record as the artifact's bytes have it now."""

    model_config = shown(_EVENT | {
        "corrected_s": 3600.0, "clock": {"source": "windows.sysmon", "offset_s": 3600.0, "method": "said-by-user"},
        "load": {"id": "0d1f7d2e-2f4b-4c5e-8f0a-2f9d0a5a7f11", "mapping": "sysmon", "mapping_version": "1"},
        "artifact_of": {"sha256": "5a" * 32, "name": "it01.evtx", "size": 69632, "format": "evtx/windows"},
        "record": {"UtcTime": "2031-05-01 09:00:04.500"}, "record_missing": None,
    })  # fmt: skip

    corrected_s: float = Field(description="Seconds by which the clock was corrected: time - time_recorded.")
    clock: Clock
    load: LoadOfEvent
    artifact_of: ArtifactOfEvent | None
    record: dict[str, Any] | None = Field(description="Read again from the artifact, whose hash is checked by that.")
    record_missing: str | None = Field(description="Why there is no record.")

    @classmethod
    def whole(
        cls, event: Event, load: Load, artifact: Artifact | None, record: dict[str, Any] | None, missing: str | None
    ) -> EventWhole:
        """Of all that is known of an event."""
        named = None if artifact is None else ArtifactOfEvent(
            sha256=artifact.sha256, name=artifact.name, size=artifact.size, format=artifact.format
        )  # fmt: skip
        return cls(
            **event_members(event), clock=load.clock, artifact_of=named, record=record, record_missing=missing,
            corrected_s=(event.time - event.time_recorded).total_seconds(),
            load=LoadOfEvent(id=load.load_id, mapping=load.mapping, mapping_version=load.mapping_version),
        )  # fmt: skip


class FieldOut(BaseModel):
    """A field that can be searched. `columns`: the ECS names any of which may hold the value. `examples` stand in the
    latest events.
    """

    name: str
    group: Literal["short", "ecs", "original"]
    type: Literal["text", "number", "time", "ip", "host", "words", "original", "mark"]
    about: str
    columns: list[str]
    examples: list[str]


class Fields(BaseModel):
    """What can be searched in this incident."""

    model_config = shown({"items": [{
        "name": "host", "group": "short", "type": "host", "about": "host name", "columns": ["host.name"],
        "examples": ["it01.corp.example"],
    }]})  # fmt: skip

    items: list[FieldOut]


class EventsToMeet(In):
    """Ids of events, and the search (none: all meet it)."""

    model_config = shown({"q": "host:it01", "events": ["9f86d081884c7d659a2feaa0c55ad015"]})

    q: str = Field(default="", max_length=20_000)
    events: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")], ...] = Field(max_length=2000)


class EventTime(BaseModel):
    """An event, and when it was."""

    id: str
    time: datetime


class EventsAmong(BaseModel):
    """Those that meet the search, by time."""

    model_config = shown({"items": [{"id": "9f86d081884c7d659a2feaa0c55ad015", "time": "2031-05-02T08:00:00Z"}]})

    items: list[EventTime]


class SearchToCheck(In):
    """A search, and where the cursor stands (in characters, from 0; the end if left out)."""

    model_config = shown({"q": "host:it01 AND", "at": 13})

    q: str = Field(max_length=20_000)
    at: int | None = Field(default=None, ge=0, le=20_000)


class SearchProblem(BaseModel):
    """What is wrong with a search. `position` is a character of it, counted from 0."""

    detail: str
    position: int
    expected: list[str]
    pointer: str


class SuggestionOut(BaseModel):
    """`text` may take the place of the characters from `start` up to `end`."""

    text: str
    kind: Literal["field", "operator", "comparison", "value"]
    about: str
    start: int
    end: int

    @classmethod
    def of(cls, found: Suggestion) -> SuggestionOut:
        """Of a suggestion."""
        return cls(text=found.text, kind=found.kind, about=found.about, start=found.start, end=found.end)


class SearchChecked(BaseModel):
    """Whether the search can be read, what is wrong with it, and what could be typed at the cursor."""

    model_config = shown({
        "valid": False, "suggestions": [], "problem": {
            "detail": "at character 14: the search ends here; expected a term", "position": 13, "expected": ["a term"],
            "pointer": "host:it01 AND\n             ^",
        },
    })  # fmt: skip

    valid: bool
    problem: SearchProblem | None
    suggestions: list[SuggestionOut]
