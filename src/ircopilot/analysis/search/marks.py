"""What people marked, as a search sees it: pins and tags by event, each with the event's time, which makes it quick to find."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ircopilot.stores.events.asking import at_micros

_EVENT_ID = re.compile(r"[0-9a-f]{32}")
Place = tuple[str, int]  # event id, its time in microseconds since 1970


@dataclass(frozen=True, slots=True)
class Marks:
    """Pinned events, and tagged ones by tag."""

    pinned: tuple[Place, ...] = ()
    tagged: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)

    def with_tag(self, pattern: str, wild: bool) -> list[Place]:
        """Events with that tag, or with one that fits the pattern."""
        folded = pattern.lower()
        fitting = [
            places
            for tag, places in self.tagged.items()
            if (fnmatchcase(tag, folded.replace("[", "[[]")) if wild else tag == folded)
        ]
        return [place for places in fitting for place in places]

    def all(self) -> list[Place]:
        """Every marked event."""
        return [*self.pinned, *(place for places in self.tagged.values() for place in places)]


def these_events(places: Iterable[Place]) -> str:
    """The condition of being one of them; both parts are known to the event store without reading what is between."""
    wanted = sorted(set(places))
    if not wanted:
        return "(0)"
    ids = ", ".join(f"'{event_id}'" for event_id in sorted({i for i, _ in wanted if _EVENT_ID.fullmatch(i)}))
    times = ", ".join(at_micros(time) for time in sorted({time for _, time in wanted}))
    return f"(event_id IN ({ids}) AND time IN ({times}))"
