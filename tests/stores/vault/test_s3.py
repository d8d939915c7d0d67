"""The vault in S3: the shared suite over HTTP, and what is particular to buckets, versions and locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from ircopilot.stores.vault import Vault, open_vault

from .conftest import REGION
from .suite import VaultSuite


@pytest.fixture
def vault(aws: str, bucket: str, tmp_path: Path) -> Vault:
    return open_vault(f"s3://{bucket}/evidence?endpoint={aws}&region={REGION}", (tmp_path / "keys").as_uri())


class TestS3Vault(VaultSuite):
    """`S3Vault` keeps the protocol."""
