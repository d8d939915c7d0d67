"""What every room's tests share: the real stack, once per session, and no socket to anything but this machine."""

from __future__ import annotations

import ipaddress
import json
import socket
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.scheduling import in_order, make_scheduler

if TYPE_CHECKING:
    from ircopilot.settings import StackUrls
    from ircopilot.stores import StoreSet


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See `tests.scheduling`."""
    items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """See `tests.scheduling`."""
    return make_scheduler(config, log) if config.getvalue("dist") == "loadfile" else None


class NetworkDenied(AssertionError):
    """A test tried to leave the machine."""


def _refuse_remote(address: object) -> None:
    if isinstance(address, tuple) and address:
        host = str(address[0]).split("%")[0]
        try:
            local = host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = False
        if not local:
            raise NetworkDenied(f"a test tried to reach {host}")


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Sockets of this process reach loopback and Unix sockets, and no name but localhost is resolved."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        _refuse_remote(address)
        connect(self, address)

    def checked_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_remote(address)
        return connect_ex(self, address)

    def checked_resolve(host: Any, *args: Any, **more: Any) -> Any:
        if host is not None:
            _refuse_remote((host.decode() if isinstance(host, bytes) else host,))
        return resolve(host, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked_connect)
        patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
        patch.setattr(socket, "getaddrinfo", checked_resolve)
        yield


@pytest.fixture(scope="session")
def stack() -> Iterator[StackUrls]:
    """URLs of the embedded stack, started for this session on a folder of its own, migrated."""
    # Imported here: tests of pure functions need not load the stores.
    from ircopilot.embedded import running_stack
    from ircopilot.stores import open_stores

    # Not pytest's tmp_path: Unix sockets need a short path, and Postgres run by root a folder that others may enter.
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        with running_stack(folder / "data") as urls:
            open_stores(urls).close()
            yield urls


@pytest.fixture(scope="session")
def stores(stack: StackUrls) -> Iterator[StoreSet]:
    """The stores of the session's stack."""
    from ircopilot.stores import open_stores

    with open_stores(stack) as opened:
        yield opened


@pytest.fixture
def org() -> str:
    """An organisation that no other test knows."""
    return f"org-{uuid.uuid4()}"


@dataclass(frozen=True, slots=True)
class SampleCase:
    """The sample incident, investigated once: whose it is, how it is called, and its report as a document."""

    org: str
    key: str
    report: dict[str, Any]


@pytest.fixture(scope="session")
def sample_case(stores: StoreSet, tmp_path_factory: pytest.TempPathFactory) -> SampleCase:
    """Findings and report of the sample, less its bulk, in the session's stores."""
    from faults.evidence import write_evidence
    from ircopilot.pipeline.request import Request, Silent
    from ircopilot.pipeline.run import investigate

    folder = tmp_path_factory.mktemp("sample-case")
    write_evidence(folder / "evidence")
    org, key = str(uuid.uuid4()), "SAMPLE"
    request = Request((folder / "evidence",), folder / "out", title="Sample", incident=key, org_id=org)
    investigate(stores, request, Silent())
    return SampleCase(org, key, json.loads((folder / "out" / "report.json").read_bytes()))
