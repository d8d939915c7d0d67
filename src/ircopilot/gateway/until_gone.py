"""Work for somebody who may hang up: it is stopped when they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio.to_thread import run_sync
from fastapi import Request

from ircopilot.stores.events import QueryStopped

Answer = TypeVar("Answer")
_AGAIN_S = 0.25  # a query that was on its way when it was stopped is stopped once more


async def unless_gone(
    request: Request, work: Callable[[], Answer], cancel: Callable[[], None], limiter: anyio.CapacityLimiter
) -> Answer:
    """Do it in a thread of the limiter, and stop it when the caller hangs up. Raises what `work` raises."""
    found: list[Answer] = []
    failed: list[Exception] = []
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            waiting.cancel()  # whoever runs is not reached by that, only who waits for a place
            while True:
                await run_sync(cancel)
                await anyio.sleep(_AGAIN_S)

        group.start_soon(watch)
        with anyio.CancelScope() as waiting:
            try:
                found.append(await run_sync(work, limiter=limiter))
            except Exception as error:
                failed.append(error)
        group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    if not found:
        raise QueryStopped("the caller has gone")
    return found[0]
