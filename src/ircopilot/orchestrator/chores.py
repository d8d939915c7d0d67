"""The orchestrator's own work: chores that belong to no incident, one at a time, beside the sweep, which they must not hold up."""

from __future__ import annotations

import asyncio
import os
import socket

from structlog.typing import FilteringBoundLogger

from ircopilot.orchestrator.relay import TROUBLE
from ircopilot.pipeline.chores import do_chore
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.chores import open_chores
from ircopilot.telemetry import error_place


class Chores:
    """Looks for what is open and does it. Any number of orchestrators may: a chore is leased to one."""

    def __init__(self, stores: StoreSet, every_s: float, log: FilteringBoundLogger) -> None:
        self._stores, self._every_s, self._log = stores, every_s, log
        self._name = f"orchestrator@{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Until cancelled."""
        failing = False
        while True:
            try:
                await self.once()
                failing = False
            except Exception as error:
                told = self._log.warning if isinstance(error, TROUBLE) else self._log.error
                if not failing:
                    told("chores fail", **error_place(error))
                failing = True
            await asyncio.sleep(self._every_s)

    async def once(self) -> int:
        """Do what is open now; how many chores that were."""
        done = 0
        for org_id, chore_id in await asyncio.to_thread(open_chores, self._stores.database):
            if await asyncio.to_thread(do_chore, self._stores, org_id, chore_id, self._name):
                self._log.info("chore", chore=chore_id, org=org_id)
                done += 1
        return done
