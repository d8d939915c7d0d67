"""One service for all the pages' tests, on the sample; an organisation of its own for each file of them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults.program import COMMAND, data_directory, run
from ircopilot.access.joining import invite_from_machine
from ircopilot.access.organisations import create_organisation
from ircopilot.embedded import running_stack
from ircopilot.gateway.site import load_site
from ircopilot.stores import open_stores
from web.hostile import write_hostile

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
ADDRESSES = ("IRCOPILOT_GATEWAY_ADDRESS", "IRCOPILOT_ORCHESTRATOR_ADDRESS", "IRCOPILOT_ORCHESTRATOR_HTTP")
LINK = re.compile(r"(https?://\S+)/sign-in/first\?token=\S+")
LONGEST_S = 280
# What whoever looks at a run may ask for; nothing else of ours reaches the browser's tests.
ASKED = ("IRCOPILOT_SCREENS", "IRCOPILOT_UPDATE_PICTURES")
# The file that begins with the link which `ircopilot up` prints; the others' are made for organisations of their own.
STORY = "story"
HOSTILE = "hostile"


def browser_files() -> list[str]:
    """The names of the browser's test files."""
    return sorted(path.name.removesuffix(".e2e.ts") for path in (WEB / "e2e").glob("*.e2e.ts"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def npm() -> str:
    """npm, with what the web application depends on installed."""
    found = shutil.which("npm")
    if found is None:
        pytest.skip("npm is not installed")
    if not (WEB / "node_modules" / "vitest").is_dir():
        pytest.skip("web/node_modules is not there: make web")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """A browser."""
    found = os.environ.get("IRCOPILOT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium is installed")
    return found


@pytest.fixture(scope="session")
def served(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], dict[str, str]]]:
    """The whole service on a folder of its own. Called with a file's name: the environment that the file runs in, with
    the link of the first owner of the file's organisation.
    """
    if load_site() is None:
        pytest.skip("the web application is not built: make web")
    evidence = tmp_path_factory.mktemp("sample") / "evidence"
    subprocess.run([sys.executable, "-m", "ircopilot", "sample", str(evidence)], check=True, cwd=ROOT)
    addresses = {name: f"127.0.0.1:{free_port()}" for name in ADDRESSES}
    with data_directory(used=True) as data:
        up = run(data, "up", more=addresses)
        assert up.returncode == 0, up.stderr
        link = LINK.search(up.stdout)
        assert link, up.stdout

        def environment(name: str) -> dict[str, str]:
            hostile = {"IRCOPILOT_HOSTILE": str(write_hostile(evidence, data.parent / "h"))} if name == HOSTILE else {}
            first = link.group() if name == STORY else f"{link.group(1)}/sign-in/first?token={owners_token(data, name)}"
            return addresses | hostile | {
                "IRCOPILOT_FIRST_LINK": first, "IRCOPILOT_EVIDENCE": str(evidence), "IRCOPILOT_CHROMIUM": chromium,
                "IRCOPILOT_COMMAND": COMMAND, "IRCOPILOT_DATA_DIR": str(data),
            }  # fmt: skip

        yield environment


def owners_token(data: Path, name: str) -> str:
    """Of the first owner's link of a new organisation."""
    with running_stack(data) as urls, open_stores(urls) as stores:
        organisation = create_organisation(stores.database, f"Pages: {name}")
        return invite_from_machine(stores.database, organisation.org_id, "owner")[1]


def ask(npm: str, script: str, *arguments: str, more: dict[str, str]) -> None:
    """Run one of the package's scripts, and show what it said when it failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IRCOPILOT_") or name in ASKED}
    done = subprocess.run(
        [npm, "--prefix", str(WEB), "run", "--silent", script, "--", *arguments],
        env=kept | {"CI": "1", "NO_COLOR": "1"} | more, capture_output=True, text=True, timeout=LONGEST_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
