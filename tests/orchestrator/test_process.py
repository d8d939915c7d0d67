"""`ircopilot orchestrator` as a process of its own, against external servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import IO, Any

import grpc
import pytest

from ircopilot.contracts.generated import orchestrator_pb2 as pb
from ircopilot.contracts.generated.orchestrator_pb2_grpc import OrchestratorStub
from ircopilot.settings import StackUrls


def environment(urls: StackUrls) -> dict[str, str]:
    named = {
        "DATABASE_URL": urls.database_owner_url,
        "SERVICE_TOKEN": "secret",
        "ORCHESTRATOR_ADDRESS": "127.0.0.1:0",
        "ORCHESTRATOR_HTTP": "127.0.0.1:0",
    } | {name.upper(): value for name, value in urls.model_dump().items() if name != "database_owner_url" and value}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("IRCOPILOT_")}
    return inherited | {f"IRCOPILOT_{name}": value for name, value in named.items()}


@pytest.fixture
def process(stack: StackUrls) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from ircopilot.cli.main import main; main()", "orchestrator"]
    started = subprocess.Popen(command, env=environment(stack), stderr=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        assert started.stderr is not None
        started.stderr.close()


def said(log: IO[str], event: str) -> dict[str, Any]:
    """The first line of the log that tells of `event`."""
    for line in log:
        told: dict[str, Any] = json.loads(line)
        if told["event"] == event:
            return told
    raise AssertionError(f"it ended without saying {event!r}")


def test_it_serves_and_ends_within_five_seconds(process: subprocess.Popen[str], stack: StackUrls, org: str) -> None:
    assert process.stderr is not None
    where = said(process.stderr, "serving")
    with grpc.insecure_channel(f"127.0.0.1:{where['rpc_port']}") as channel:
        stub: Any = OrchestratorStub(channel)
        token = (("authorization", "Bearer secret"),)
        answer = stub.ListDeadLetters(pb.ListDeadLettersRequest(org_id=org), metadata=token, timeout=10)
        assert list(answer.letters) == []
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(10) == 0
        assert time.monotonic() - begun < 5
    assert all(secret not in rest for secret in ("secret", stack.nats_token, stack.database_app_url))
    assert "ending" in [json.loads(line)["event"] for line in rest.splitlines()]
