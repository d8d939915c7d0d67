"""Lists of incidents: filtered, sorted, in pages, one query each; and counts over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, and_, func, or_, select, tuple_

from ircopilot.domain.incident import SEVERITIES
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents

SortBy = Literal["opened", "severity", "updated", "key"]
_SORTS: dict[SortBy, tuple[Column[Any], ...]] = {
    "opened": (incidents.c.created_at, incidents.c.incident_id),
    "updated": (incidents.c.updated_at, incidents.c.incident_id),
    "severity": (incidents.c.severity, incidents.c.created_at, incidents.c.incident_id),
    "key": (incidents.c.key,),
}
AGES_DAYS = (1, 7, 30)
# Made once, being a part of every list.
_OTHER = incidents.alias("merged")
_MERGED = select(_OTHER.c.key).where(
    _OTHER.c.org_id == incidents.c.org_id, _OTHER.c.incident_id == incidents.c.merged_into
)


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
class TimeTo:
    """How long something took over a number of incidents, in seconds."""

    incidents: int
    mean_s: float | None
    median_s: float | None


def list_cases(
    tx: Tx, viewer: Viewer, which: CaseFilter, sort: SortBy, descending: bool, after: tuple[Any, ...] | None, limit: int
) -> list[dict[str, Any]]:
    """Up to `limit` rows that follow the one whose sort values are `after`; `merged_key` is the key of `merged_into`."""
    merged = _MERGED.where(in_sight(viewer, _OTHER)).scalar_subquery()
    columns = _SORTS[sort]
    query = select(incidents, merged.label("merged_key")).where(in_sight(viewer), *_conditions(which))
    if after is not None:
        here, there = tuple_(*columns), tuple_(*after, types=[c.type for c in columns])
        query = query.where(here < there if descending else here > there)
    order = [column.desc() if descending else column.asc() for column in columns]
    return [dict(row) for row in tx.connection.execute(query.order_by(*order).limit(limit)).mappings()]


def sort_values(row: dict[str, Any], sort: SortBy) -> tuple[Any, ...]:
    """The sort values of a row, as a cursor can hold them."""
    return tuple(_plain(row[column.name]) for column in _SORTS[sort])


def sort_types(sort: SortBy) -> tuple[type, ...]:
    """The types that `sort_values` has."""
    return tuple(int if column is incidents.c.severity else str for column in _SORTS[sort])


def read_sort_values(values: tuple[Any, ...], sort: SortBy) -> tuple[Any, ...]:
    """The reverse of `sort_values`. Raises `ValueError`."""
    timed = (incidents.c.created_at, incidents.c.updated_at)
    return tuple(
        datetime.fromisoformat(value) if column in timed else value
        for column, value in zip(_SORTS[sort], values, strict=True)
    )


def count_open(tx: Tx, viewer: Viewer, now: datetime) -> list[tuple[str, str, int, int]]:
    """(severity, status, age class, count) of open incidents; class n is younger than `AGES_DAYS[n]` days."""
    days = func.extract("epoch", now - incidents.c.created_at) / 86400
    age = func.width_bucket(days, list(AGES_DAYS)).label("age")
    columns = (incidents.c.severity, incidents.c.status, age)
    query = select(*columns, func.count()).where(incidents.c.status != "closed", in_sight(viewer)).group_by(*columns)
    return [(SEVERITIES[s - 1], status, int(a), n) for s, status, a, n in tx.connection.execute(query)]


def count_times(
    tx: Tx, viewer: Viewer, since: datetime, until: datetime
) -> tuple[dict[str, TimeTo], int, int]:  # fmt: skip
    """How long it took to detect, contain and recover, of what was detected, contained, recovered in the window; and
    how many incidents were opened and closed in it. Time to detect counts from `occurred_at`, the others from
    `detected_at`.
    """
    here = incidents.c
    columns: list[ColumnElement[Any]] = []
    spans = {
        "detect": (here.occurred_at, here.detected_at),
        "contain": (here.detected_at, here.contained_at),
        "recover": (here.detected_at, here.recovered_at),
    }
    for begin, end in spans.values():
        took = func.extract("epoch", end - begin)
        counted = and_(begin.is_not(None), end >= since, end < until)
        median = func.percentile_cont(0.5).within_group(took.asc())
        columns += [func.count().filter(counted), func.avg(took).filter(counted), median.filter(counted)]
    for at in (here.created_at, here.closed_at):
        columns.append(func.count().filter(and_(at >= since, at < until)))
    row = tx.connection.execute(select(*columns).where(in_sight(viewer))).one()
    times = {name: TimeTo(row[3 * n], _float(row[3 * n + 1]), _float(row[3 * n + 2])) for n, name in enumerate(spans)}
    return times, row[9], row[10]


def _conditions(which: CaseFilter) -> list[ColumnElement[bool]]:
    here, found = incidents.c, list[ColumnElement[bool]]()
    if which.statuses:
        found.append(here.status.in_(which.statuses))
    if which.severities:
        found.append(here.severity.in_([SEVERITIES.index(s) + 1 for s in which.severities]))
    if which.lead is not None:
        found.append(here.lead == which.lead)
    if which.tags:
        found.append(here.tags.contains(list(which.tags)))
    if which.text:
        found.append(or_(*(c.icontains(which.text, autoescape=True) for c in (here.title, here.key))))
    if which.open_only:
        found.append(here.status != "closed")
    for column, (since, until) in ((here.created_at, which.opened), (here.detected_at, which.detected)):
        if since is not None:
            found.append(column >= since)
        if until is not None:
            found.append(column < until)
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
