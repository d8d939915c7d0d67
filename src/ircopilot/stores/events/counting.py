"""Counting events: histograms by time, and values of a field."""
# ruff: noqa: S608 - composed of fixed text, whole numbers and column names from a list; all else are parameters

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.events.answers import Bucket, Histogram, ValueCounts
from ircopilot.stores.events.asking import SECOND, Asking, Rows, at_micros, moment
from ircopilot.stores.events.condition import Condition
from ircopilot.stores.events.known_loads import Counts
from ircopilot.stores.events.paging import ORIGINAL
from ircopilot.stores.events.rollups import DIMENSIONS, ROLLUPS, SECOND_SQL, Piece, Rollup, bucket_sql, pieces_of
from ircopilot.stores.events.scanning import Stretch, count_stretches
from ircopilot.stores.events.schema import COLUMN_TYPES

MOST_BUCKETS = 5_000
WANTED_BUCKETS = 200
NAMED_VALUES = 20
_MANY_VALUES = "host_name"  # so many that the event store ranks them rather than tell them all
DAY = 86_400
STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
    DAY, 7 * DAY, 28 * DAY, 364 * DAY,
)  # fmt: skip


def rolls_up(where: Condition, *columns: str) -> bool:
    """Whether the roll-ups know every column that is asked for."""
    return {*where.columns, *columns} <= set(DIMENSIONS)


def count_by_time(
    asking: Asking, resolution: int | None, by: str | None, where: Condition, wanted: int = WANTED_BUCKETS
) -> Generator[Histogram]:
    """A histogram, the last one whole. What roll-ups do not know is counted bit by bit, and told so far.

    Raises UnusableArgument for a resolution that gives too many buckets, or another dimension.
    """
    if by is not None and by not in DIMENSIONS:
        raise UnusableArgument(f"a histogram is not made by {by[:40]}", f"name one of {', '.join(DIMENSIONS)}")
    if asking.window is None:
        yield Histogram(resolution or STEPS[0], asking.scope.since, asking.scope.until, (), 0)
        return
    low, high = asking.window
    step = _resolution(resolution, -(-(high - low) // SECOND), wanted)
    rolled = rolls_up(where, *filter(None, [by]))
    if not rolled and by != _MANY_VALUES:
        yield from _counted_so_far(asking, (low, high), step, by, where)
        return
    pieces = _pieces(asking, low, high, step, by, where) if rolled else []
    loads = asking.uncovered if pieces else asking.scope.load_ids
    if loads:
        pieces.append(_piece(asking, [Piece(None, low, high)], loads, step, by, where))
    counted = pieces[0] if len(pieces) == 1 else _summed(pieces, "bucket, value" if by else "bucket")
    rows = asking.rows(_ranked(counted) if by else f"{counted} ORDER BY bucket", where.params)
    yield _histogram(rows, step, low, high, by)


def _counted_so_far(
    asking: Asking, window: Stretch, step: int, by: str | None, where: Condition
) -> Generator[Histogram]:  # fmt: skip
    def count(stretch: Stretch, loads: tuple[str, ...], many: bool) -> Counts:
        test = where.for_many_matches() if many else where
        found = asking.rows(_piece(asking, [Piece(None, *stretch)], loads, step, by, test), where.params)
        return Counter({(row["bucket"], row.get("value", "")): int(row["n"]) for row in found})

    asked = (step, by, where.sql, tuple(sorted((name, str(value)) for name, value in where.params.items())))
    with closing(count_stretches(asking, asked, window, count)) as counted:
        for so_far in counted:
            found = _histogram(_placed(so_far.counts), step, *window, by)
            whole = so_far.since is None
            yield found if whole else replace(found, whole=False, counted_from=moment(so_far.since or 0))


def _placed(counts: Counts) -> Rows:
    """Rows as `_ranked` makes them."""
    of_value: Counter[str] = Counter()
    for (_, value), number in counts.items():
        of_value[value] += number
    order = sorted(of_value, key=lambda value: (-of_value[value], value))
    place = {value: at for at, value in enumerate(order, 1)}
    return [{"bucket": b, "value": v, "n": number, "place": place[v]} for (b, v), number in counts.items()]


def _summed(pieces: list[str], keys: str) -> str:
    return f"SELECT {keys}, sum(n) AS n FROM ({' UNION ALL '.join(pieces)}) GROUP BY {keys}"


def _ranked(counted: str) -> str:
    """The same with each value's place among the most frequent; those behind the last place are taken together."""
    placed = (
        "SELECT bucket, value, n, dense_rank() OVER (ORDER BY of_value DESC, value) AS rank "
        f"FROM (SELECT bucket, value, n, sum(n) OVER (PARTITION BY value) AS of_value FROM ({counted}))"
    )
    return (
        f"SELECT bucket, least(rank, {NAMED_VALUES + 1}) AS place, any(value) AS value, sum(n) AS n "
        f"FROM ({placed}) GROUP BY bucket, place ORDER BY bucket, place"
    )


def _resolution(asked: int | None, seconds: int, wanted: int) -> int:
    if asked is None:
        return next((step for step in STEPS if seconds <= step * wanted), STEPS[-1])
    if asked < 1 or seconds > asked * MOST_BUCKETS:
        least = max(1, -(-seconds // MOST_BUCKETS))
        raise UnusableArgument(
            f"a resolution of {asked} s gives no histogram of {seconds} s",
            f"ask for {least} s or more, or a shorter time",
        )
    return asked


def _pieces(asking: Asking, low: int, high: int, step: int, by: str | None, where: Condition) -> list[str]:
    absent = set(asking.uncovered)
    loads = tuple(load for load in asking.scope.load_ids if load not in absent)
    tables: dict[Rollup | None, list[Piece]] = defaultdict(list)
    for piece in pieces_of(low, high, step):
        tables[piece.rollup].append(piece)
    return [_piece(asking, pieces, loads, step, by, where) for pieces in tables.values()]


def _piece(
    asking: Asking, pieces: list[Piece], loads: tuple[str, ...], step: int, by: str | None, where: Condition
) -> str:  # fmt: skip
    """Counts of stretches that one table answers, by bucket and value: asking it once costs less than once for each."""
    rollup = pieces[0].rollup
    scope = asking.whole_scope(loads)
    # One whole number to group by is several times faster than it and a text, even an empty one.
    value, keys = (f"{by} AS value, ", "bucket, value") if by else ("", "bucket")
    if rollup:
        source = f"{rollup.table} WHERE {scope.loads_test()}"
        at, number = "at", "sum(events)"
        during = [f"(at >= {piece.low // SECOND} AND at < {piece.high // SECOND})" for piece in pieces]
    else:
        source, at, number = scope.sub_select("{events} WHERE 1"), SECOND_SQL, "count()"
        during = [f"(time >= {at_micros(piece.low)} AND time < {at_micros(piece.high)})" for piece in pieces]
    return (
        f"SELECT {bucket_sql(at, step)} AS bucket, {value}{number} AS n FROM {source} "
        f"AND ({' OR '.join(during)}) AND {where.sql} GROUP BY {keys}"
    )


def _histogram(rows: Rows, step: int, low: int, high: int, by: str | None) -> Histogram:
    named: dict[int, dict[str, int]] = defaultdict(dict)
    others: Counter[int] = Counter()
    total: Counter[str] = Counter()
    for row in rows:
        if row.get("place", 0) > NAMED_VALUES:
            others[row["bucket"]] += int(row["n"])
        else:
            value = row.get("value", "")
            named[row["bucket"]][value] = row["n"]
            total[value] += row["n"]
    starts = sorted({*named, *others})
    buckets = tuple(
        Bucket(
            moment(start * SECOND),
            sum(named[start].values()) + others[start],
            named[start] if by else {},
            others[start],
        )
        for start in starts
    )
    values = tuple(sorted(total, key=lambda v: (-total[v], v))) if by else ()
    events = sum(bucket.events for bucket in buckets)
    return Histogram(step, moment(low), moment(high), buckets, events, values)


def count_values(asking: Asking, field: str, where: Condition, limit: int) -> ValueCounts:
    """The values of a column, or of an original field named `fields.NAME`. Raises UnusableArgument for no such column."""
    params = dict(where.params)
    if field.startswith(ORIGINAL):
        column, params["counted"] = "fields[{counted:String}]", field[len(ORIGINAL) :]
    elif field in COLUMN_TYPES and field not in ("fields", "org_id", "load_id"):
        column = f"toString({field})"
    else:
        raise UnusableArgument(f"there is no field {field[:60]}", "name a column of events, or fields.NAME")
    source, number = "{events} WHERE", "count()"
    windowed = asking.scope.since or asking.scope.until
    if not windowed and rolls_up(where, field) and not asking.uncovered:
        source, number = f"{asking.rolled(ROLLUPS[-1])} AND", "sum(events)"
    sql = (
        f"SELECT {column} AS value, {number} AS n, count() OVER () AS kinds, sum(n) OVER () AS total "
        f"FROM {source} {where.sql} GROUP BY value ORDER BY n DESC, value LIMIT {int(limit)}"
    )
    rows = asking.rows(sql, params)
    values = tuple((row["value"], int(row["n"])) for row in rows)
    return ValueCounts(values, int(rows[0]["kinds"]) if rows else 0, int(rows[0]["total"]) if rows else 0)
