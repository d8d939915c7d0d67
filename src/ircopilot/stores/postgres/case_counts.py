"""Counts over all incidents that the viewer may know of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from ircopilot.domain.incident import SEVERITIES
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents

AGES_DAYS = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class TimeTo:
    """How long something took over a number of incidents, in seconds."""

    incidents: int
    mean_s: float | None
    median_s: float | None


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


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
