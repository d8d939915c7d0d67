"""What a process remembers of loads that it read: committed loads never change."""

from __future__ import annotations

Hours = dict[int, int]


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
