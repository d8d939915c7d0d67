"""A real uvicorn on a free port over the session's stack, and keys for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from conftest import SampleCase
from gateway.copied import Copied, copy_case
from ircopilot.access.permissions import Role
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.limits import GatewayLimits
from ircopilot.gateway.serve import listen, make_server
from ircopilot.gateway.site import BuiltSite
from ircopilot.settings import ServiceSettings
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.api_keys import make_key
from ircopilot.stores.postgres.organisations import make_organisation

SETTINGS = ServiceSettings(
    gateway_address="127.0.0.1:0", orchestrator_address="127.0.0.1:9", heartbeat_s=0.4, grace_s=2.0
)
LIMITS = GatewayLimits(max_upload=8 << 20, max_rules=1 << 20, max_alerts=1 << 20, idle_s=1.0, stall_s=0.7)


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway that answers at `url`."""

    url: str
    port: int
    gate: Gate
    stop: Callable[[], None]


@contextmanager
def serving(
    stores: StoreSet,
    settings: ServiceSettings = SETTINGS,
    limits: GatewayLimits = LIMITS,
    site: BuiltSite | None = None,
) -> Iterator[Served]:
    """A gateway for the length of the block."""
    place = listen(settings.gateway_address)
    server = make_server(stores, settings, limits, site)
    thread = threading.Thread(target=server.run, args=([place],))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = place.getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", port, server.gate, lambda: setattr(server, "should_exit", True))
    finally:
        server.should_exit = True
        thread.join(20)
        place.close()
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def served(stores: StoreSet) -> Iterator[Served]:
    """One gateway for the session, without an orchestrator."""
    with serving(stores) as gateway:
        yield gateway


@pytest.fixture
def key(stores: StoreSet, org: str) -> str:
    """A key of the test's own organisation."""
    return new_key(stores, org)


@pytest.fixture
def http(served: Served, key: str) -> Iterator[httpx.Client]:
    """Calls with that key."""
    with client(served, key) as made:
        yield made


@pytest.fixture
def case(stores: StoreSet, sample_case: SampleCase) -> Copied:
    """An incident like the sample's, for the test alone."""
    return copy_case(stores, sample_case)


def new_key(stores: StoreSet, org_id: str, role: Role = "owner") -> str:
    """A key of the organisation, which is made if it is new."""
    with stores.database.tenant(org_id) as tx:
        make_organisation(tx, org_id)
        return make_key(tx, "test", role=role)


def client(served: Served, key: str) -> httpx.Client:
    """A client that shows the key."""
    return httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=20)
