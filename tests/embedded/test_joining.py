"""Joining a stack while its last user leaves: nobody is handed the addresses of servers that are ending."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from tests.prepared import prepare

from ircopilot.embedded import running_stack, stack_status, stop_stack
from ircopilot.embedded.control import open_link
from ircopilot.embedded.layout import Layout
from ircopilot.embedded.stack import _join


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("IRCOPILOT_")]:
        monkeypatch.delenv(name)
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield prepare(Path(name) / "data")
        stop_stack(Path(name) / "data")


def test_one_after_the_other_without_a_pause(data: Path) -> None:
    errors: list[Exception] = []

    def use() -> None:
        for _ in range(3):
            try:
                with running_stack(data) as urls, redis.Redis.from_url(urls.redis_url) as cache:
                    cache.ping()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert stack_status(data) == []


def test_who_joins_just_after_the_last_one_left_is_not_let_in(data: Path) -> None:
    first, _, _ = _join(Layout(data))
    late = open_link(Layout(data))
    assert late is not None
    assert first.ask("leave", 20) == {"ok": True, "last": True}
    assert late.ask("join", 20) is None, "the URLs of servers that are ending"
    for link in (first, late):
        link.close()
    with running_stack(data) as urls, redis.Redis.from_url(urls.redis_url) as cache:
        assert cache.ping()
