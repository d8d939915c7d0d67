"""The web application: its own unit tests, and its pages in a real browser against the whole service on the sample.

Needs npm, `make web` and a Chromium; without one of them it says which, and is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.program import data_directory, run
from ircopilot.gateway.site import load_site

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
ADDRESSES = ("IRCOPILOT_GATEWAY_ADDRESS", "IRCOPILOT_ORCHESTRATOR_ADDRESS", "IRCOPILOT_ORCHESTRATOR_HTTP")
LINK = re.compile(r"https?://\S+/sign-in/first\?token=\S+")
LONGEST_S = 280


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def npm() -> str:
    """npm, with what the web application depends on installed."""
    found = shutil.which("npm")
    if found is None:
        pytest.skip("npm is not installed")
    if not (WEB / "node_modules" / "vitest").is_dir():
        pytest.skip("web/node_modules is not there: make web")
    return found


@pytest.fixture(scope="module")
def chromium() -> str:
    """A browser."""
    found = os.environ.get("IRCOPILOT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium is installed")
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The whole service on a folder of its own: its address and the first owner's link, as the browser's tests take them."""
    if load_site() is None:
        pytest.skip("the web application is not built: make web")
    evidence = tmp_path_factory.mktemp("sample") / "evidence"
    subprocess.run([sys.executable, "-m", "ircopilot", "sample", str(evidence)], check=True, cwd=ROOT)
    environ = {name: f"127.0.0.1:{free_port()}" for name in ADDRESSES}
    with data_directory() as data:
        up = run(data, "up", more=environ)
        assert up.returncode == 0, up.stderr
        link = LINK.search(up.stdout)
        assert link, up.stdout
        yield {"IRCOPILOT_FIRST_LINK": link.group(), "IRCOPILOT_EVIDENCE": str(evidence)}


def ask(npm: str, script: str, more: dict[str, str]) -> None:
    """Run one of the package's scripts, and show what it said when it failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_")}
    done = subprocess.run(
        [npm, "--prefix", str(WEB), "run", "--silent", script],
        env=kept | {"CI": "1", "NO_COLOR": "1"} | more, capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"


def test_logic(npm: str) -> None:
    ask(npm, "test", {})


def test_pages(npm: str, chromium: str, served: dict[str, str]) -> None:
    ask(npm, "e2e", served | {"IRCOPILOT_CHROMIUM": chromium})
