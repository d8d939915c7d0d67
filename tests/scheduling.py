"""Which tests run where, and in which order: what is dear to set up is set up once, and the longest come first.

The order within a file is left to whoever shuffles it.
"""

from __future__ import annotations

from typing import Any

# Packages whose files share one dear set-up: they run on one process, one file after the other.
TOGETHER = ("tests/faults/service/", "tests/workers/")
# Longest first, so that the processes end at about the same time; after these, whatever there is.
FIRST = (
    "tests/faults/service/",
    "tests/web/",
    "tests/faults/test_kill.py",
    "tests/pipeline/test_same_again.py",
    "tests/workers/",
    "tests/faults/test_interrupt.py",
    "tests/embedded/",
    "tests/pipeline/",
    "tests/faults/",
    "tests/e2e/",
    "tests/cli/",
    "tests/scenarios/",
    "tests/gateway/",
    "tests/export/test_pdf.py",
)


def room_of(nodeid: str) -> str:
    """The package whose set-up the test shares, else its file."""
    file = nodeid.partition("::")[0]
    return next((package for package in TOGETHER if file.startswith(package)), file)


def in_order(items: list[Any]) -> list[Any]:
    """The tests, rooms together and the longest rooms first."""
    rooms: dict[str, int] = {}
    for item in items:
        rooms.setdefault(room_of(item.nodeid), len(rooms))

    def place(item: Any) -> tuple[int, int]:
        rank = next((n for n, beginning in enumerate(FIRST) if item.nodeid.startswith(beginning)), len(FIRST))
        return rank, rooms[room_of(item.nodeid)]

    return sorted(items, key=place)


def make_scheduler(config: Any, log: Any) -> Any:
    """As `--dist loadfile`, by rooms and in the order of the collection."""
    from xdist.scheduler import LoadFileScheduling

    class ByRoom(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return room_of(nodeid)

    config.option.loadscopereorder = False
    return ByRoom(config, log)
