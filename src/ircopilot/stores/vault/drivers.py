"""Vault drivers by the scheme of their URL."""

from __future__ import annotations

from ircopilot.stores.vault.envelope import KeyRing, LocalKeyRing
from ircopilot.stores.vault.local import LocalVault, folder_of
from ircopilot.stores.vault.protocol import UnusableVault, Vault


def open_vault(url: str, kms_url: str | None = None) -> Vault:
    """The vault at `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…&retention_days=…`.

    `kms_url` says where the organisations' keys are: `file:///folder`. Without one a vault on disk
    keeps them in a folder beside it, and a vault in S3 is refused. Raises `UnusableVault`.
    """
    if url.startswith("file://"):
        return LocalVault(folder_of(url), ring=_open_ring(kms_url) if kms_url else None)
    if url.startswith("s3://"):
        # boto3 takes a quarter of a second to import.
        from ircopilot.stores.vault.s3 import S3Vault
        from ircopilot.stores.vault.s3_client import S3Place

        if not kms_url:
            raise UnusableVault(
                "a vault in S3 needs to know where its keys are", "set IRCOPILOT_KMS_URL: docs/vault.md"
            )
        return S3Vault(S3Place.of(url), _open_ring(kms_url))
    raise UnusableVault(f"no vault driver for {url.split(':', 1)[0]}:", "use file:///folder or s3://bucket/prefix")


def _open_ring(url: str) -> KeyRing:
    if url.startswith("file://"):
        return LocalKeyRing(folder_of(url))
    raise UnusableVault(f"no key service for {url.split(':', 1)[0]}:", "use file:///folder")
