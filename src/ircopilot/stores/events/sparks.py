"""Small curves: how many events each load has over one stretch of time, out of the roll-ups alone."""
# ruff: noqa: S608 - composed of fixed text and whole numbers; all else are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ircopilot.stores.events.asking import SECOND, Asking, micros, moment
from ircopilot.stores.events.counting import STEPS
from ircopilot.stores.events.rollups import EPOCH, ROLLUPS, bucket_sql


@dataclass(frozen=True, slots=True)
class Sparks:
    """Counts per `step` seconds from `start` on, by load; loads without events are missing."""

    start: datetime
    step: int
    by_load: dict[str, list[int]]


def spark_loads(asking: Asking, first: datetime, last: datetime, most: int = 60) -> Sparks:
    """The curves of the scope's loads from `first` to `last`, in at most `most` buckets."""
    low, high = micros(first) // SECOND, micros(last) // SECOND + 1
    step = next((step for step in STEPS if high - low <= step * (most - 1)), STEPS[-1])
    rollup = next(rollup for rollup in reversed(ROLLUPS) if step % rollup.seconds == 0)
    start = (low + EPOCH) // step * step - EPOCH
    number = min(-(-(high - start) // step), most)
    sql = (
        f"SELECT toString(load_id) AS load, {bucket_sql('at', step)} AS bucket, sum(events) AS n "
        f"FROM {asking.rolled(rollup)} AND at >= {start} AND at < {start + number * step} GROUP BY load_id, bucket"
    )
    found: dict[str, list[int]] = {}
    for row in asking.rows(sql) if asking.scope.load_ids else ():
        counts = found.setdefault(row["load"], [0] * number)
        counts[(int(row["bucket"]) - start) // step] += int(row["n"])
    return Sparks(moment(start * SECOND), step, found)


def summed(sparks: Sparks, load_ids: Iterable[str]) -> list[int]:
    """The curve of several loads together; empty when none has events."""
    curves = [sparks.by_load[load] for load in load_ids if load in sparks.by_load]
    return [sum(column) for column in zip(*curves, strict=True)]
