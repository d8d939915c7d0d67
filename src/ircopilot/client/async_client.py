"""The client for programs that await: the same operations, and evidence, events and outputs as `Client` has them."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio
import orjson

from ircopilot.client.async_calls import AsyncCalls
from ircopilot.client.transfers import PIECE, arriving, same_digest
from ircopilot.client.watching import PATIENCE_S, RunEvent, watch_run_async
from ircopilot.client.wire import quoted, sent

if TYPE_CHECKING:
    from ircopilot.client.generated.async_operations import AsyncOperations


class AsyncClient:
    """Calls of one gateway with one API key. Every method raises `RemoteProblem` and `GatewayUnreachable`."""

    def __init__(self, url: str, api_key: str, timeout_s: float = 60.0) -> None:
        self._calls = AsyncCalls(url, api_key, timeout_s)

    @cached_property
    def api(self) -> AsyncOperations:
        """Every operation of the API, typed; what it answers is what docs/openapi.json says."""
        from ircopilot.client.generated.async_operations import AsyncOperations

        return AsyncOperations(self._calls)

    async def upload(self, key: str, evidence: Path, name: str = "", run: bool = False) -> dict[str, Any]:
        """Hand in a file. Raises `CorruptTransfer` when other bytes arrived than were sent."""
        digest = hashlib.sha256()

        async def pieces() -> AsyncIterator[bytes]:
            async with await anyio.open_file(evidence, "rb") as file:
                while piece := await file.read(PIECE):
                    digest.update(piece)
                    yield piece

        params = {"name": name or evidence.name, "run": run}
        more = sent("POST", params, {"Content-Type": "application/octet-stream"})
        path = f"/v1/incidents/{quoted(key)}/evidence"
        async with self._calls.stream("POST", path, content=pieces(), timeout=None, **more) as answer:
            told: dict[str, Any] = orjson.loads(await answer.aread())
        same_digest(told["deposit"]["sha256"], digest.hexdigest())
        return told

    def watch(self, run_id: str, after: int = 0, patience_s: float = PATIENCE_S) -> AsyncIterator[RunEvent]:
        """The run's events after a number, each once and in order, until it is over; the line may break meanwhile."""
        return watch_run_async(self._calls, quoted(run_id), after, patience_s)

    async def download(self, run_id: str, name: str, target: Path) -> str:
        """Fetch a file that the run made; its SHA-256. `target` is there whole, or not at all. Raises `CorruptTransfer`."""
        path = f"/v1/runs/{quoted(run_id)}/outputs/{quoted(name)}"
        with arriving(target) as file:
            async with self._calls.stream("GET", path) as answer:
                async for piece in answer.aiter_bytes(PIECE):
                    await anyio.to_thread.run_sync(file.take, piece)
                return file.check(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
