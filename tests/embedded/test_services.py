"""`up` with the service on it: gateway, orchestrator and workers as supervised children."""

from __future__ import annotations

import os
import re
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.prepared import prepare
from typer.testing import CliRunner

from ircopilot.cli.app import app
from ircopilot.domain.errors import UnusableArgument
from ircopilot.embedded import stack_status, start_stack, stop_stack
from ircopilot.embedded.errors import ServicesFailed
from ircopilot.embedded.roles import WORKER_KINDS

SERVERS = {"supervisor", "postgres", "eventstore", "nats", "redis"}
SERVICES = {"gateway", "orchestrator", *(f"worker {kind}" for kind in WORKER_KINDS)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("IRCOPILOT_")]:
        monkeypatch.delenv(name)
    for name in ("GATEWAY_ADDRESS", "ORCHESTRATOR_ADDRESS", "ORCHESTRATOR_HTTP"):
        monkeypatch.setenv(f"IRCOPILOT_{name}", f"127.0.0.1:{free_port()}")
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield prepare(Path(name) / "data")
        stop_stack(Path(name) / "data")


def running(data: Path) -> dict[str, int]:
    return {part.name: part.pid for part in stack_status(data) if part.state == "running"}


def test_the_service_runs_comes_back_and_ends_with_the_stack(data: Path) -> None:
    start_stack(data)
    servers = running(data)
    assert set(servers) == SERVERS
    start_stack(data, services=True)
    before = running(data)
    assert set(before) == SERVERS | SERVICES
    assert {name: before[name] for name in SERVERS} == servers, "what runs already is left as it is"
    start_stack(data, services=True)
    assert running(data) == before
    _become_owner(data)
    token = data / "keys" / "service.token"
    assert token.stat().st_mode & 0o777 == 0o600
    assert len(token.read_text().strip()) >= 32
    for name in SERVICES:
        assert token.read_text().strip() not in " ".join(psutil.Process(before[name]).cmdline())
        os.kill(before[name], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while set(now := running(data)) < SERVERS | SERVICES or {now[n] for n in SERVICES} & set(before.values()):
        assert time.monotonic() < deadline, stack_status(data)
        time.sleep(0.1)
    begun = time.monotonic()
    assert stop_stack(data)
    assert time.monotonic() - begun < 10
    assert not [
        pid for pid in now.values() if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def _become_owner(data: Path) -> None:
    """`up` prints a link while nobody owns the installation; it works once, and `admin invite` makes further ones."""

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments, env={"IRCOPILOT_DATA_DIR": str(data)}, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.output)

    pattern = r"http://localhost:\d+/sign-in/(first|join)\?token=(iri_[0-9a-f]{16}_[A-Za-z0-9_-]{43})"
    first, second = (re.search(pattern, said("up", "--data-dir", str(data))) for _ in range(2))
    assert first
    assert second
    url = f"http://{os.environ['IRCOPILOT_GATEWAY_ADDRESS']}"
    body = {"email": "ada@example.org", "name": "Ada", "password": "quiet harbour lanterns"}
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        assert http.post("/v1/auth/first", json=body | {"token": first[2]}).status_code == 404
        assert http.post("/v1/auth/first", json=body | {"token": second[2]}).json()["role"] == "owner"
        assert http.get("/v1/me").json()["email"] == "ada@example.org"
        assert "/sign-in/first" not in said("up", "--data-dir", str(data))
        more = re.search(pattern, said("admin", "invite", "--org", "local", "--role", "viewer"))
        assert more
        assert more[1] == "join"
        joined = http.post("/v1/auth/join", json=body | {"email": "bo@example.org", "token": more[2]})
        assert joined.json()["role"] == "viewer"
    key = said("admin", "key", "create", "--org", "local", "--name", "k", "--role", "viewer").strip()
    with httpx.Client(base_url=url, trust_env=False, timeout=30, headers={"Authorization": f"Bearer {key}"}) as http:
        assert http.get("/v1/me").json()["role"] == "viewer"
    assert "viewer" in said("admin", "key", "list", "--org", "local")
    refused = CliRunner().invoke(app, ["admin", "invite", "--org", "local", "--role", "service"])
    assert isinstance(refused.exception, UnusableArgument)


def test_an_address_that_is_taken_is_said_and_the_others_run(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(os.environ["IRCOPILOT_GATEWAY_ADDRESS"].rpartition(":")[2])))
        taken.listen()
        with pytest.raises(ServicesFailed, match="gateway: another program has"):
            start_stack(data, services=True)
        assert "gateway" not in running(data)
        assert set(running(data)) >= SERVERS | SERVICES - {"gateway"}
