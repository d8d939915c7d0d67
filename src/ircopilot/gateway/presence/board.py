"""Who is where, as an organisation's watchers are told of it: beside the feed's numbered events, and nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from ircopilot.gateway.feed import Frame, unnumbered_frame
from ircopilot.stores.redis_presence import Visit
from ircopilot.stores.redis_watch import LiveWatch

LOOK_S = 3.0  # who stopped saying that they look wakes nobody: they are looked for
GATHER_S = 0.1
_AGAIN_S = 1.0


class Board:
    """One per organisation and process, for as long as its feed is watched. It asks Redis, and nothing else."""

    def __init__(self, wake: LiveWatch, org_id: str, tell: Callable[[], None]) -> None:
        self._wake, self._org_id, self._tell = wake, org_id, tell
        self._version = 0
        # By incident: when it changed, who is there, and the frame that says so.
        self._told: dict[str, tuple[int, list[Visit], Frame]] = {}

    def since(self, version: int) -> tuple[Sequence[Frame], int]:
        """What changed after that version, and the version now. Who knows nothing yet is not told where nobody is."""
        frames = [frame for at, visits, frame in self._told.values() if at > version and (version or visits)]
        return frames, self._version

    async def run(self) -> None:
        """Look until cancelled."""
        seen = "0-0"
        while True:
            self._take(await self._wake.visits(self._org_id))
            found = await self._wake.wait_for_visits(self._org_id, seen, LOOK_S)
            seen = found or seen
            await asyncio.sleep(_AGAIN_S if found is None else GATHER_S)

    def _take(self, visits: Sequence[Visit]) -> None:
        here = {one: list(some) for one, some in groupby(sorted(visits, key=_place), key=lambda v: v.incident_id)}
        known = {incident_id: some for incident_id, (_, some, _) in self._told.items()}
        changed = [i for i in here.keys() | known.keys() if here.get(i, []) != known.get(i, [])]
        if not changed:
            return
        self._version += 1
        for incident_id in changed:
            some = here.get(incident_id, [])
            key = (some or known[incident_id])[0].incident
            body = {"kind": "presence", "incident": key, "people": _people(some)}
            self._told[incident_id] = (self._version, some, unnumbered_frame("presence", body, incident_id))
        self._tell()


def _people(visits: Sequence[Visit]) -> list[dict[str, Any]]:
    """Each person once, with the pages that they have open."""
    ordered = sorted(visits, key=lambda v: (v.name, v.principal))
    return [
        {"id": principal, "name": name, "at": [{"page": v.page, "report": v.report, "claim": v.claim} for v in some]}
        for (name, principal), some in groupby(ordered, key=lambda v: (v.name, v.principal))
    ]


def _place(visit: Visit) -> tuple[str, ...]:
    return (visit.incident_id, visit.principal, visit.page, str(visit.report), visit.claim or "", visit.name)
