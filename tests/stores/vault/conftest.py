"""A local S3 and KMS server: moto's, over HTTP, in a process of its own. Its limits are written down in docs/vault.md."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

REGION = "eu-central-1"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """URL of the server. The credentials in the environment are invented ones."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    named = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "2",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in named.items():
            patch.setenv(name, value)
        with subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child:
            try:
                _wait(url, child)
                yield url
            finally:
                child.kill()


def _wait(url: str, child: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert child.poll() is None, "moto's server ended"
        try:
            with urllib.request.urlopen(f"{url}/moto-api/data.json", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("moto's server does not answer")


@pytest.fixture
def s3(aws: str) -> Any:
    """A plain client of the server, as an attacker or an administrator would have it."""
    from ircopilot.stores.vault.s3_client import connect

    return connect("s3", REGION, aws)


@pytest.fixture
def bucket(s3: Any) -> str:
    """A new bucket with Object Lock."""
    name = f"evidence-{uuid.uuid4()}"
    s3.create_bucket(
        Bucket=name, ObjectLockEnabledForBucket=True, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return name
