"""Routes of incidents: open, list, look at, change, count."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentExists, IncidentMerged, TimesOutOfOrder, UnknownMember, WrongState
from ircopilot.cases.fields import change_fields, open_case
from ircopilot.cases.find import merged_key, seen_incident, viewer_of
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.incident import Case, Severity, Status
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.incidents.shapes import (
    IncidentChange,
    IncidentMetrics,
    IncidentOut,
    Incidents,
    IncidentWhole,
    NewIncident,
    OpenCount,
    TimeToOut,
)
from ircopilot.gateway.live import change
from ircopilot.gateway.moments import Moment
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.gateway.shapes import DepositOut
from ircopilot.stores.postgres import Tx, case_counts, case_list
from ircopilot.stores.postgres.case_counts import AGES_DAYS
from ircopilot.stores.postgres.case_list import CaseFilter, SortBy
from ircopilot.stores.postgres.deposits import Deposit, list_deposits
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.merging import merged_from

router = APIRouter(prefix="/v1/incidents", tags=["incidents"])
metrics_router = APIRouter(prefix="/v1/metrics", tags=["incidents"])
Sort = Literal["opened", "-opened", "severity", "-severity", "updated", "-updated", "key", "-key"]
_SORTS: dict[str, SortBy] = {"opened": "opened", "severity": "severity", "updated": "updated", "key": "key"}
_WINDOW = timedelta(days=90)
_OURS = Annotated[str, StringConstraints(max_length=320)]


@router.post(
    "",
    summary="Open an incident",
    status_code=201,
    response_model=IncidentOut,
    dependencies=[needs("incident:write")],
    responses=problems(IncidentExists, UnknownMember, TimesOutOfOrder)
    | {200: {"model": IncidentOut, "description": "It was opened before."}},
)
async def open_incident(asked: NewIncident, gate: WithGate, caller: WithCaller, response: Response) -> IncidentOut:
    """Open an incident. The same key and title again is the same incident, as it is (200)."""
    key = asked.key or f"INC-{secrets.token_hex(5)}"
    fields = asked.model_dump(exclude={"key", "title"}, exclude_unset=True)
    case, new = await change(gate, caller, open_case, caller, key, asked.title, fields)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/incidents/{key}"
    show_tag(response, case.version)
    return IncidentOut.of(case)


@router.get(
    "",
    summary="List incidents",
    response_model=Incidents,
    dependencies=[needs("incident:read")],
    responses=problems(InvalidCursor),
)
async def list_incidents(
    gate: WithGate, caller: WithCaller, status: Annotated[tuple[Status, ...], Query()] = (),
    severity: Annotated[tuple[Severity, ...], Query()] = (),
    lead: Annotated[_OURS | None, Query(description="The lead's id.")] = None,
    tag: Annotated[tuple[_OURS, ...], Query(max_length=20, description="All of them.")] = (),
    text: Annotated[_OURS, Query(description="Within the title or the key.")] = "",
    opened_since: Moment | None = None, opened_until: Moment | None = None,
    detected_since: Moment | None = None, detected_until: Moment | None = None,
    open: bool = False,  # noqa: A002 the parameter is called that
    sort: Annotated[Sort, Query(description="A minus turns it round.")] = "-opened",
    cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:  # fmt: skip
    """The incidents that the caller may know of, filtered and sorted. `…_until` is left out of a range."""
    by, descending = _SORTS[sort.lstrip("-")], sort.startswith("-")
    which = CaseFilter(
        status, severity, lead, tag, text.replace("\0", ""), (opened_since, opened_until),
        (detected_since, detected_until), open,
    )  # fmt: skip
    after = None if cursor is None else _read_cursor(cursor, sort)
    reader, viewer = gate.reader_of(caller.org_id), viewer_of(caller)
    found = await case_list.list_cases(reader, caller.org_id, viewer, which, by, descending, after, limit + 1)
    next_ = cursor_of(sort, *case_list.sort_values(found[limit - 1], by)) if len(found) > limit else None
    # Sent as Postgres wrote it: to check what was checked when it went in would cost more than all the rest.
    items = b",".join(line.json for line in found[:limit])
    body = b'{"items":[%b],"next":%b}' % (items, orjson.dumps(next_))
    return Response(body, media_type="application/json")


@router.get(
    "/{key}",
    summary="Look at an incident",
    response_model=IncidentWhole,
    dependencies=[needs("incident:read")],
    responses=problems(UnknownIncident),
)
async def get_incident(key: str, gate: WithGate, caller: WithCaller, response: Response) -> IncidentWhole:
    """One incident, with what was handed in to it. One that was merged says so in `merged_into`, and links to it."""
    case, into, came, deposits = await gate.in_tx(caller.org_id, _whole, caller, key)
    show_tag(response, case.version)
    if into is not None:
        response.headers["Link"] = f'</v1/incidents/{into}>; rel="canonical"'
    told = IncidentOut.of(case, into).model_dump()
    return IncidentWhole(**told, merged_from=came, evidence=[DepositOut.of(d) for d in deposits])


@router.patch(
    "/{key}",
    summary="Change an incident",
    response_model=IncidentOut,
    dependencies=[needs("incident:write")],
    responses=problems(
        UnknownIncident,
        IncidentMerged,
        PreconditionRequired,
        PreconditionFailed,
        UnknownMember,
        TimesOutOfOrder,
        WrongState,
    ),
)
async def change_incident(
    key: str, asked: IncidentChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> IncidentOut:
    """Change fields of the version whose `ETag` is sent in `If-Match`."""
    case = await change(gate, caller, change_fields, caller, key, seen, asked.given())
    show_tag(response, case.version)
    return IncidentOut.of(case)


@metrics_router.get(
    "/incidents",
    summary="Count incidents, and how long they took",
    response_model=IncidentMetrics,
    dependencies=[needs("incident:read")],
    responses=problems(),
)
async def count_incidents(
    gate: WithGate, caller: WithCaller, since: Moment | None = None, until: Moment | None = None
) -> IncidentMetrics:
    """Figures for a dashboard, over the incidents that the caller may know of. The window is the last 90 days unless told."""
    until = until or datetime.now(UTC)
    since = since or until - _WINDOW
    if since >= until:
        raise UnusableArgument("since is not before until", "swap them")
    return await gate.in_tx(caller.org_id, _metrics, caller, since, until)


def _whole(tx: Tx, caller: Caller, key: str) -> tuple[Case, str | None, list[str], list[Deposit]]:
    case = seen_incident(tx, caller, key)
    came = merged_from(tx, case.incident_id, viewer_of(caller))
    return case, merged_key(tx, caller, case), came, list_deposits(tx, case.incident_id)


def _metrics(tx: Tx, caller: Caller, since: datetime, until: datetime) -> IncidentMetrics:
    viewer = viewer_of(caller)
    ages = (*AGES_DAYS, None)
    counted = case_counts.count_open(tx, viewer, datetime.now(UTC))
    times, opened, closed = case_counts.count_times(tx, viewer, since, until)
    took = {
        f"time_to_{name}": TimeToOut(incidents=t.incidents, mean_s=t.mean_s, median_s=t.median_s)
        for name, t in times.items()
    }
    open_ = [
        OpenCount.model_validate({"severity": s, "status": st, "younger_than_days": ages[age], "incidents": n})
        for s, st, age, n in sorted(counted)
    ]
    return IncidentMetrics.model_validate(
        {"since": since, "until": until, "open": open_, "opened": opened, "closed": closed} | took
    )


def _read_cursor(cursor: str, sort: Sort) -> tuple[object, ...]:
    """Where a page begins. Raises `InvalidCursor`, also for a cursor of another order."""
    by = _SORTS[sort.lstrip("-")]
    said, *values = read_cursor(cursor, str, *case_list.sort_types(by))
    try:
        if said != sort:
            raise ValueError
        return case_list.read_sort_values(tuple(values), by)
    except ValueError:
        raise InvalidCursor("that cursor is of another order", "begin again without one") from None
