"""An orchestrator on free ports of this machine, and a channel to it, inside a test's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import structlog

from ircopilot.contracts.generated.orchestrator_pb2_grpc import OrchestratorStub
from ircopilot.contracts.messages import STREAM
from ircopilot.orchestrator.process import Orchestrator, running_orchestrator
from ircopilot.settings import ServiceSettings, StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import open_bus
from ircopilot.stores.postgres.incidents import upsert_incident

SETTINGS = ServiceSettings(orchestrator_address="127.0.0.1:0", orchestrator_http="127.0.0.1:0", sweep_s=0.2)


@dataclass
class House:
    """A running orchestrator and a stub that calls it."""

    made: Orchestrator
    stub: Any
    channel: grpc.aio.Channel


@contextlib.asynccontextmanager
async def house(urls: StackUrls, settings: ServiceSettings = SETTINGS) -> AsyncIterator[House]:
    """One orchestrator for the length of the block."""
    async with (
        running_orchestrator(urls, settings, structlog.get_logger()) as made,
        grpc.aio.insecure_channel(f"127.0.0.1:{made.rpc_port}") as channel,
    ):
        yield House(made, OrchestratorStub(channel), channel)


def tell(story: Callable[[], Awaitable[None]], seconds: float = 60) -> None:
    """Run the story to its end."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await story()

    asyncio.run(bounded())


async def until(true: Callable[[], Any], seconds: float = 15) -> Any:
    """What `true()` says once it says something; it may be asynchronous."""
    async with asyncio.timeout(seconds):
        while True:
            said = true()
            if asyncio.iscoroutine(said):
                said = await said
            if said:
                return said
            await asyncio.sleep(0.02)


@pytest.fixture
def incident(stores: StoreSet, org: str) -> str:
    """An incident of the organisation, without evidence."""
    with stores.database.tenant(org) as tx:
        return upsert_incident(tx, "INC-1", "t").incident_id


@pytest.fixture
def clean_bus(stack: StackUrls, stores: StoreSet) -> None:
    """Nothing on the stream, and nothing in the outbox, that another test left."""

    async def clean() -> None:
        async with open_bus(stack) as bus:
            await bus._js.purge_stream(STREAM)

    # As the owner of the tables nobody may: each organisation's own jobs are cancelled by the test that made them.
    asyncio.run(clean())
