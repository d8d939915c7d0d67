"""What the tests of signing in get from npm: a certified OpenID provider, and a driver for Chromium."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

SOURCE = Path(__file__).with_name("oidc")
PLACE = Path(__file__).parents[2] / ".cache" / "sign-in-tests"


@pytest.fixture(scope="session")
def npm_folder() -> Path:
    """A folder in which the packages are installed, once for all sessions with the same lock file."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    PLACE.mkdir(parents=True, exist_ok=True)
    folder = PLACE / hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    with (PLACE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the suite runs in two processes
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json", ".npmrc"):
                shutil.copy(SOURCE / name, folder)
            command = [npm, "ci", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode:
                pytest.skip(f"npm ci does not work here: {done.stderr.strip()[-300:]}")
            (folder / "done").touch()
        for script in SOURCE.glob("*.mjs"):
            shutil.copy(script, folder)
    return folder


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider's process, which answers at `issuer`."""

    issuer: str

    def control(self, **change: Any) -> str:
        """Change what it says; `rotate=True` gives it another key. The id of its key."""
        with httpx.Client(trust_env=False, timeout=20) as http:
            return http.post(f"{self.issuer}/control", content=json.dumps(change)).raise_for_status().text


@pytest.fixture(scope="session")
def provider(npm_folder: Path) -> Iterator[Provider]:
    """npm's oidc-provider."""
    process = subprocess.Popen(
        ["node", "server.mjs"], cwd=npm_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        assert issuer.startswith("http://127.0.0.1:"), "the provider did not start"
        yield Provider(issuer)
    finally:
        process.kill()
        process.communicate()
