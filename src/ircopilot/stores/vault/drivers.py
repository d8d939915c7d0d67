"""Vault drivers and key services by the schemes of their URLs."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from ircopilot.stores.vault.keyset_stores import LocalKeysetStore
from ircopilot.stores.vault.kms_ring import KeysetStore, Kms, KmsKeyRing
from ircopilot.stores.vault.local import LocalVault, folder_of
from ircopilot.stores.vault.local_keys import LocalKeyRing
from ircopilot.stores.vault.protocol import KeyRing, UnusableVault, Vault


def open_vault(url: str, kms_url: str | None = None) -> Vault:
    """The vault at `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…&retention_days=…`.

    `kms_url` says where the organisations' keys are, see `open_kms`, or `file:///folder`. Without one a vault on disk
    keeps them in a folder beside it, and a vault in S3 is refused. Raises `UnusableVault`.
    """
    if url.startswith("file://"):
        folder = folder_of(url)
        keys = folder.with_name(folder.name + ".keys")
        return LocalVault(folder, ring=_open_ring(kms_url, lambda: LocalKeysetStore(keys)) if kms_url else None)
    if url.startswith("s3://"):
        # boto3 takes a quarter of a second to import.
        from ircopilot.stores.vault.s3 import S3Vault
        from ircopilot.stores.vault.s3_client import S3Place, connect
        from ircopilot.stores.vault.s3_keysets import S3KeysetStore

        if not kms_url:
            raise UnusableVault(
                "a vault in S3 needs to know where its keys are", "set IRCOPILOT_KMS_URL: docs/vault.md"
            )
        place = S3Place.of(url)
        client = connect("s3", place.region, place.endpoint)
        ring = _open_ring(kms_url, lambda: S3KeysetStore(client, place.bucket, place.prefix))
        return S3Vault(place, ring, client)
    raise UnusableVault(f"no vault driver for {url.split(':', 1)[0]}:", "use file:///folder or s3://bucket/prefix")


def open_kms(url: str) -> Kms:
    """The key service at `aws-kms://region?endpoint=…`, `gcp-kms://projects/P/locations/L/keyRings/R?endpoint=…` or
    `hcvault://host:port/mount` (HTTPS; `hcvault+http://` for loopback alone). Raises `UnusableVault`.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = options.keys() - {"endpoint"}
    if unknown:
        raise UnusableVault(f"a key service's URL has no {', '.join(sorted(unknown))}", "see docs/vault.md")
    endpoint = options.get("endpoint") or None
    if parts.scheme == "aws-kms" and parts.netloc:
        from ircopilot.stores.vault.aws_kms import AwsKms

        return AwsKms(parts.netloc, endpoint)
    if parts.scheme == "gcp-kms":
        from ircopilot.stores.vault.gcp_kms import GcpKms

        return GcpKms(parts.netloc + parts.path, endpoint)
    if parts.scheme in ("hcvault", "hcvault+http") and parts.netloc:
        from ircopilot.stores.vault.hcvault_kms import HcVaultKms

        base = f"{'https' if parts.scheme == 'hcvault' else 'http'}://{parts.netloc}"
        return HcVaultKms(base, parts.path.strip("/") or "transit")
    raise UnusableVault(
        f"no key service for {parts.scheme}:", "use aws-kms://, gcp-kms://, hcvault:// or file:///folder"
    )


def _open_ring(url: str, store: Callable[[], KeysetStore]) -> KeyRing:
    if url.startswith("file://"):
        return LocalKeyRing(folder_of(url))
    return KmsKeyRing(open_kms(url), store())
