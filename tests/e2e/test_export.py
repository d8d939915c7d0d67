"""An export from the first call to the verified document: `up`, the gateway, the orchestrator and live workers."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.prepared import prepare

from faults.evidence import write_evidence
from ircopilot.access.keys import create_key
from ircopilot.access.organisations import create_organisation
from ircopilot.embedded import start_stack, stop_stack
from ircopilot.export.registry import EXPORTERS
from ircopilot.export.verify import verify_report
from ircopilot.stores import open_stores

pytestmark = pytest.mark.timeout(600)
FORMATS = tuple(exporter.name for exporter in EXPORTERS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def http(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """Calls to a service of its own, whose every part is a process."""
    for name in [name for name in os.environ if name.startswith("IRCOPILOT_")]:
        monkeypatch.delenv(name)
    port = free_port()
    monkeypatch.setenv("IRCOPILOT_GATEWAY_ADDRESS", f"127.0.0.1:{port}")
    for name in ("ORCHESTRATOR_ADDRESS", "ORCHESTRATOR_HTTP"):
        monkeypatch.setenv(f"IRCOPILOT_{name}", f"127.0.0.1:{free_port()}")
    with tempfile.TemporaryDirectory(prefix="irc-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        data = prepare(Path(name) / "data")
        urls = start_stack(data, services=True)
        try:
            with open_stores(urls) as stores:
                create_organisation(stores.database, "Example Ltd")
                key = create_key(stores.database, "Example Ltd", "e2e")
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, trust_env=False,
                timeout=30,
            ) as made:  # fmt: skip
                yield made
        finally:
            stop_stack(data)


def over(http: httpx.Client, url: str, patience_s: float = 240) -> dict[str, Any]:
    """The run or export at that address when it has come to its end."""
    until = time.monotonic() + patience_s
    while True:
        found: dict[str, Any] = http.get(url).raise_for_status().json()
        if found["state"] not in ("queued", "running"):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.2)


def test_an_export_is_made_fetched_and_verified(http: httpx.Client, tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence")
    assert http.post("/v1/incidents", json={"key": "INC-1", "title": "Sample"}).status_code == 201
    for path in sorted(p for p in (tmp_path / "evidence").rglob("*") if p.is_file()):
        answer = http.post("/v1/incidents/INC-1/evidence", params={"name": path.name}, content=path.read_bytes())
        assert answer.is_success, answer.text
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    begun = http.post("/v1/incidents/INC-1/runs", json={}, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert over(http, begun.headers["location"])["state"] == "done"
    assert len(http.get("/v1/incidents/INC-1/reports").json()["items"]) == 1
    asked = [http.post("/v1/incidents/INC-1/exports", json={"format": f, "tlp": "TLP:AMBER"}) for f in FORMATS]
    for format_, answer in zip(FORMATS, asked, strict=True):
        assert answer.status_code == 202, answer.text
        place = answer.headers["location"]
        done = over(http, place)
        assert done["state"] == "done", done
        got = http.get(f"{place}/file")
        sha256 = hashlib.sha256(got.content).hexdigest()
        assert sha256 == done["sha256"] == got.headers["etag"].strip('"').removesuffix("-gzip"), format_
        assert len(got.content) == done["size"]
        manifest = http.get(f"{place}/manifest")
        assert sha256 in manifest.text, format_
        if format_ == "json":
            folder = tmp_path / "export"
            folder.mkdir()
            (folder / "report.json").write_bytes(got.content)
            (folder / "manifest.json").write_bytes(manifest.content)
            verified = verify_report(folder)
            assert verified.ok, [check.problems for check in verified.checks]
    kinds = [http.get("/v1/runs", params={"kind": kind}).json()["items"] for kind in ("analysis", "export")]
    assert [len(found) for found in kinds] == [1, len(FORMATS)]
