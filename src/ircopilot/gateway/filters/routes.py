"""Routes of saved filters: save, list, change, forget."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from ircopilot.analysis.search import compile_search
from ircopilot.analysis.search.problem import InvalidSearch
from ircopilot.cases import filters
from ircopilot.cases.errors import FilterExists, UnknownFilter
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.work import FilterKind, SavedFilter
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.filters.shapes import FilterChange, FilterOut, Filters, NewFilter
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.stores.postgres.filters import list_filters as rows_of

router = APIRouter(prefix="/v1/filters", tags=["filters"])
Id = Annotated[str, StringConstraints(max_length=100)]


@router.get(
    "",
    summary="List saved filters",
    response_model=Filters,
    dependencies=[needs("filter:read")],
    responses=problems(InvalidCursor),
)
async def list_filters(
    gate: WithGate, caller: WithCaller, kind: FilterKind | None = None, cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Filters:  # fmt: skip
    """One's own filters, and those that others share, by name."""
    after = None if cursor is None else read_cursor(cursor, str, str)
    found = await gate.in_tx(caller.org_id, rows_of, caller.principal_id, kind, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_ = None if last is None else cursor_of(last.name, last.filter_id)
    return Filters(items=[FilterOut.of(saved) for saved in found[:limit]], next=next_)


@router.post(
    "",
    summary="Save a filter",
    status_code=201,
    response_model=FilterOut,
    dependencies=[needs("filter:write")],
    responses=problems(FilterExists, InvalidSearch),
)
async def save_filter(asked: NewFilter, gate: WithGate, caller: WithCaller, response: Response) -> FilterOut:
    """Save a filter, for oneself or for the organisation."""
    _check(asked.kind, asked.query)
    saved = await gate.in_tx(caller.org_id, filters.save_filter, caller, asked.model_dump())
    response.headers["Location"] = f"/v1/filters/{saved.filter_id}"
    return _shown(saved, response)


@router.get(
    "/{filter_id}",
    summary="Look at a saved filter",
    response_model=FilterOut,
    dependencies=[needs("filter:read")],
    responses=problems(UnknownFilter),
)
async def get_filter(filter_id: Id, gate: WithGate, caller: WithCaller, response: Response) -> FilterOut:
    """One filter, one's own or a shared one."""
    return _shown(await gate.in_tx(caller.org_id, filters.seen_filter, caller, filter_id), response)


@router.patch(
    "/{filter_id}",
    summary="Change a saved filter",
    response_model=FilterOut,
    dependencies=[needs("filter:write")],
    responses=problems(UnknownFilter, FilterExists, InvalidSearch, PreconditionRequired, PreconditionFailed),
)
async def change_filter(
    filter_id: Id, asked: FilterChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> FilterOut:
    """Change the version of one's own filter whose `ETag` is sent in `If-Match`."""
    if asked.query is not None:
        known = await gate.in_tx(caller.org_id, filters.seen_filter, caller, filter_id)
        _check(known.kind, asked.query)
    saved = await gate.in_tx(caller.org_id, filters.change_filter, caller, filter_id, seen, asked.given())
    return _shown(saved, response)


@router.delete(
    "/{filter_id}",
    summary="Forget a saved filter",
    status_code=204,
    dependencies=[needs("filter:write")],
    responses=problems(UnknownFilter),
)
async def remove_filter(filter_id: Id, gate: WithGate, caller: WithCaller) -> Response:
    """Forget one's own filter."""
    await gate.in_tx(caller.org_id, filters.remove_filter, caller, filter_id)
    return Response(status_code=204)


def _check(kind: FilterKind, query: str) -> None:
    """What cannot be searched for is not saved. Raises `InvalidSearch`."""
    if kind == "timeline" and query:
        compile_search(query)


def _shown(saved: SavedFilter, response: Response) -> FilterOut:
    show_tag(response, saved.version)
    return FilterOut.of(saved)
