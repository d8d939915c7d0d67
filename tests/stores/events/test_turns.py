"""Who reads many events waits for a turn; who has told nothing yet goes first; who goes away leaves the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from tests.stores.events.test_new_loads import short_stretches
from tests.stores.events.test_timeline import Known

from ircopilot.analysis.search import compile_search
from ircopilot.stores import StoreSet
from ircopilot.stores.events import QueryStopped, Timeline, asking
from ircopilot.stores.events.answers import QueryLimits
from ircopilot.stores.events.turns import Turns

__all__ = ["short_stretches"]
WAIT_S = 30.0


@pytest.fixture(scope="module")
def known(stores: StoreSet) -> Known:
    return Known(stores)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_new_question_goes_before_those_that_have_told_something() -> None:
    turns, order, threads = Turns(), list[str](), list[threading.Thread]()

    def ask(name: str, told: bool) -> None:
        with turns.taken(1, told, lambda: None):
            order.append(name)

    with turns.taken(1, False, lambda: None):
        for number, (name, told) in enumerate((("on", True), ("on again", True), ("new", False), ("newer", False)), 1):
            threads.append(threading.Thread(target=ask, args=(name, told)))
            threads[-1].start()
            eventually(lambda number=number: len(turns._waiting) == number)  # type: ignore[misc]
        assert order == []
    for thread in threads:
        thread.join(WAIT_S)
    assert order == ["new", "newer", "on", "on again"]


def test_no_more_read_at_a_time_than_there_are_places() -> None:
    turns, lock, reading, most = Turns(), threading.Lock(), [0], [0]

    def ask() -> None:
        with turns.taken(2, False, lambda: None):
            with lock:
                reading[0] += 1
                most[0] = max(most[0], reading[0])
            time.sleep(0.02)
            with lock:
                reading[0] -= 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert most == [2]


def test_who_goes_away_while_waiting_leaves_the_queue() -> None:
    turns = Turns()

    def gone() -> None:
        raise QueryStopped("the caller has gone")

    with turns.taken(1, True, lambda: None), pytest.raises(QueryStopped), turns.taken(1, False, gone):
        pass
    assert turns._waiting == []
    with turns.taken(1, True, gone):  # nobody is in the way: it need not wait
        pass


@pytest.mark.usefixtures("short_stretches")
def test_a_search_that_waits_for_its_turn_can_be_stopped_and_what_reads_little_takes_none(
    stores: StoreSet, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Timeline(stores.events, known.scope, QueryLimits(scans=1))
    where = compile_search("user:carol code:7")
    with stores.events.turns.taken(1, False, lambda: None):
        assert line.histogram(60, None, where).whole  # every event there is: little
        monkeypatch.setattr(asking, "SMALL", 50)
        failed = list[Exception]()

        def ask() -> None:
            try:
                line.histogram(60, None, compile_search("user:alice code:7"))
            except QueryStopped as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        eventually(lambda: len(stores.events.turns._waiting) == 1)
        line.cancel()
        thread.join(WAIT_S)
        assert len(failed) == 1
    assert stores.events.turns._waiting == []


@pytest.mark.usefixtures("short_stretches")
def test_who_asks_what_is_just_being_counted_is_told_what_there_is(
    stores: StoreSet, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "SMALL", 50)
    where = compile_search("user:bob code:7 NOT user:alice")
    ask = lambda patience: Timeline(stores.events, known.scope, QueryLimits(scans=1)).histogram(  # noqa: E731
        60, None, where, patience=patience
    )
    begun = ask(0)
    assert not begun.whole
    with stores.events.turns.taken(1, False, lambda: None):
        going_on = threading.Thread(target=ask, args=(WAIT_S,))  # holds the question, and waits for its turn
        going_on.start()
        eventually(lambda: len(stores.events.turns._waiting) == 1)
        assert ask(0) == begun
    going_on.join(WAIT_S)
    assert ask(None).whole
