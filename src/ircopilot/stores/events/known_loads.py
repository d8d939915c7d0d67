"""What a process remembers of loads that it read: committed loads never change."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

from ircopilot.stores.events.answers import Page

Answer = TypeVar("Answer")

Hours = dict[int, int]
Counts = Counter[tuple[int, str]]  # events by bucket and value


class KnownLoads:
    """How many events each load has in each hour (whole seconds since 1970), kept because a committed load never changes."""

    MOST = 5_000

    def __init__(self) -> None:
        self._hours: dict[tuple[str, str], Hours] = {}

    def get(self, org_id: str, load_id: str) -> Hours | None:
        """The load's hours, if they were asked for before."""
        return self._hours.get((org_id, load_id))

    def put(self, org_id: str, load_id: str, hours: Hours) -> None:
        """Keep a load's hours; beyond 5,000 loads all are forgotten."""
        if len(self._hours) >= self.MOST:
            self._hours = {}
        self._hours[org_id, load_id] = hours

    def forget(self, org_id: str, load_id: str) -> None:
        """The load was dropped."""
        self._hours.pop((org_id, load_id), None)


class KnownAnswers:
    """Answers about committed loads by what was asked: the loads, the window, the search. Whoever asks the same while it
    is being found out waits for that answer.
    """

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: dict[Hashable, Future[object]] = {}

    def find(
        self, asked: Hashable, make: Callable[[], Answer], keep: Callable[[Answer], bool] = lambda _: True
    ) -> Answer:
        """The answer to `asked`, made when nobody knows it, and remembered if it is worth it (`keep`).

        Raises what `make` raises, and forgets that it was asked.
        """
        with self._lock:
            found = self._known.pop(asked, None)
            mine: Future[object] = found or Future()
            self._known[asked] = mine  # the one last used stands last
            if len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        if found is None:
            return self._made(asked, mine, make, keep)
        try:
            return found.result()  # type: ignore[return-value]
        except Exception:
            return make()  # whoever asked first went away, or had narrower limits

    def forget(self) -> None:
        """Forget all of them: a load was dropped."""
        with self._lock:
            self._known = {}

    def _made(
        self, asked: Hashable, mine: Future[object], make: Callable[[], Answer], keep: Callable[[Answer], bool]
    ) -> Answer:
        try:
            answer = make()
        except BaseException as error:
            self._drop(asked, mine)
            mine.set_exception(error)
            raise
        if not keep(answer):
            self._drop(asked, mine)
        mine.set_result(answer)
        return answer

    def _drop(self, asked: Hashable, mine: Future[object]) -> None:
        with self._lock:
            if self._known.get(asked) is mine:
                del self._known[asked]


@dataclass(frozen=True, slots=True)
class SoFar:
    """Counts of these loads, and from which time on they hold; None once all was counted."""

    counts: Counts
    since: int | None
    loads: frozenset[str]


@dataclass
class CountedLoads:
    """What was counted of one question, and in which loads; and how far it has come with further ones, from the latest
    time back to `down_to`, lately in stretches of about `stretch` events; `looked` is how many it looked through in all.
    Whoever counts holds the lock.
    """

    loads: frozenset[str] = frozenset()
    counts: Counts = field(default_factory=Counter)
    further: tuple[str, ...] = ()
    down_to: int = 0
    stretch: float = 0.0
    looked: float = 0.0
    so_far: SoFar | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin_again(self) -> None:
        """A load that was counted is no longer asked for."""
        self.loads, self.counts, self.further, self.looked, self.so_far = frozenset(), Counter(), (), 0.0, None


class KnownCounts:
    """The counts of the questions that were asked last, as many as fit."""

    MOST = 64
    MOST_COUNTS = 200_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, CountedLoads] = OrderedDict()

    def of(self, asked: Hashable) -> CountedLoads:
        """What is known of the question; nothing yet, when it is new."""
        with self._lock:
            found = self._known.setdefault(asked, CountedLoads())
            self._known.move_to_end(asked)
            held = sum(len(one.counts) for one in self._known.values())
            while len(self._known) > 1 and (len(self._known) > self.MOST or held > self.MOST_COUNTS):
                held -= len(self._known.popitem(last=False)[1].counts)
            return found

    def forget(self) -> None:
        """Forget all of them: a load was dropped."""
        with self._lock:
            self._known.clear()


@dataclass(frozen=True, slots=True)
class SearchedPage:
    """A whole page of a search, and the loads that were looked through for it."""

    loads: frozenset[str]
    page: Page


class SearchedPages:
    """The pages of searches that were asked for last."""

    MOST = 64

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, SearchedPage] = OrderedDict()

    def get(self, asked: Hashable) -> SearchedPage | None:
        """The page of that question, of whatever loads."""
        with self._lock:
            if asked in self._known:
                self._known.move_to_end(asked)
            return self._known.get(asked)

    def put(self, asked: Hashable, page: SearchedPage) -> None:
        """Keep it, instead of one of fewer loads."""
        with self._lock:
            self._known[asked] = page
            self._known.move_to_end(asked)
            if len(self._known) > self.MOST:
                self._known.popitem(last=False)

    def forget(self) -> None:
        """Forget all of them: a load was dropped."""
        with self._lock:
            self._known.clear()
