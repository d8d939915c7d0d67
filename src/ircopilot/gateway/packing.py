"""Large JSON goes packed: answers to GET about cases, whose sender knows how long they are, to callers that take gzip.

Never what carries a secret: packed beside words of the caller's, its length would tell it letter by letter (BREACH). So
the kinds that are packed are named, and sessions, keys, people and sign-in are none of them. Never streams: they have no length,
and what is in them must flow at once. A strong tag names the bytes as sent (RFC 9110 §8.8.3): a packed answer's tag ends in
`-gzip`, and that end is taken off again where the caller sends the tag back, so that routes know one tag for one version.
"""

from __future__ import annotations

import zlib

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ircopilot.gateway.codings import taken_coding

# What follows `/v1/`.
PACKED = frozenset({"incidents", "runs", "actions", "playbooks", "audit"})
_OPEN = "/openapi.json"
_CONDITIONS = (b"if-match", b"if-none-match")
_LEAST = 2 << 10  # two packets: less gains nothing
_LONG = 64 << 10  # longer ones would hold up the others: half a millisecond and more
_LEVEL, _GZIP = 1, 31
_END = "-gzip"


def is_packed(path: str) -> bool:
    """Whether large answers at that path go packed."""
    _, _, rest = path.partition("/v1/")
    return path == _OPEN or (path.startswith("/v1/") and rest.partition("/")[0] in PACKED)


class Packing:
    """Around the application, outside of all that reads or keeps answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen_packed = _own_tags(scope)
        if scope["method"] != "GET" or not is_packed(scope["path"]):
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get("accept-encoding", "")
        takes = scope["http_version"] != "1.0" and taken_coding(header, ("gzip",)) != ""
        answer = _Answer(send, takes, seen_packed)
        try:
            await self._app(scope, receive, answer)
        except Exception:
            await answer.begin()  # nobody is to take what failed midway for another answer
            raise


class _Answer:
    """What is sent on for what the application sends."""

    def __init__(self, send: Send, takes: bool, seen_packed: bool) -> None:
        self._send, self._takes, self._seen_packed = send, takes, seen_packed
        self._start: Message | None = None  # held back until it is known whether all comes at once
        self._packer: zlib._Compress | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Accept-Encoding")
            if message["status"] == 304 and self._seen_packed:
                _tag_as_packed(headers)
            if not (self._takes and _pays(message["status"], headers)):
                await self._send(message)
                return
            _tag_as_packed(headers)
            headers["Content-Encoding"] = "gzip"
            del headers["Content-Length"]
            self._start, self._packer = message, zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        elif self._packer is None:
            await self._send(message)
        else:
            await self._send_packed(self._packer, message)

    async def _send_packed(self, packer: zlib._Compress, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)

        def pack() -> bytes:
            return packer.compress(body) + (b"" if more else packer.flush())

        packed = await run_sync(pack) if len(body) > _LONG else pack()
        if self._start is not None and not more:
            MutableHeaders(scope=self._start)["Content-Length"] = str(len(packed))
        await self.begin()
        await self._send({**message, "body": packed})

    async def begin(self) -> None:
        """Send the head, if it is still held back."""
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)


def _pays(status: int, headers: Headers) -> bool:
    """Whether it is JSON of a length, long enough, and not packed yet."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    length = headers.get("content-length", "")
    if status != 200 or kind != "application/json" or "content-encoding" in headers or "set-cookie" in headers:
        return False
    return length.isdigit() and int(length) >= _LEAST


def _tag_as_packed(headers: MutableHeaders) -> None:
    """Another strong tag for other bytes; a weak one is for all codings."""
    tag = headers.get("etag", "")
    if tag.startswith('"') and not tag.endswith(f'{_END}"'):
        headers["ETag"] = f'{tag[:-1]}{_END}"'


def _own_tags(scope: Scope) -> bool:
    """Have the tags of packed answers stand for those of the answers themselves, in place; whether there were any."""
    old, new = f'{_END}"'.encode(), b'"'
    if not any(name in _CONDITIONS and old in value for name, value in scope["headers"]):
        return False
    scope["headers"] = [
        (name, value.replace(old, new) if name in _CONDITIONS else value) for name, value in scope["headers"]
    ]
    return True
