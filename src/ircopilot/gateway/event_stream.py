"""Server-sent events: an answer that goes on. Who takes nothing for `stall_s` is cut off, not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ircopilot.access.caller import Caller
from ircopilot.access.sessions import Where
from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.gateway.door import Shown
from ircopilot.gateway.feed import Frame
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.hub import TooSlow

_BEGIN = b"retry: 1000\n\n"
_HEARTBEAT = b": \n\n"


class EventStream(Response):
    """The batches of a watch as `text/event-stream`; an empty batch is a comment. Source: HTML Living Standard §9.2.

    What the call showed is looked at again every `heartbeat_s`: a stream outlives neither the key or session that
    opened it nor what its caller might do then, nor that `look` finds what it is about (a `ProblemError` of status 404
    ends it). It does not keep a session from being idle.
    """

    def __init__(
        self, gate: Gate, batches: AsyncIterator[Sequence[Frame]], request: Request,
        look: Callable[[], Awaitable[object]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(media_type="text/event-stream")
        self._gate, self._batches, self._look = gate, batches, look
        self._shown: Shown = request.state.shown
        self._opener: Caller = request.state.caller
        self._admitted = asyncio.get_running_loop().time()
        del self.headers["content-length"]
        # A proxy that gathers the answer before it passes it on would hold every event back.
        self.headers["X-Accel-Buffering"] = "no"
        self.headers["Cache-Control"] = "no-store, no-transform"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the watch ends, the far end leaves, or it stops reading."""
        async with anyio.create_task_group() as tasks:

            async def until_gone() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(until_gone)
            await self._send_all(scope, send)
            tasks.cancel_scope.cancel()

    async def _send_all(self, scope: Scope, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._push(send, _BEGIN)
            async with aclosing(self._batches) as batches:  # type: ignore[type-var]
                async for frames in batches:
                    if not await self._still_admitted():
                        break
                    await self._push(send, b"".join(frame.body for frame in frames) or _HEARTBEAT)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, TooSlow):
            self._gate.meters.dropped.inc()
            self._gate.lines.cut(scope)

    async def _push(self, send: Send, body: bytes) -> None:
        """Hand over to the connection, which takes nothing more while its far end takes nothing."""
        async with asyncio.timeout(self._gate.limits.stall_s):
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _still_admitted(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._admitted >= self._gate.settings.heartbeat_s:
            try:
                caller = await self._gate.admit(self._shown, Where(self._opener.address), watching=True)
                caller = await self._gate.with_policy(caller)
                if self._look is not None:
                    await self._look()
            except ProblemError as error:
                if error.status in (401, 404):
                    return False
                raise
            may = caller.role, caller.permissions, caller.stage
            if may != (self._opener.role, self._opener.permissions, "full"):
                return False
            self._admitted = now
        return True


def last_seen(request: Request, after: int) -> int:
    """Where to go on. The header wins: a browser that comes back keeps its first address. Raises `UnusableArgument`."""
    given = request.headers.get("last-event-id")
    if not given:
        return after
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise UnusableArgument("Last-Event-ID is no number of an event", "send the id of the last event received")
    return int(given)
