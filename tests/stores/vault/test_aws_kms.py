"""Keys under AWS KMS, against moto's server over HTTP: what that does not enforce is in docs/vault.md."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ircopilot.stores.vault import DestroyedKey, UnreachableVault, UnusableVault, Vault, open_vault
from ircopilot.stores.vault.drivers import open_kms
from ircopilot.stores.vault.keyset_stores import LocalKeysetStore
from ircopilot.stores.vault.kms_ring import KmsKeyRing, key_name
from ircopilot.stores.vault.s3_client import connect

from .conftest import REGION
from .ring_suite import OpenRing, RingSuite


@pytest.fixture
def kms(aws: str) -> Any:
    """A plain client of the key service, its keys away: KMS aliases are an account's, not a test's."""
    client = connect("kms", REGION, aws)
    for alias in client.list_aliases()["Aliases"]:
        if alias["AliasName"].startswith("alias/ircopilot-"):
            client.delete_alias(AliasName=alias["AliasName"])
    return client


@pytest.fixture
def open_ring(aws: str, kms: Any, tmp_path: Path) -> OpenRing:
    return lambda: KmsKeyRing(open_kms(f"aws-kms://{REGION}?endpoint={aws}"), LocalKeysetStore(tmp_path / "keysets"))


class TestAwsKeyRing(RingSuite):
    """`KmsKeyRing` over AWS KMS keeps the protocol."""


@pytest.fixture
def open_s3(aws: str, bucket: str, kms: Any) -> Callable[[], Vault]:
    urls = f"s3://{bucket}/p?endpoint={aws}&region={REGION}", f"aws-kms://{REGION}?endpoint={aws}"
    return lambda: open_vault(*urls)


def read(vault: Vault, org: str, sha256: str) -> bytes:
    with vault.open(org, sha256) as stream:
        return stream.read()


def test_in_s3_the_keyset_lies_outside_the_locked_objects(
    open_s3: Callable[[], Vault], s3: Any, kms: Any, bucket: str
) -> None:
    vault = open_s3()
    old, _ = vault.put("org", [b"old"])
    vault.keys.rotate("org")
    new, _ = vault.put("org", [b"new"])
    before = {v["Key"]: v["ETag"] for v in s3.list_object_versions(Bucket=bucket)["Versions"]}
    assert {"p/.keys/org/00000001", "p/.keys/org/00000002"} <= before.keys()
    assert [step.what for step in vault.keys.rewrap("org")] == [
        "wrapped anew as generation 3",
        "generation 1 removed",
        "generation 2 removed",
    ]
    listed = s3.list_object_versions(Bucket=bucket)
    after = {v["Key"]: v["ETag"] for v in listed["Versions"]}
    assert after.keys() == before.keys() - {"p/.keys/org/00000001", "p/.keys/org/00000002"} | {"p/.keys/org/00000003"}
    assert all(after[key] == before[key] for key in after.keys() & before.keys())
    assert "DeleteMarkers" not in listed
    assert read(open_s3(), "org", old) + read(open_s3(), "org", new) == b"oldnew"
    key = kms.describe_key(KeyId="alias/ircopilot-org")["KeyMetadata"]["KeyId"]
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1


def test_a_destroyed_organisation_stays_locked_and_is_unreadable(
    open_s3: Callable[[], Vault], s3: Any, kms: Any, bucket: str
) -> None:
    vault = open_s3()
    gone, _ = vault.put("gone", [b"secret of gone"])
    stays, _ = vault.put("stays", [b"secret of stays"])
    vault.keys.destroy("gone")
    with pytest.raises(DestroyedKey):
        open_s3().open("gone", gone)
    assert open_s3().exists("gone", gone), "the ciphertext lies under its lock until that ends"
    assert read(open_s3(), "stays", stays) == b"secret of stays"
    assert kms.describe_key(KeyId="alias/ircopilot-gone")["KeyMetadata"]["KeyState"] == "PendingDeletion"
    left = [v["Key"] for v in s3.list_object_versions(Bucket=bucket, Prefix="p/.keys/gone/")["Versions"]]
    assert left == ["p/.keys/gone/00000002"], "the tombstone alone"


def test_a_tombstone_cannot_be_written_over(open_s3: Callable[[], Vault], s3: Any, bucket: str) -> None:
    vault = open_s3()
    vault.put("gone", [b"x"])
    keyset = s3.get_object(Bucket=bucket, Key="p/.keys/gone/00000001")["Body"].read()
    vault.keys.destroy("gone")
    s3.put_object(Bucket=bucket, Key="p/.keys/gone/00000002", Body=keyset)
    with pytest.raises(DestroyedKey):
        open_s3().keys.key_of("gone")
    s3.delete_object(Bucket=bucket, Key="p/.keys/gone/00000002")
    with pytest.raises(DestroyedKey):
        open_s3().keys.key_of("gone")


def test_a_destruction_elsewhere_is_heard_of_in_time(aws: str, kms: Any, tmp_path: Path) -> None:
    now = 0.0
    store, service = LocalKeysetStore(tmp_path / "k"), open_kms(f"aws-kms://{REGION}?endpoint={aws}")
    ring = KmsKeyRing(service, store, fresh_for=60, clock=lambda: now)
    ring.key_of("org")
    KmsKeyRing(service, store).destroy("org")
    now = 59.0
    ring.key_of("org")
    now = 60.0
    with pytest.raises(DestroyedKey):
        ring.key_of("org")


def test_names_of_keys_fit_every_service_and_never_meet() -> None:
    ids = ["org", "Org", "ORG", "o.rg", "o_rg", "x-org", "o" * 52, "o" * 53, "o" * 128, str(uuid.uuid4())]
    names = [key_name(org) for org in ids]
    assert len(set(names)) == len(ids)
    assert all(len(name) <= 63 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)
    assert key_name("org") == "ircopilot-org"


def test_a_service_that_is_away_or_unknown(aws: str, tmp_path: Path) -> None:
    away = KmsKeyRing(open_kms(f"aws-kms://{REGION}?endpoint=http://127.0.0.1:9"), LocalKeysetStore(tmp_path))
    with pytest.raises(UnreachableVault):
        away.key_of("org")
    for url in ("aws-kms://", "azure-kms://x", f"aws-kms://{REGION}?key=x"):
        with pytest.raises(UnusableVault):
            open_kms(url)


def test_a_keyset_of_another_service_is_not_tried(aws: str, kms: Any, tmp_path: Path) -> None:
    store = LocalKeysetStore(tmp_path)
    KmsKeyRing(open_kms(f"aws-kms://{REGION}?endpoint={aws}"), store).key_of("org")
    with pytest.raises(UnusableVault, match="aws-kms://eu-central-1"):
        KmsKeyRing(open_kms(f"aws-kms://us-east-1?endpoint={aws}"), store).key_of("org")
