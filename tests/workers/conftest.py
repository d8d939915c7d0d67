"""A stack of this room's own, since its servers are emptied and its consumers shared; small evidence, and its report."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.prepared import prepare

from faults.evidence import small_evidence, write_evidence
from ircopilot.embedded import running_stack
from ircopilot.pipeline.request import Request, Silent
from ircopilot.pipeline.run import investigate
from ircopilot.stores import open_stores
from workers.around import Case, Relay, Service


@pytest.fixture(scope="package")
def stood_up() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        prepare(folder / "data")
        with running_stack(folder / "data") as urls, open_stores(urls) as stores, Relay(urls, stores):
            yield Service(urls, stores, folder / "data")


@pytest.fixture
def service(stood_up: Service) -> Iterator[Service]:
    """The stack with its relay; workers that the test started end with it."""
    with stood_up.tidied():
        yield stood_up


@pytest.fixture(scope="package")
def evidence() -> dict[str, bytes]:
    """Small evidence: the messages and the alerts, and what one computer did."""
    return {n: d for n, d in small_evidence().items() if n.startswith(("slack/", "alerts/", "jump01/", "windows/fin"))}


@pytest.fixture(scope="package")
def reference(
    stood_up: Service, evidence: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The report of `investigate` over the same evidence."""
    folder = write_evidence(tmp_path_factory.mktemp("evidence") / "evidence", evidence)
    out = tmp_path_factory.mktemp("out")
    request = Request(
        (folder,), out, title="Small", incident="CASE", org_id=str(uuid.uuid4()), rule_cache=stood_up.folder / "cache"
    )
    investigate(stood_up.stores, request, Silent())
    return {k: v for k, v in json.loads((out / "report.json").read_bytes()).items() if k != "run"}


@pytest.fixture
def case(service: Service, evidence: dict[str, bytes]) -> Iterator[Case]:
    """An incident with the small evidence; its runs end with the test."""
    made = Case(service.stores, evidence)
    yield made
    made.drop()
