"""Calls of the gateway, awaited: the key, errors as problems, another try where that can do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from ircopilot.client.wire import Content, json_content, pause_s, problem_of, sent, unreachable
from ircopilot.domain.errors import ProblemError


class AsyncCalls:
    """Calls with one key."""

    def __init__(self, url: str, api_key: str, timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}", "User-Agent": "ircopilot-client"}
        # Neither a proxy nor a password file of the environment gets to see the key.
        self._http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)

    async def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None, json: Any = None, content: Content | None = None,
    ) -> Any:  # fmt: skip
        """The answer's JSON, None for an empty one. Raises `RemoteProblem`, `GatewayUnreachable`."""
        body = await self.fetch(method, path, params=params, headers=headers, json=json, content=content)
        return orjson.loads(body) if body else None

    async def fetch(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None, json: Any = None, content: Content | None = None,
    ) -> bytes:  # fmt: skip
        """The answer's bytes; tried again when the line or the server fails, under one idempotency key. Raises as `call`."""
        more = sent(method, params, headers)
        shape = json_content(json) if content is None else {"content": content}
        if "type" in shape:
            more["headers"]["Content-Type"] = shape.pop("type")
        tried = 0
        while True:
            try:
                async with self.stream(method, path, **more, **shape) as answer:
                    return await answer.aread()
            except ProblemError as error:
                pause = pause_s(error, tried)
                # A stream was read by the first try.
                if pause is None or not isinstance(shape.get("content", b""), bytes):
                    raise
            await asyncio.sleep(pause)
            tried += 1

    @asynccontextmanager
    async def stream(self, method: str, path: str, **more: Any) -> AsyncIterator[httpx.Response]:
        """The answer, its body still to be read. Raises as `call` does, also from within the block."""
        try:
            async with self._http.stream(method, path, **more) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise problem_of(answer)
                yield answer
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()
