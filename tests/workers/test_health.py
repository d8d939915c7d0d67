"""A worker's port for probes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from ircopilot.domain.errors import UnusableArgument
from ircopilot.workers import meters as measuring
from ircopilot.workers.health import health_port
from ircopilot.workers.meters import Meters


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
def http(meters: Meters) -> Iterator[httpx.Client]:
    with (
        health_port("127.0.0.1:0", meters) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        yield client


def test_no_address_no_port(meters: Meters) -> None:
    with health_port("", meters) as port:
        assert port == 0


def test_alive_while_its_loop_turns(http: httpx.Client, meters: Meters, monkeypatch: pytest.MonkeyPatch) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    monkeypatch.setattr(measuring, "STUCK_S", 0.0)
    time.sleep(0.01)
    assert http.get("/healthz").status_code == 503
    monkeypatch.undo()
    meters.turn()
    assert http.get("/healthz").status_code == 200


def test_ready_while_it_takes_jobs(http: httpx.Client, meters: Meters) -> None:
    assert http.get("/readyz").status_code == 503
    meters.ready = True
    assert http.get("/readyz").json() == {"ready": True}
    meters.jobs.labels("done").inc()
    text = http.get("/metrics").text
    assert 'ircopilot_worker_jobs_total{outcome="done"} 1.0' in text
    assert "ircopilot_worker_ready 1.0" in text
    assert http.get("/admin").status_code == 404


def test_an_address_that_cannot_be(meters: Meters) -> None:
    with pytest.raises(UnusableArgument), health_port("here", meters):
        pass
    with (
        health_port("127.0.0.1:0", meters) as port,
        pytest.raises(UnusableArgument, match="in use"),
        health_port(f"127.0.0.1:{port}", meters),
    ):
        pass
