"""A call's body on its way in: how much came, how much may, its digest; looked at before the route does where it is short."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections import deque
from typing import Any

from starlette.types import Message, Receive

from ircopilot.gateway.errors import BrokenUpload, InvalidRequest, SlowUpload, TooLarge

# Brackets, and strings so that brackets in them are passed over.
_NESTING = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


class Body:
    """How much of a call's body came, and how much may."""

    def __init__(self, receive: Receive, limit: int, announced: str | None) -> None:
        self._receive, self._limit, self._came = receive, limit, 0
        self._announced = int(announced) if announced and announced.isdigit() else 0
        self._ahead: deque[Message] = deque()
        self._digest: Any = None
        self._whole = False
        self.ended = False

    @property
    def sha256(self) -> str | None:
        """Of the body, in hex, once all of it was taken; None when nobody has looked ahead."""
        return str(self._digest.hexdigest()) if self._digest is not None and self._whole else None

    def allow(self, limit: int) -> None:
        """Take up to `limit` bytes from now on. Raises `TooLarge` when more is announced."""
        self._limit = limit
        self._check(self._announced)

    async def receive(self) -> Message:
        """The next message. Raises `TooLarge`."""
        self._check(self._announced)
        message = self._ahead.popleft() if self._ahead else await self._take()
        self._came += len(message.get("body", b""))
        self._check(self._came)
        return message

    async def look_ahead(self, most: int, idle_s: float) -> str | None:
        """The SHA-256 of a body of up to `most` bytes, which the route receives all the same; None for a longer one.

        Raises `BrokenUpload`, `SlowUpload`.
        """
        if self._digest is None:
            self._digest = hashlib.sha256()
        if self._announced > most:
            return None
        size = 0
        while not self._whole and size <= most:
            try:
                async with asyncio.timeout(idle_s):
                    message = await self._take()
            except TimeoutError:
                raise SlowUpload(f"nothing came for {idle_s:.0f} s", "send it again") from None
            if message["type"] != "http.request":
                raise BrokenUpload("the connection ended before the body did", "send it again")
            size += len(message.get("body", b""))
            self._ahead.append(message)
        return self.sha256

    def check_depth(self, most: int) -> None:
        """Raises `InvalidRequest` when the JSON that was looked at is nested deeper than that."""
        text = b"".join(message.get("body", b"") for message in self._ahead)
        if text.count(b"[") + text.count(b"{") <= most:
            return
        depth = 0
        for found in _NESTING.finditer(text):
            depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
            if depth > most:
                raise InvalidRequest(f"the JSON is nested deeper than {most}", "send it flatter")

    async def drain(self, seconds: float) -> None:
        """Take what is still on its way, for a while, and look at none of it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.ended:
                    self.ended = not (await self._receive()).get("more_body", False)

    async def _take(self) -> Message:
        message = await self._receive()
        self.ended = not message.get("more_body", False)
        if message["type"] == "http.request":
            if self._digest is not None:
                self._digest.update(message.get("body", b""))
            self._whole = self.ended
        return message

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TooLarge(f"this route takes {self._limit:,} bytes", "send less at once")
