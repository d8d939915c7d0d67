"""Histograms of what only the events themselves know: counted stretch by stretch, and remembered by load.

A committed load never changes, so what was counted in some loads holds when more are committed: only these are counted
then. Stretches are short enough that a first answer comes soon, and that nothing else waits long for a core.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable, Iterator

from ircopilot.stores.events.asking import HOUR, SECOND, Asking
from ircopilot.stores.events.known_loads import Counts, SoFar

FIRST_STRETCH = 250_000  # events
LONGEST = 4_000_000
MANY = 0.001  # of the events: in about every block of them is one that meets the search
STRETCH_S = 0.15  # a stretch is read in about that time: so long does the next question wait for its turn
Stretch = tuple[int, int]  # microseconds since 1970


def count_stretches(
    asking: Asking, asked: Hashable, window: Stretch, count: Callable[[Stretch, tuple[str, ...], bool], Counts]
) -> Generator[SoFar]:
    """The counts so far, after each stretch, newest first. `count` counts one stretch of some loads; it is told whether
    many of the events that were looked through so far were counted.

    Who closes it in the middle, and asks again, goes on from there. Whoever asks what somebody else is just counting waits,
    and is told what that one found so far.
    """
    known = asking.events.known_counts.of((asking.scope.org_id, asking.scope.since, asking.scope.until, asked))
    loads = frozenset(asking.scope.load_ids)
    while not known.lock.acquire(timeout=0.05):
        asking.stop_if_cancelled()
        if (so_far := known.so_far) is not None and so_far.loads <= loads:
            yield so_far
    try:
        asking.stop_if_cancelled()
        if not known.loads | set(known.further) <= loads:
            known.begin_again()
        low, high = window
        told = bool(known.further)
        while known.further or known.loads != loads:
            if not known.further:
                known.further, known.down_to = tuple(sorted(loads - known.loads)), high
                known.stretch = known.stretch or FIRST_STRETCH
            for stretch, events in stretches_of(asking, (low, known.down_to), known.further, lambda: known.stretch):
                with asking.turn(events, told):
                    begun = time.monotonic()
                    many = known.counts.total() > MANY * known.looked
                    # Another object each time: who waits reads the one that there is.
                    known.counts = known.counts + count(stretch, known.further, many)
                    took = max(time.monotonic() - begun, 0.001)
                known.down_to, told, known.looked = stretch[0], True, known.looked + events
                if events > known.stretch / 2:  # a shorter one says little of how fast it goes
                    pace = min(4.0 * known.stretch, events * STRETCH_S / took)
                    known.stretch = min(LONGEST, max(2 * FIRST_STRETCH, pace))
                known.so_far = SoFar(known.counts, stretch[0], known.loads | set(known.further))
                yield known.so_far
            known.loads, known.further, known.so_far = known.loads | set(known.further), (), None
        yield SoFar(known.counts, None, known.loads)
    finally:
        known.lock.release()


def stretches_of(
    asking: Asking, window: Stretch, loads: tuple[str, ...], goal: Callable[[], float]
) -> Iterator[tuple[Stretch, float]]:  # fmt: skip
    """The window cut into stretches of about `goal()` events of these loads, the newest first, and about how many each
    has.
    """
    low, high = window
    if not loads or low >= high:
        return
    if set(loads) & set(asking.uncovered):
        yield window, goal()
        return
    end, held = high, 0.0
    for at, number in reversed(asking.hours_of(loads)):
        first, last = max(at, low), min(at + HOUR, end)
        while first < last:
            here = number * (last - first) / HOUR
            if held + here <= goal():
                held += here
                break
            # Within an hour events are taken to lie evenly.
            cut = max(first, last - max(SECOND, round((last - first) * (goal() - held) / here)))
            yield (cut, end), goal()
            end, last, held = cut, cut, 0.0
    if low < end:
        yield (low, end), held
