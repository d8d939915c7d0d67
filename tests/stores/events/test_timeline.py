"""The timeline against the real store: roll-ups agree with the events, pages miss and repeat nothing, limits hold."""

from __future__ import annotations

import base64
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.stores.events.invented import START, event, insert_events

from ircopilot.analysis.search import compile_search
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.events import Condition, EventScope, QueryStopped, Timeline
from ircopilot.stores.events.answers import QueryLimits
from ircopilot.stores.events.rollups import ROLLUPS, pieces_of
from ircopilot.stores.events.timeline import UnknownEvent

HOSTS = ("it01", "it02", "dc01")


def some_events(seed: int, number: int, spread: float) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        event(
            # Whole seconds among them: many events share one time.
            chance.choice((round, float))(chance.random() * spread),
            host_name=chance.choice(HOSTS),
            source=chance.choice(("windows.sysmon", "zeek.conn")),
            kind=chance.choice(("log", "log", "alert")),
            event_severity=chance.choice(("", "high")),
            user_name=chance.choice(("alice", "bob")),
            message=f"event number {n} {'needle' if n % 97 == 0 else 'hay'}",
        )
        for n in range(number)
    ]


class Known:
    """Two committed loads of one incident, and what lies beside them and must not count."""

    def __init__(self, stores: StoreSet) -> None:
        self.org = str(uuid.uuid4())
        first, second = some_events(1, 1500, 9_000), some_events(2, 1500, 90)
        self.events = first + second
        loads = (insert_events(stores, self.org, first), insert_events(stores, self.org, second))
        insert_events(stores, self.org, some_events(3, 200, 9_000))  # not committed
        insert_events(stores, str(uuid.uuid4()), some_events(4, 200, 9_000))
        self.by_load = {loads[0]: first, loads[1]: second}
        self.scope = EventScope(self.org, loads)

    def times(self) -> list[datetime]:
        return [at(e) for e in self.events]


def at(e: dict[str, Any]) -> datetime:
    return datetime.strptime(e["time"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def known(stores: StoreSet) -> Known:
    return Known(stores)


def starts(times: list[datetime], resolution: int) -> dict[datetime, int]:
    origin = datetime(1900, 1, 1, tzinfo=UTC)
    step = timedelta(seconds=resolution)
    return dict(Counter(origin + (when - origin) // step * step for when in times))


@pytest.mark.parametrize("resolution", [2, 7, 60, 90, 3600, 7200, 86_400])
def test_a_histogram_counts_every_event_of_the_committed_loads_once(
    stores: StoreSet, known: Known, resolution: int
) -> None:
    made = Timeline(stores.events, known.scope).histogram(resolution)
    assert {b.start: b.events for b in made.buckets} == starts(known.times(), resolution)
    assert made.events == 3000
    assert made.resolution == resolution


@pytest.mark.parametrize("resolution", [1, 60, 3600])
@pytest.mark.parametrize(
    ("since", "until"), [(0.25, 8_000.5), (59.999999, 3_600), (3_599, 3_601.000001), (10, 10.5), (7_200, 7_200)]
)
def test_a_window_cuts_in_the_middle_of_buckets(
    stores: StoreSet, known: Known, resolution: int, since: float, until: float
) -> None:
    a, b = START + timedelta(seconds=since), START + timedelta(seconds=until)
    made = Timeline(stores.events, replace(known.scope, since=a, until=b)).histogram(
        None if resolution == 1 else resolution
    )
    inside = [when for when in known.times() if a <= when < b]
    assert {x.start: x.events for x in made.buckets} == starts(inside, made.resolution)


@pytest.mark.parametrize("by", ["source", "kind", "host_name", "event_severity"])
@pytest.mark.parametrize("search", ["", "host:it01 kind:log", "user:alice", "needle"])
def test_a_histogram_by_a_dimension_and_a_search(stores: StoreSet, known: Known, by: str, search: str) -> None:
    meets = {
        "": lambda e: True,
        "host:it01 kind:log": lambda e: e["host_name"] == "it01" and e["kind"] == "log",
        "user:alice": lambda e: e["user_name"] == "alice",
        "needle": lambda e: "needle" in e["message"],
    }[search]
    made = Timeline(stores.events, known.scope).histogram(600, by, compile_search(search))
    expected = Counter((start, e[by]) for e in known.events if meets(e) for start in starts([at(e)], 600))
    assert Counter({(b.start, v): n for b in made.buckets for v, n in b.by_value.items()}) == expected
    assert set(made.values) == {value for _, value in expected}
    assert all(b.others == 0 and b.events == sum(b.by_value.values()) for b in made.buckets)


def test_values_beyond_the_most_frequent_are_others(stores: StoreSet) -> None:
    org = str(uuid.uuid4())
    events = [event(n, host_name=f"h{host:02}") for host in range(30) for n in range(host + 1)]
    made = Timeline(stores.events, EventScope(org, (insert_events(stores, org, events),))).histogram(60, "host_name")
    assert list(made.values) == [f"h{host:02}" for host in range(29, 9, -1)]
    assert [b.others for b in made.buckets] == [sum(range(1, 11))]
    assert made.events == len(events)


def test_auto_resolution_gives_a_readable_number_of_buckets(stores: StoreSet, known: Known) -> None:
    assert Timeline(stores.events, known.scope).histogram().resolution == 60
    with pytest.raises(UnusableArgument, match="a resolution of 1 s gives no histogram of") as caught:
        Timeline(stores.events, known.scope).histogram(1)
    assert caught.value.next_step == "ask for 2 s or more, or a shorter time"
    with pytest.raises(UnusableArgument):
        Timeline(stores.events, known.scope).histogram(0)
    with pytest.raises(UnusableArgument, match="is not made by"):
        Timeline(stores.events, known.scope).histogram(60, "message")


def test_nothing_in_scope_is_an_empty_answer(stores: StoreSet, org: str) -> None:
    for scope in (EventScope(str(uuid.uuid4()), ()), EventScope(str(uuid.uuid4()), (str(uuid.uuid4()),))):
        timeline = Timeline(stores.events, scope)
        assert timeline.histogram().buckets == ()
        assert timeline.page().events == ()
        assert timeline.value_counts("host_name").values == ()


def test_times_before_1970_and_far_ahead_have_their_buckets(stores: StoreSet) -> None:
    org = str(uuid.uuid4())
    times = ["1969-12-31 23:59:59.500000", "1900-01-01 00:00:00.000000", "2250-01-01 00:00:00.000000"]
    load = insert_events(stores, org, [event(0) | {"time": t} for t in times])
    timeline = Timeline(stores.events, EventScope(org, (load,)))
    assert timeline.histogram().events == 3
    assert [e.time.year for e in timeline.page().events] == [1900, 1969, 2250]
    narrow = EventScope(org, (load,), datetime(1969, 12, 31, 23, 30, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
    (bucket,) = Timeline(stores.events, narrow).histogram(1).buckets
    assert bucket.start == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_repeated_insert_counts_once_and_a_dropped_load_not_at_all(stores: StoreSet) -> None:
    org, load = str(uuid.uuid4()), str(uuid.uuid4())
    for token in ("a", "a", "b"):
        insert_events(stores, org, some_events(5, 100, 50), load, token)
    scope = EventScope(org, (load,))
    assert Timeline(stores.events, scope).histogram(60).events == 200
    stores.events.drop_load(org, load)
    assert Timeline(stores.events, scope).histogram(60).events == 0
    for rollup in ROLLUPS:
        left = stores.events.query_table(
            f"SELECT count() AS n FROM {rollup.table} WHERE load_id = toUUID({{load:String}})", {"load": load}
        )
        assert left.to_pylist() == [{"n": 0}]


def test_a_load_that_has_no_roll_ups_is_counted_from_its_events(stores: StoreSet, known: Known) -> None:
    old = insert_events(stores, known.org, some_events(6, 300, 4_000))
    for rollup in ROLLUPS:
        stores.events.execute(
            f"DELETE FROM {rollup.table} WHERE load_id = toUUID({{load:String}})", {"load": old},
            {"lightweight_deletes_sync": "2"},
        )  # fmt: skip
    timeline = Timeline(stores.events, replace(known.scope, load_ids=(*known.scope.load_ids, old)))
    assert timeline.histogram(60, "host_name").events == 3300
    assert timeline.value_counts("host_name").events == 3300
    assert len(timeline.page(limit=1000).events) == 1000


def walked(timeline: Timeline, where: Condition, direction: Any, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = timeline.page(where, cursor, direction, limit)
        assert list(page.events) == sorted(page.events, key=lambda e: (e.time, e.event_id))
        ids = [e.event_id for e in page.events]
        found = found + ids if direction == "later" else ids + found
        cursor = page.later if direction == "later" else page.earlier
        if cursor is None:
            return found


@pytest.mark.parametrize("direction", ["later", "earlier"])
@pytest.mark.parametrize(
    ("search", "limit", "number"),
    [("", 700, 3000), ("host:it01", 300, None), ("needle", 7, 32), ("user:alice kind:alert", 250, None)],
)
def test_pages_show_each_event_once_in_order(
    stores: StoreSet, known: Known, direction: str, search: str, limit: int, number: int | None
) -> None:
    where = compile_search(search)
    table = stores.events.run_event_query(
        known.scope, f"SELECT event_id FROM {{events}} WHERE {where.sql} ORDER BY time, event_id", where.params
    )
    every = [str(i) for i in table.column("event_id").to_pylist()]
    assert walked(Timeline(stores.events, known.scope), where, direction, limit) == every
    assert number is None or len(every) == number


def test_small_pages_across_many_events_of_one_time(stores: StoreSet) -> None:
    org = str(uuid.uuid4())
    load = insert_events(stores, org, [event(5) for _ in range(25)] + [event(6), event(7_000)])
    timeline = Timeline(stores.events, EventScope(org, (load,)))
    later, earlier = (
        walked(timeline, compile_search(""), "later", 4),
        walked(timeline, compile_search(""), "earlier", 4),
    )
    assert len(set(later)) == 27
    assert later == earlier


def test_a_page_leads_back_to_the_one_before_it(stores: StoreSet, known: Known) -> None:
    timeline = Timeline(stores.events, known.scope)
    first = timeline.page(limit=10)
    second = timeline.page(cursor=first.later, limit=10)
    assert first.earlier is None
    assert timeline.page(cursor=second.earlier, direction="earlier", limit=10).events == first.events
    last = timeline.page(direction="earlier", limit=10)
    assert last.later is None


def test_a_page_holds_to_its_window(stores: StoreSet, known: Known) -> None:
    scope = replace(known.scope, since=START + timedelta(seconds=100.5), until=START + timedelta(seconds=200))
    ids = walked(Timeline(stores.events, scope), compile_search(""), "later", 50)
    assert len(ids) == sum(scope.since <= when < scope.until for when in known.times())  # type: ignore[operator]


def test_a_search_that_takes_long_answers_with_what_it_has(stores: StoreSet, known: Known) -> None:
    hurried = Timeline(stores.events, known.scope, QueryLimits(patience=-1.0))
    where, found, cursor, part = compile_search("needle"), [], None, 0
    while True:
        page = hurried.page(where, cursor, "later", 1000)
        found += [e.event_id for e in page.events]
        part += not page.whole
        assert page.whole == (page.searched_to is None)
        if (cursor := page.later) is None:
            break
    assert len(found) == 32
    assert part == 0  # all of it lies within the first reach


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "a" * 500, "\udc80", base64.urlsafe_b64encode(b"1:12:zz").decode(), base64.urlsafe_b64encode(b"2:1:").decode(), base64.urlsafe_b64encode(b"1:1' OR 1:").decode()],
)  # fmt: skip
def test_a_cursor_that_is_none_is_refused(stores: StoreSet, known: Known, cursor: str) -> None:
    if cursor:
        with pytest.raises(UnusableArgument, match="cursor"):
            Timeline(stores.events, known.scope).page(cursor=cursor)


def test_a_cursor_far_outside_is_an_empty_page(stores: StoreSet, known: Known) -> None:
    for text, direction in ((b"1:99999999999999999:", "later"), (b"1:-99999999999999999:", "earlier")):
        cursor = base64.urlsafe_b64encode(text).decode().rstrip("=")
        page = Timeline(stores.events, known.scope).page(cursor=cursor, direction=direction)  # type: ignore[arg-type]
        assert page.events == ()


def test_another_organisations_cursor_and_ids_show_nothing(stores: StoreSet, known: Known) -> None:
    mine = Timeline(stores.events, known.scope)
    cursor, somebody = mine.page(limit=5).later, mine.page(limit=1).events[0]
    foreign = Timeline(stores.events, EventScope(str(uuid.uuid4()), known.scope.load_ids))
    assert foreign.page(cursor=cursor).events == ()
    assert foreign.histogram().events == 0
    assert foreign.value_counts("host_name").events == 0
    with pytest.raises(UnknownEvent):
        foreign.around(somebody.event_id)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(stores: StoreSet, known: Known, limit: int) -> None:
    with pytest.raises(UnusableArgument):
        Timeline(stores.events, known.scope).page(limit=limit)


def test_value_counts_of_columns_and_original_fields(stores: StoreSet, known: Known) -> None:
    timeline = Timeline(stores.events, known.scope)
    hosts = Counter(e["host_name"] for e in known.events)
    counted = timeline.value_counts("host_name")
    assert (dict(counted.values), counted.events, counted.distinct) == (dict(hosts), 3000, 3)
    alice = Counter(e["host_name"] for e in known.events if e["user_name"] == "alice")
    assert dict(timeline.value_counts("host_name", compile_search("user:alice")).values) == dict(alice)
    first = timeline.value_counts("message", limit=2)
    assert (len(first.values), first.distinct) == (2, 1500)
    assert timeline.value_counts("fields.a'b\\ {x}").values == (("", 3000),)
    for field in ("no_such", "org_id", "fields", "1; DROP TABLE events"):
        with pytest.raises(UnusableArgument):
            timeline.value_counts(field)


def test_value_counts_in_a_window_are_exact(stores: StoreSet, known: Known) -> None:
    until = START + timedelta(seconds=33.3)
    counted = Timeline(stores.events, replace(known.scope, until=until)).value_counts("host_name")
    assert counted.events == sum(when < until for when in known.times())


@pytest.mark.parametrize("same_host", [False, True])
def test_what_happened_around_an_event(stores: StoreSet, known: Known, same_host: bool) -> None:
    timeline = Timeline(stores.events, known.scope)
    every = [e for cursor in [None] for e in timeline.page(cursor=cursor, limit=1000).events]
    middle = every[500]
    host = middle.ecs["host_name"]
    beside = [e for e in every if not same_host or e.ecs["host_name"] == host]
    here = beside.index(middle)
    for known_time in (None, middle.time):
        found = timeline.around(middle.event_id, 5, 7, same_host=same_host, time=known_time)
        assert found.event == stores.events.fetch_events(known.scope, [middle.event_id])[middle.event_id]
        assert list(found.before.events) == beside[here - 5 : here]
        assert list(found.after.events) == beside[here + 1 : here + 8]


def test_limits_stop_a_query_and_say_so(stores: StoreSet, known: Known) -> None:
    few = Timeline(stores.events, known.scope, QueryLimits(rows_read=10))
    with pytest.raises(QueryStopped):
        few.histogram(60, where=compile_search("user:nobody"))
    with pytest.raises(QueryStopped):
        Timeline(stores.events, known.scope, QueryLimits(rows_answered=3)).histogram(77)


def test_what_was_counted_once_is_remembered_for_its_scope_alone(stores: StoreSet, known: Known) -> None:
    where, reads_nothing = compile_search("user:bob"), QueryLimits(rows_read=1)
    first = Timeline(stores.events, known.scope).histogram(60, where=where)
    assert Timeline(stores.events, known.scope, reads_nothing).histogram(60, where=where) == first
    for other in (compile_search("user:carol"), compile_search("account:bob")):
        with pytest.raises(QueryStopped):
            Timeline(stores.events, known.scope, reads_nothing).histogram(60, where=other)
    foreign = replace(known.scope, org_id=str(uuid.uuid4()))
    assert Timeline(stores.events, foreign).histogram(60, where=where).events == 0
    window = replace(known.scope, until=START + timedelta(seconds=5))
    assert Timeline(stores.events, window).histogram(60, where=where).events < first.events


def slow(timeline: Timeline) -> None:
    timeline.histogram(60, where=Condition("sleepEachRow(0.0009) = 0", {}, frozenset({"message"})))


def test_a_query_is_stopped_by_time(stores: StoreSet, known: Known) -> None:
    begin = time.monotonic()
    with pytest.raises(QueryStopped, match="TIMEOUT_EXCEEDED"):
        slow(Timeline(stores.events, known.scope, QueryLimits(seconds=0.5)))
    assert time.monotonic() - begin < 10


def test_a_caller_that_goes_away_cancels_what_runs(stores: StoreSet, known: Known) -> None:
    timeline = Timeline(stores.events, known.scope, QueryLimits(seconds=100))
    began = time.monotonic()
    threading.Timer(0.15, timeline.cancel).start()
    with pytest.raises(QueryStopped):
        slow(timeline)
    assert time.monotonic() - began < 10
    assert Timeline(stores.events, known.scope).histogram(60).events == 3000
    with pytest.raises(QueryStopped, match="cancelled"):
        timeline.histogram(60)  # also what is known


@pytest.mark.parametrize("late_s", [0.0, 0.001, 0.003, 0.01, 0.03])
def test_a_query_is_cancelled_at_whatever_moment(stores: StoreSet, known: Known, late_s: float) -> None:
    for _ in range(3):
        timeline = Timeline(stores.events, known.scope, QueryLimits(seconds=100))
        canceller = threading.Timer(late_s, timeline.cancel)
        canceller.start()
        began = time.monotonic()
        with pytest.raises(QueryStopped):
            slow(timeline)
        assert time.monotonic() - began < 10
        canceller.join()


def test_pieces_cover_a_stretch_without_gap_or_overlap() -> None:
    chance = random.Random(7)
    for _ in range(300):
        low = chance.randrange(-(10**13), 10**15)
        high = low + chance.randrange(1, chance.choice((10**6, 10**9, 10**12)))
        for resolution in (1, 60, 3600, 86_400, 7):
            pieces = sorted(pieces_of(low, high, resolution), key=lambda p: p.low)
            assert [p.high for p in pieces[:-1]] == [p.low for p in pieces[1:]]
            assert (pieces[0].low, pieces[-1].high) == (low, high)
            for p in pieces:
                assert p.rollup is None or (
                    p.low % (p.rollup.seconds * 10**6) == p.high % (p.rollup.seconds * 10**6) == 0
                )
                assert p.rollup is None or resolution % p.rollup.seconds == 0
