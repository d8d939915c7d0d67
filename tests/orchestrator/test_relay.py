"""The relay: at once, fairly, and after any loss again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.orchestrator.conftest import house, tell, until
from tests.orchestrator.work import queue_jobs, worker

from ircopilot.contracts.messages import STREAM
from ircopilot.embedded.smaller_parts import _find_nats
from ircopilot.orchestrator import relay as relay_module
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.bus import open_bus


def test_a_commit_wakes_the_relay(
    stack: StackUrls, stores: StoreSet, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "IDLE_S", 3600.0)

    async def story() -> None:
        async with house(stack) as at, worker(stack, stores) as taken:
            await until(lambda: at.made.relay.bus)
            for number in range(5):
                await asyncio.to_thread(queue_jobs, stores, org, 1)
                await until(lambda n=number: len(taken.of(org)) == n + 1, 5)

    tell(story)


def test_the_relay_hears_again_after_its_connection_was_cut(
    stack: StackUrls, stores: StoreSet, org: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "IDLE_S", 3600.0)

    def cut() -> int:
        with stores.database.lobby() as connection:
            listening = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND usename = current_user"
            pids = connection.execute(text(listening)).scalars().all()
            for pid in pids:
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            return len(pids)

    async def story() -> None:
        async with house(stack) as at, worker(stack, stores) as taken:
            await until(lambda: at.made.relay.bus)
            assert await until(lambda: asyncio.to_thread(cut))
            await asyncio.to_thread(queue_jobs, stores, org, 1)
            await until(lambda: taken.of(org))
            # Once it listens again it has looked, so this one comes by a notification or that look: at once in any case.
            await asyncio.to_thread(queue_jobs, stores, org, 1)
            await until(lambda: len(taken.of(org)) == 2)

    tell(story)


def test_a_small_organisation_does_not_wait_behind_a_large_one(stack: StackUrls, stores: StoreSet) -> None:
    large, small = f"org-{uuid.uuid4()}", f"org-{uuid.uuid4()}"

    async def story() -> None:
        async with house(stack) as at:
            await until(lambda: at.made.relay.bus)
            await asyncio.to_thread(queue_jobs, stores, large, 200)
            await asyncio.sleep(0.5)
            async with worker(stack, stores) as taken:
                await until(lambda: len(taken.of(large)) >= 20)
                before = len(taken.of(large))
                await asyncio.to_thread(queue_jobs, stores, small, 5)
                await until(lambda: len(taken.of(small)) == 5, 30)
                between = len(taken.of(large)) - before
                assert between < 60, f"{between} of the large organisation's jobs came before five of the small one's"
                await until(lambda: len(taken.of(large)) == 200, 40)
            assert len({job for _, job, _ in taken.done}) == len(taken.done), "no job is done twice"

    tell(story, 90)


def test_two_relays_send_each_job_once(stack: StackUrls, stores: StoreSet, org: str) -> None:
    async def story() -> None:
        async with house(stack), house(stack), worker(stack, stores) as one, worker(stack, stores) as two:
            names = await asyncio.to_thread(queue_jobs, stores, org, 40)
            await until(lambda: len(one.of(org)) + len(two.of(org)) == 40)
            assert sorted(one.of(org) + two.of(org)) == sorted(names)

    tell(story)


def test_a_stream_that_was_deleted_comes_back_with_its_messages(stack: StackUrls, stores: StoreSet, org: str) -> None:
    async def story() -> None:
        async with house(stack) as at:
            await until(lambda: at.made.relay.bus)
            await asyncio.to_thread(queue_jobs, stores, org, 3)
            await asyncio.sleep(0.3)  # they are on the bus, and nobody has taken them
            async with open_bus(stack) as bus:
                await bus._js.delete_stream(STREAM)
            await asyncio.to_thread(queue_jobs, stores, org, 1)
            async with worker(stack, stores) as taken:
                await until(lambda: len(taken.of(org)) == 4)

    tell(story)


class NatsServer:
    """A server of the test's own, to be killed and robbed of its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process = folder, None
        self.port = 0
        self.start()

    def start(self) -> None:
        ports = self.folder / "ports"
        shutil.rmtree(ports, ignore_errors=True)
        ports.mkdir()
        config = {
            "listen": f"127.0.0.1:{self.port or -1}",
            "authorization": {"token": "t"},
            "ports_file_dir": str(ports),
            "jetstream": {"store_dir": str(self.folder / "store")},
        }
        (self.folder / "nats.conf").write_text(json.dumps(config))
        command = [str(_find_nats()), "-c", str(self.folder / "nats.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = ports / f"nats-server_{self.process.pid}.ports"
        while not (file.exists() and file.read_bytes().endswith(b"}")):
            if self.process.poll() is not None:
                raise AssertionError("nats-server ended")
        self.port = int(json.loads(file.read_bytes())["nats"][0].rsplit(":", 1)[1])

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def lose_everything(self) -> None:
        shutil.rmtree(self.folder / "store")


@pytest.fixture
def own_nats() -> Iterator[NatsServer]:
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        server = NatsServer(Path(name))
        try:
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                server.kill()


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "running"])
@pytest.mark.parametrize("emptied", [True, False], ids=["emptied", "kept"])
def test_nothing_is_lost_when_nats_is(
    stack: StackUrls, stores: StoreSet, org: str, own_nats: NatsServer, killed: bool, emptied: bool
) -> None:
    urls = stack.model_copy(update={"nats_url": f"nats://127.0.0.1:{own_nats.port}", "nats_token": "t"})

    async def story() -> None:
        async with house(urls) as at, worker(urls, stores, 0.02) as taken:
            await until(lambda: at.made.relay.bus)
            await asyncio.to_thread(queue_jobs, stores, org, 30)
            await until(lambda: len(taken.of(org)) > 5)
            if killed:
                own_nats.kill()
            if emptied:
                own_nats.lose_everything()
            if killed:
                await asyncio.to_thread(queue_jobs, stores, org, 10)
                await asyncio.to_thread(own_nats.start)
            else:
                await asyncio.to_thread(queue_jobs, stores, org, 10)
            await until(lambda: len(taken.of(org)) == 40, 30)
            assert len(set(taken.of(org))) == 40

    tell(story)
