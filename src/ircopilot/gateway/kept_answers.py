"""Answers under an Idempotency-Key: gathered before they are sent, kept without their secrets, told again."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from ircopilot.stores.postgres.idempotency import Answer

REPLAYED = "Idempotency-Replayed"
MARK = "x-told-once"
TOLD_ONCE = "told once, when it was made"
_KEPT_HEADERS = ("content-type", "location", "etag", "link", "content-language")
_MOST = 4 << 20


def holds_secret(*members: str) -> dict[str, Any]:
    """For a route's `openapi_extra=`: those members of its answer are told once and never kept."""
    return {MARK: list(members)}


def secret_members(scope: Scope) -> tuple[str, ...]:
    """What the call's route says by `holds_secret`."""
    extra = getattr(scope.get("route"), "openapi_extra", None) or {}
    return tuple(extra.get(MARK, ()))


class Recorder:
    """Gathers an answer. One that goes on for more than 4 MiB is passed on as it comes, and not kept."""

    def __init__(self, send: Send) -> None:
        self._send, self._size = send, 0
        self.messages: list[Message] = []
        self.passing = False

    async def send(self, message: Message) -> None:
        """Take the next message of the answer."""
        self.messages.append(message)
        self._size += len(message.get("body", b""))
        if self.passing or self._size > _MOST:
            self.passing = True
            await self.flush()

    async def flush(self) -> None:
        """Send what was gathered."""
        for message in self.messages:
            await self._send(message)
        self.messages = []

    def answer(self, secrets: tuple[str, ...]) -> Answer | None:
        """The whole answer, as it is to be kept; None when there is none."""
        if not self.messages or self.messages[0]["type"] != "http.response.start":
            return None
        start = self.messages[0]
        headers = Headers(raw=start["headers"])
        kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        if secrets and start["status"] < 300:
            return Answer(start["status"], kept, _without(body, secrets), secret=True)
        return Answer(start["status"], kept, body, secret=False)


async def replay(answer: Answer, scope: Scope, send: Send) -> None:
    """Tell a kept answer once more, marked as such."""
    headers = {**answer.headers, "content-length": str(len(answer.body)), REPLAYED.lower(): "true"}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


def _without(body: bytes, secrets: tuple[str, ...]) -> bytes:
    document = orjson.loads(body)
    for name in secrets:
        document[name] = TOLD_ONCE
    return orjson.dumps(document)
