"""Lists of incidents: filtered, sorted, in pages, each in one query of one round trip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, cast

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    SmallInteger,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from ircopilot.domain.incident import SEVERITIES
from ircopilot.stores.postgres.cases import EVERYTHING, Viewer, in_sight
from ircopilot.stores.postgres.numbered import Numbered, numbered
from ircopilot.stores.postgres.reader import Reader, Value
from ircopilot.stores.postgres.tables import incidents

SortBy = Literal["opened", "severity", "updated", "key"]
_SORTS: dict[SortBy, tuple[Column[Any], ...]] = {
    "opened": (incidents.c.created_at, incidents.c.incident_id),
    "updated": (incidents.c.updated_at, incidents.c.incident_id),
    "severity": (incidents.c.severity, incidents.c.created_at, incidents.c.incident_id),
    "key": (incidents.c.key,),
}
_OTHER = incidents.alias("merged")
_MERGED = select(_OTHER.c.key).where(
    _OTHER.c.org_id == incidents.c.org_id, _OTHER.c.incident_id == incidents.c.merged_into
)
_RENAMED = {"incident_id": "id", "created_at": "opened_at"}
_TIMED = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which incidents. `tags`: all of them. `text`: within title or key. Ranges are half-open; None is open."""

    statuses: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    lead: str | None = None
    tags: tuple[str, ...] = ()
    text: str = ""
    opened: tuple[datetime | None, datetime | None] = (None, None)
    detected: tuple[datetime | None, datetime | None] = (None, None)
    open_only: bool = False


@dataclass(frozen=True, slots=True)
class CaseLine:
    """An incident of a list, as JSON, and its sort values as Postgres tells them."""

    json: bytes
    sorted_by: tuple[bytes, ...]


async def list_cases(
    reader: Reader, org_id: str, viewer: Viewer, which: CaseFilter, sort: SortBy, descending: bool,
    after: tuple[Any, ...] | None, limit: int,
) -> list[CaseLine]:  # fmt: skip
    """Up to `limit` incidents that follow the one whose sort values are `after`. The JSON has the columns of `incidents`,
    severity by its name, `incident_id` as `id`, `created_at` as `opened_at`, and the key of `merged_into`.
    """
    values = dict(_values(which))
    if not viewer.sees_all:
        values["viewer"] = viewer.principal
    values |= {f"after{place}": value for place, value in enumerate(after or ())}
    asked = _statement(tuple(sorted(values)), which.open_only, sort, descending, limit)
    rows = await reader.rows(org_id, asked.text, [values[name] for name in asked.names])
    return [CaseLine(row[0], row[1:]) for row in cast(list[tuple[bytes, ...]], rows)]


def sort_values(line: CaseLine, sort: SortBy) -> tuple[Any, ...]:
    """The sort values of an incident, as a cursor can hold them."""
    told = zip(_SORTS[sort], (value.decode() for value in line.sorted_by), strict=True)
    return tuple(
        int(value) if column.name == "severity"
        else datetime.fromisoformat(value).isoformat() if column.name in _TIMED
        else value
        for column, value in told
    )  # fmt: skip


def sort_types(sort: SortBy) -> tuple[type, ...]:
    """The types that `sort_values` has."""
    return tuple(int if column is incidents.c.severity else str for column in _SORTS[sort])


def read_sort_values(values: tuple[Any, ...], sort: SortBy) -> tuple[Any, ...]:
    """The reverse of `sort_values`. Raises `ValueError`."""
    return tuple(
        datetime.fromisoformat(value) if column.name in _TIMED else value
        for column, value in zip(_SORTS[sort], values, strict=True)
    )


def _values(which: CaseFilter) -> Iterator[tuple[str, Value]]:
    """What is filtered by, under the names that `_conditions` knows."""
    if which.statuses:
        yield "statuses", which.statuses
    if which.severities:
        yield "severities", [SEVERITIES.index(s) + 1 for s in which.severities]
    if which.lead is not None:
        yield "lead", which.lead
    if which.tags:
        yield "tags", which.tags
    if which.text:
        yield "text", "%" + "".join(f"/{c}" if c in "/%_" else c for c in which.text) + "%"
    for name, (since, until) in (("opened", which.opened), ("detected", which.detected)):
        if since is not None:
            yield f"{name}_since", since
        if until is not None:
            yield f"{name}_until", until


@lru_cache(1_000)
def _statement(given: tuple[str, ...], open_only: bool, sort: SortBy, descending: bool, limit: int) -> Numbered:
    """The statement for values of these names. To make one takes longer than to run it, so they are kept."""
    viewer = Viewer(cast(str, bindparam("viewer", type_=Text)), sees_all=False) if "viewer" in given else EVERYTHING
    columns = _SORTS[sort]
    item = _item(viewer)
    query = select(func.row_to_json(item.table_valued()), *columns).select_from(incidents.join(item, true()))
    query = query.where(in_sight(viewer), *_conditions(given))
    if open_only:
        query = query.where(incidents.c.status != literal_column("'closed'"))
    if "after0" in given:
        here = tuple_(*columns)
        there = tuple_(*(bindparam(f"after{place}", type_=c.type) for place, c in enumerate(columns)))
        query = query.where(here < there if descending else here > there)
    order = [column.desc() if descending else column.asc() for column in columns]
    # A number, no parameter: how a list is read best depends on how long it is.
    return numbered(query.order_by(*order).limit(literal_column(str(int(limit)))))


def _item(viewer: Viewer) -> Any:
    """What the JSON of an incident holds."""
    left_out = ("org_id", "severity", "merged_into")
    members = [c.label(_RENAMED.get(c.name, c.name)) for c in incidents.c if c.name not in left_out]
    names = ", ".join(f"'{name}'" for name in SEVERITIES)
    severity: ColumnElement[str] = literal_column(f"(ARRAY[{names}])[incidents.severity]").label("severity")
    merged = _MERGED.where(in_sight(viewer, _OTHER)).correlate(incidents).scalar_subquery().label("merged_into")
    return select(*members, severity, merged).correlate(incidents).lateral("item")


def _conditions(given: tuple[str, ...]) -> Iterator[ColumnElement[bool]]:
    here = incidents.c
    texts, numbers, time = ARRAY(Text), ARRAY(SmallInteger), DateTime(timezone=True)
    found: dict[str, ColumnElement[bool]] = {
        "statuses": here.status == any_(bindparam("statuses", type_=texts)),
        "severities": here.severity == any_(bindparam("severities", type_=numbers)),
        "lead": here.lead == bindparam("lead", type_=Text),
        "tags": here.tags.contains(bindparam("tags", type_=texts)),
        "text": or_(
            *(func.lower(c).like(func.lower(bindparam("text", type_=Text)), escape="/") for c in (here.title, here.key))
        ),
    }
    for name, column in (("opened", here.created_at), ("detected", here.detected_at)):
        found[f"{name}_since"] = column >= bindparam(f"{name}_since", type_=time)
        found[f"{name}_until"] = column < bindparam(f"{name}_until", type_=time)
    return (condition for name, condition in found.items() if name in given)
