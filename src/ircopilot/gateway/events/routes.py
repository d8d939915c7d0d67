"""Routes of the timeline. What they count and show are events of committed loads of the incident, and no others."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from ircopilot.analysis.search import InvalidSearch, compile_search, suggest
from ircopilot.cases.find import seen_incident
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor
from ircopilot.gateway.events.asked import EventId, Everything, Lane, Where, Window, searched
from ircopilot.gateway.events.fields import counted_column, known_fields, shown_columns
from ircopilot.gateway.events.marked import marked_buckets, show_marks
from ircopilot.gateway.events.shapes import (
    COLUMN_OF,
    AroundOut,
    By,
    EventPage,
    EventsAmong,
    EventsToMeet,
    EventTime,
    EventWhole,
    Fields,
    HistogramOut,
    SearchChecked,
    SearchProblem,
    SearchToCheck,
    SuggestionOut,
    Values,
)
from ircopilot.gateway.events.whole import read_whole
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.permit import needs
from ircopilot.stores.events import EventStoreFailed, QueryStopped
from ircopilot.stores.events.asking import micros
from ircopilot.stores.events.counting import MOST_BUCKETS, WANTED_BUCKETS, rolls_up
from ircopilot.stores.events.cursor import Cursor
from ircopilot.stores.events.paging import Direction
from ircopilot.stores.events.timeline import UnknownEvent
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1/incidents/{key}/events", tags=["events"], dependencies=[])
_TOLD = (UnknownIncident, QueryStopped, EventStoreFailed)
_SEARCHED = problems(*_TOLD, InvalidSearch, UnusableArgument)
Time = Annotated[Moment | None, Query(description="The event's time, if it is known: it is found sooner.")]
Near = Annotated[int, Query(ge=1, le=500)]


@router.get(
    "/histogram", summary="Events by time", response_model=HistogramOut, dependencies=[needs("event:read")],
    responses=_SEARCHED,
)  # fmt: skip
async def count_events(
    ask: Window,
    where: Where,
    by: By = "none",
    resolution: Annotated[int | None, Query(ge=1, le=10**9, description="Seconds of a bucket.")] = None,
    buckets: Annotated[
        int, Query(ge=1, le=MOST_BUCKETS, description="At most so many, in even steps.")
    ] = WANTED_BUCKETS,
    marks: Annotated[bool, Query(description="Count pins and tags beside.")] = False,
    patience: Annotated[
        float | None, Query(ge=0, le=10, description="Answer after so many seconds with what was counted so far.")
    ] = None,
) -> HistogramOut:
    """How many events there are over time, by kind, source, host or severity; empty buckets are left out."""
    column, condition = COLUMN_OF[by], await ask.condition(where)
    lane: Lane = "page" if rolls_up(condition, *filter(None, [column])) else "scan"
    found = await ask.answer(lambda line: line.histogram(resolution, column, condition, buckets, patience), lane)
    return HistogramOut.of(found, await marked_buckets(ask, condition, found) if marks else None)


@router.get(
    "", summary="Pages of events", response_model=EventPage, dependencies=[needs("event:read")],
    responses=problems(*_TOLD, InvalidSearch, UnusableArgument, InvalidCursor),
)  # fmt: skip
async def list_events(
    ask: Window,
    where: Where,
    order: Annotated[Literal["newest", "oldest"], Query(description="Which event is first.")] = "newest",
    at: Annotated[Moment | None, Query(description="Begin there: in `order`, from that time on.")] = None,
    cursor: Annotated[str | None, Query(max_length=100, description="`next` or `previous` of a page.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    fields: Annotated[
        str | None,
        Query(max_length=4000, description="Fields to show, by comma; * for all.", examples=["host.name,Image"]),
    ] = None,
) -> EventPage:
    """Events by time and id, in either direction: `next` goes on in the order, `previous` back."""
    direction: Direction = "earlier" if order == "newest" else "later"
    place = None if at is None else str(Cursor(micros(at)))
    if cursor is not None:
        if at is not None or cursor[:1] not in ("e", "l"):
            raise InvalidCursor(
                "that cursor is none of this list's", "send `next` or `previous` as given, without `at`"
            )
        direction, place = ("earlier" if cursor[0] == "e" else "later"), cursor[1:]
    shown, condition = shown_columns(fields), await ask.condition(where)
    lane: Lane = "page" if rolls_up(condition) or condition.marked else "scan"
    page = await ask.answer(lambda line: line.page(condition, place, direction, limit, shown), lane)
    found = EventPage.of(page, order == "newest")
    await show_marks(ask, found.items)
    return found


@router.get(
    "/values", summary="Most frequent values", response_model=Values, dependencies=[needs("event:read")],
    responses=_SEARCHED,
)  # fmt: skip
async def count_values(
    ask: Window,
    where: Where,
    field: Annotated[str, Query(min_length=1, max_length=300, examples=["host.name"])],
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Values:
    """The values of a field within a search, the most frequent first. "" are events without it."""
    column, condition = counted_column(field), await ask.condition(where)
    lane: Lane = "page" if rolls_up(condition, column) else "scan"
    return Values.of(field, await ask.answer(lambda line: line.value_counts(column, condition, limit), lane))


@router.get(
    "/fields", summary="What can be searched", response_model=Fields, dependencies=[needs("event:read")],
    responses=problems(*_TOLD),
)  # fmt: skip
async def list_event_fields(ask: Everything) -> Fields:
    """The fields of the search language and those that the records themselves have, with examples, for completion."""
    return Fields(items=known_fields(await ask.answer(lambda line: line.sample())))


@router.post(
    "/among", summary="Which of some events meet a search", response_model=EventsAmong,
    dependencies=[needs("event:read")], responses=_SEARCHED,
)  # fmt: skip
async def events_among(ask: Everything, asked: EventsToMeet) -> EventsAmong:
    """Of events whose ids are known (a timeline's marks, comments' anchors) those that meet a search, each with its time.
    Ids that are no event of the incident are left out.
    """
    condition = await ask.condition(await searched(asked.q))
    found = await ask.answer(lambda line: line.among(asked.events, condition))
    items = [EventTime(id=event_id, time=time) for event_id, time in sorted(found.items(), key=lambda one: one[::-1])]
    return EventsAmong(items=items)


@router.post(
    "/search/check", summary="Check a search", response_model=SearchChecked, dependencies=[needs("event:read")],
    responses=problems(UnknownIncident),
)  # fmt: skip
async def check_search(key: str, asked: SearchToCheck, gate: WithGate, caller: WithCaller) -> SearchChecked:
    """Whether a search can be read; if not, at which character it cannot, and what could stand there."""
    await gate.in_tx(caller.org_id, seen_incident, caller, key)
    at = len(asked.q) if asked.at is None else asked.at
    suggestions = [SuggestionOut.of(one) for one in suggest(asked.q, at)]
    try:
        compile_search(asked.q)
    except InvalidSearch as error:
        wrong = SearchProblem(
            detail=error.detail, position=error.at, expected=list(error.expected), pointer=error.pointer
        )  # fmt: skip
        return SearchChecked(valid=False, problem=wrong, suggestions=suggestions)
    return SearchChecked(valid=True, problem=None, suggestions=suggestions)


@router.get(
    "/{event_id}", summary="One event, whole", response_model=EventWhole, dependencies=[needs("event:read")],
    responses=problems(*_TOLD, UnknownEvent),
)  # fmt: skip
async def get_event(
    event_id: EventId, ask: Everything, time: Time = None,
    record: Annotated[bool, Query(description="Read its record again from the artifact.")] = True,
) -> EventWhole:  # fmt: skip
    """An event with all its fields, how its clock was corrected, and its record as it stands in the artifact."""
    found = await ask.answer(lambda line: line.find(event_id, time))
    whole = await read_whole(ask, found, record)
    await show_marks(ask, [whole])
    return whole


@router.get(
    "/{event_id}/around", summary="What happened around an event", response_model=AroundOut,
    dependencies=[needs("event:read")], responses=problems(*_TOLD, UnknownEvent),
)  # fmt: skip
async def events_around(
    event_id: EventId, ask: Everything, before: Near = 50, after: Near = 50,
    same_host: Annotated[bool, Query(description="On its host alone.")] = False, time: Time = None,
) -> AroundOut:  # fmt: skip
    """An event, what came before it and what after it."""
    found = await ask.answer(lambda line: line.around(event_id, before, after, same_host=same_host, time=time))
    shown = AroundOut.of(found)
    await show_marks(ask, [*shown.before, shown.event, *shown.after])
    return shown
