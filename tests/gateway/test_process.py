"""`ircopilot gateway` as a process of its own against given servers: it comes, serves, and goes when asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from gateway.test_events import Running
from ircopilot.client import Client
from ircopilot.client.errors import GatewayUnreachable
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet

COMMAND = str(Path(sys.executable).with_name("ircopilot"))


def environment(urls: StackUrls) -> dict[str, str]:
    """Those servers named as the command wants it, and nothing else of ours."""
    given = {f"IRCOPILOT_{name.upper()}": url for name, url in urls.model_dump().items() if url}
    given["IRCOPILOT_DATABASE_URL"] = given.pop("IRCOPILOT_DATABASE_OWNER_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")} | given


@contextmanager
def process(urls: StackUrls, address: str = "127.0.0.1:0") -> Iterator[subprocess.Popen[str]]:
    """The command, killed after the block."""
    command = [COMMAND, "gateway", "--address", address]
    started = subprocess.Popen(command, env=environment(urls), stderr=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def served_at(started: subprocess.Popen[str]) -> str:
    assert started.stderr is not None
    return str(json.loads(started.stderr.readline())["url"])


def test_it_serves_and_ends_its_streams_when_asked_to_stop(
    stack: StackUrls, stores: StoreSet, org: str, key: str
) -> None:  # fmt: skip
    running = Running(stores, org)
    running.tell(3)
    with process(stack) as started:
        url = served_at(started)
        assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
        seen, told = [], threading.Event()

        def watch() -> None:
            # In the end the gateway is gone, which the client tells.
            with suppress(GatewayUnreachable), Client(url, key) as client:
                for event in client.watch(running.id, patience_s=0.1):
                    seen.append(event.number)
                    told.set()

        watching = threading.Thread(target=watch)
        watching.start()
        assert told.wait(10)
        started.send_signal(signal.SIGTERM)
        assert started.wait(5) == 0
        assert started.stderr is not None
        assert "Traceback" not in started.stderr.read()
        watching.join(20)
        assert seen == [1, 2, 3]


def test_it_waits_for_a_database_and_can_be_stopped_meanwhile(stack: StackUrls) -> None:
    away = stack.model_copy(update={"database_owner_url": "postgresql+psycopg://nobody:x@127.0.0.1:9/none"})
    with process(away) as started:
        assert started.stderr is not None
        assert json.loads(started.stderr.readline())["event"] == "waiting for the database"
        started.send_signal(signal.SIGTERM)
        assert started.wait(5) == 0


def test_an_address_that_is_taken_is_told(stack: StackUrls) -> None:
    with process(stack) as first, process(stack, served_at(first).removeprefix("http://")) as second:
        assert second.wait(20) == 2
        assert second.stderr is not None
        assert "nothing can listen" in second.stderr.read()
