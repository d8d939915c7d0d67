"""What was counted or found in some loads holds when more are committed, and only these are read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.stores.events.invented import START, insert_events
from tests.stores.events.test_timeline import Known, at, some_events, starts

from ircopilot.analysis.search import compile_search
from ircopilot.stores import StoreSet
from ircopilot.stores.events import Timeline, scanning
from ircopilot.stores.events.answers import Page
from ircopilot.stores.events.paging import Direction


@pytest.fixture(scope="module")
def known(stores: StoreSet) -> Known:
    return Known(stores)


@pytest.fixture
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "FIRST_STRETCH", 200)
    monkeypatch.setattr(scanning, "LONGEST", 300)


@pytest.mark.parametrize("by", [None, "kind"])
@pytest.mark.usefixtures("short_stretches")
def test_a_search_is_counted_bit_by_bit_from_the_latest_back(stores: StoreSet, known: Known, by: str | None) -> None:
    where = compile_search("user:alice")
    so_far = []
    while not so_far or not so_far[-1].whole:
        so_far.append(Timeline(stores.events, known.scope).histogram(60, by, where, patience=0))
    assert len(so_far) > 4
    alice = [e for e in known.events if e["user_name"] == "alice"]
    for found in so_far:
        least = found.counted_from or START - timedelta(days=1)
        counted = [e for e in alice if at(e) >= least]
        assert found.events == len(counted)
        assert sum(sum(b.by_value.values()) for b in found.buckets) == (len(counted) if by else 0)
    assert so_far[-1] == Timeline(stores.events, known.scope).histogram(60, by, where)
    assert {b.start: b.events for b in so_far[-1].buckets} == starts([at(e) for e in alice], 60)


@pytest.mark.usefixtures("short_stretches")
def test_of_a_search_only_new_loads_are_counted_and_a_replaced_one_no_more(
    stores: StoreSet, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, asked, ask = compile_search("user:bob"), list[str](), stores.events.query_table
    monkeypatch.setattr(stores.events, "query_table", lambda sql, *more: (asked.append(sql), ask(sql, *more))[1])

    def count(*loads: str, patience: float | None = None) -> int:
        asked.clear()
        return (
            Timeline(stores.events, replace(known.scope, load_ids=loads))
            .histogram(60, None, where, patience=patience)
            .events
        )

    bobs = Counter(load for load, events in known.by_load.items() for e in events if e["user_name"] == "bob")
    first, second = known.scope.load_ids
    more = some_events(7, 400, 9_000)
    third = insert_events(stores, known.org, more)
    new = sum(e["user_name"] == "bob" for e in more)
    assert count(first) == bobs[first]
    # Half way through the second one, a third is committed.
    assert bobs[first] <= count(first, second, patience=0) < bobs[first] + bobs[second]
    assert count(first, second, third) == bobs[first] + bobs[second] + new
    assert not [sql for sql in asked if first in sql and "user_name" in sql]
    assert count(first, third) == bobs[first] + new
    stores.events.drop_load(known.org, third)
    assert count(first, second) == bobs[first] + bobs[second]


@pytest.mark.parametrize("direction", ["later", "earlier"])
@pytest.mark.parametrize("search", ["user:bob", "needle", "nothing"])
def test_a_page_of_a_search_looks_through_new_loads_alone(
    stores: StoreSet, known: Known, monkeypatch: pytest.MonkeyPatch, direction: Direction, search: str
) -> None:
    where, asked, ask = compile_search(search), list[str](), stores.events.query_table
    monkeypatch.setattr(stores.events, "query_table", lambda sql, *more: (asked.append(sql), ask(sql, *more))[1])

    def pages(loads: tuple[str, ...], limit: int) -> list[Page]:
        """All pages, one behind the other."""
        found, cursor = list[Page](), None
        while not found or cursor is not None:
            line = Timeline(stores.events, replace(known.scope, load_ids=loads))
            found.append(line.page(where, cursor, direction, limit))
            cursor = found[-1].later if direction == "later" else found[-1].earlier
        return found

    for number, limit in enumerate((40, 150)):
        stores.events.searched_pages.forget()
        more = insert_events(stores, known.org, some_events(20 + number, 300, 9_000))
        before = pages(known.scope.load_ids, limit)
        asked.clear()
        first = Timeline(stores.events, replace(known.scope, load_ids=(*known.scope.load_ids, more)))
        first.page(where, None, direction, limit)
        assert not [sql for sql in asked if known.scope.load_ids[0] in sql and "ORDER BY time" in sql]
        merged = pages((*known.scope.load_ids, more), limit)
        stores.events.searched_pages.forget()
        stores.events.known_pages.forget()
        assert merged == pages((*known.scope.load_ids, more), limit)
        assert len(merged) >= len(before)


def test_stretches_cover_the_window_once(stores: StoreSet, known: Known) -> None:
    asking = Timeline(stores.events, known.scope)._asking
    window = asking.window
    assert window is not None
    for loads in (known.scope.load_ids, known.scope.load_ids[:1]):
        cut = list(scanning.stretches_of(asking, window, loads, lambda: 300))
        found = [stretch for stretch, _ in cut]
        assert sum(events for _, events in cut) == pytest.approx(
            sum(len(known.by_load[load]) for load in loads), rel=0.2
        )
        assert (found[0][1], found[-1][0]) == window[::-1]
        assert all(later[0] == earlier[1] for later, earlier in pairwise(found))
        assert all(low < high for low, high in found)
    assert list(scanning.stretches_of(asking, window, (), lambda: 300)) == []
