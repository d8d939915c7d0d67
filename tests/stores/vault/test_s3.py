"""The vault in S3: the shared suite over HTTP, and what is particular to uploads, buckets and lines."""

from __future__ import annotations

import base64
import hashlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ircopilot.stores.vault import (
    LocalVault,
    MissingObject,
    TamperedObject,
    UnreachableVault,
    UnstoredObject,
    UnusableVault,
    Vault,
    open_vault,
)
from ircopilot.stores.vault.s3 import S3Vault

from .conftest import REGION
from .cutting import cutting
from .suite import VaultSuite

MIB = 1 << 20


@pytest.fixture
def keys(tmp_path: Path) -> str:
    return (tmp_path / "keys").as_uri()


@pytest.fixture
def vault(aws: str, bucket: str, keys: str) -> Vault:
    return open_vault(f"s3://{bucket}/evidence?endpoint={aws}&region={REGION}&retention_days=10", keys)


class TestS3Vault(VaultSuite):
    """`S3Vault` keeps the protocol."""


def key_of(sha256: str, org: str = "org") -> str:
    return f"evidence/{org}/{sha256[:2]}/{sha256}"


def read(vault: Vault, sha256: str) -> bytes:
    with vault.open("org", sha256) as stream:
        return stream.read()


def test_objects_are_sealed_checksummed_and_locked(vault: Vault, s3: Any, bucket: str) -> None:
    data = os.urandom(100_000)
    sha256, _ = vault.put("org", [data])
    answer = s3.get_object(Bucket=bucket, Key=key_of(sha256), ChecksumMode="ENABLED")
    sealed = answer["Body"].read()
    assert data[:32] not in sealed
    assert answer["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(sealed).digest()).decode()
    assert answer["ObjectLockMode"] == "COMPLIANCE"
    left = answer["ObjectLockRetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=10) - timedelta(minutes=5) < left <= timedelta(days=10)
    assert vault.lock_of("org", sha256).retain_until == answer["ObjectLockRetainUntilDate"]


def test_a_sealed_object_is_the_same_file_in_both_drivers(vault: Vault, s3: Any, bucket: str, tmp_path: Path) -> None:
    sha256, _ = vault.put("org", [b"x" * 100_000])
    path = tmp_path / "disk" / "org" / sha256[:2] / sha256
    path.parent.mkdir(parents=True)
    path.write_bytes(s3.get_object(Bucket=bucket, Key=key_of(sha256))["Body"].read())
    assert read(LocalVault(tmp_path / "disk", keys=tmp_path / "keys"), sha256) == b"x" * 100_000


def test_the_same_bytes_again_are_one_version_kept_longer(aws: str, bucket: str, keys: str, s3: Any) -> None:
    url = f"s3://{bucket}/evidence?endpoint={aws}&region={REGION}&retention_days="
    sha256, _ = open_vault(url + "10", keys).put("org", [b"twice"])
    open_vault(url + "40", keys).put("org", [b"twice"])
    open_vault(url + "20", keys).put("org", [b"twice"])
    assert len(s3.list_object_versions(Bucket=bucket, Prefix=key_of(sha256))["Versions"]) == 1
    until = open_vault(url + "10", keys).lock_of("org", sha256).retain_until
    assert until is not None
    assert until > datetime.now(UTC) + timedelta(days=39)


def test_a_large_object_goes_in_parts_in_bounded_memory(vault: Vault, s3: Any, bucket: str) -> None:
    piece = os.urandom(MIB)
    tracemalloc.start()
    try:
        sha256, size = vault.put("org", (piece for _ in range(100)))
        digest = hashlib.sha256()
        with vault.open("org", sha256) as stream:
            while data := stream.read(MIB):
                digest.update(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (size, digest.hexdigest()) == (100 * MIB, sha256)
    assert peak < 60 * MIB, "four parts of 8 MiB, and what boto3 makes of them"
    head = s3.head_object(Bucket=bucket, Key=key_of(sha256))
    assert head["ETag"].strip('"').endswith("-13")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("broken", ["UploadPart", "CompleteMultipartUpload", "PutObject"])
def test_a_broken_upload_leaves_nothing(vault: S3Vault, s3: Any, bucket: str, broken: str) -> None:
    def refuse(**_: object) -> None:
        raise ConnectionResetError(broken)

    data = os.urandom(1000 if broken == "PutObject" else 20 * MIB)
    events = vault._client.meta.events
    events.register(f"before-send.s3.{broken}", refuse)
    with pytest.raises((UnreachableVault, ConnectionResetError)):
        vault.put("org", [data])
    sha256 = hashlib.sha256(data).hexdigest()
    assert not vault.exists("org", sha256)
    with pytest.raises(MissingObject):
        vault.open("org", sha256)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    events.unregister(f"before-send.s3.{broken}", refuse)
    assert read(vault, vault.put("org", [data])[0]) == data


def test_a_writer_that_was_killed_leaves_nothing_to_see_and_is_swept(
    vault: S3Vault, s3: Any, aws: str, bucket: str, keys: str
) -> None:
    program = (
        "import sys, time\n"
        "from ircopilot.stores.vault import open_vault\n"
        "vault = open_vault(*sys.argv[1:])\n"
        "def stop(**_):\n"
        "    print('sending', flush=True)\n"
        "    time.sleep(60)\n"
        "vault._client.meta.events.register('before-send.s3.CompleteMultipartUpload', stop)\n"
        "vault.put('org', (bytes(1 << 20) for _ in range(20)))\n"
    )
    url = f"s3://{bucket}/evidence?endpoint={aws}&region={REGION}"
    with subprocess.Popen([sys.executable, "-c", program, url, keys], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"sending\n"
        child.kill()
    sha256 = hashlib.sha256(bytes(20 * MIB)).hexdigest()
    assert not vault.exists("org", sha256)
    assert len(s3.list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    # moto says of every upload that it was begun in 2010.
    assert vault.abort_uploads(before=datetime(2009, 1, 1, tzinfo=UTC)) == 0, "somebody may still be sending it"
    assert vault.abort_uploads(before=datetime.now(UTC) - timedelta(days=1)) == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_temporary_folder_that_takes_no_more(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/dev/null/is-no-folder")
    with pytest.raises(UnstoredObject):
        vault.put("org", (bytes(MIB) for _ in range(20)))


def test_a_line_that_drops_is_taken_up_where_it_broke(aws: str, bucket: str, keys: str) -> None:
    data = os.urandom(5 * MIB)
    with cutting(aws) as relay:
        vault = open_vault(f"s3://{bucket}/evidence?endpoint={relay.url}&region={REGION}", keys)
        sha256, _ = vault.put("org", [data])
        # Before it is opened: much of an answer lies in the sockets by the time that anybody reads it.
        relay.cuts, relay.after = 3, MIB
        with vault.open("org", sha256) as stream:
            assert stream.read() == data
        assert relay.cut == 3


def test_a_store_that_went_away_is_not_taken_for_tampering(aws: str, bucket: str, keys: str) -> None:
    with cutting(aws) as relay:
        vault = open_vault(f"s3://{bucket}/evidence?endpoint={relay.url}&region={REGION}", keys)
        sha256, _ = vault.put("org", [os.urandom(5 * MIB)])
        relay.cuts, relay.after = 100, 2 * MIB
        with vault.open("org", sha256) as stream:
            relay.close()
            with pytest.raises(UnreachableVault):
                stream.read()


@pytest.mark.parametrize("place", [0, 40, 511, 600, 1_500_000, -1])
def test_changed_bytes_under_the_name_are_found(
    vault: Vault, s3: Any, bucket: str, aws: str, keys: str, place: int
) -> None:
    data = os.urandom(3 * MIB)
    sha256, _ = vault.put("org", [data])
    sealed = bytearray(s3.get_object(Bucket=bucket, Key=key_of(sha256))["Body"].read())
    sealed[place] ^= 1
    s3.put_object(Bucket=bucket, Key=f"other/org/{sha256[:2]}/{sha256}", Body=bytes(sealed))
    other = open_vault(f"s3://{bucket}/other?endpoint={aws}&region={REGION}", keys)
    with pytest.raises(TamperedObject):
        read(other, sha256)


@pytest.mark.parametrize("settings", ["plain", "versions"])
def test_a_bucket_without_versions_or_lock_is_refused(s3: Any, aws: str, keys: str, settings: str) -> None:
    name = f"plain-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    if settings == "versions":
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(UnusableVault, match=name) as refused:
        open_vault(f"s3://{name}?endpoint={aws}&region={REGION}", keys)
    assert "Object Lock" in str(refused.value.__dict__)
    assert not isinstance(refused.value, UnreachableVault)


def test_a_bucket_that_is_not_there_or_does_not_answer(aws: str, keys: str) -> None:
    with pytest.raises(UnusableVault, match="NoSuchBucket"):
        open_vault(f"s3://none-{uuid.uuid4()}?endpoint={aws}&region={REGION}", keys)
    with pytest.raises(UnreachableVault):
        open_vault(f"s3://any?endpoint=http://127.0.0.1:9&region={REGION}", keys)


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///prefix", "s3://b?retention_days=0", "s3://b?retention_days=x", "s3://b?unlocked=1"]
)
def test_an_address_that_is_none(url: str, keys: str) -> None:
    with pytest.raises(UnusableVault):
        open_vault(url, keys)


def test_a_bucket_without_a_key_service_is_refused(aws: str, bucket: str) -> None:
    with pytest.raises(UnusableVault, match="keys"):
        open_vault(f"s3://{bucket}?endpoint={aws}&region={REGION}")


def test_a_disk_that_takes_no_more_leaves_nothing(vault: Vault) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    data = bytes(4 * MIB)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, old[1]))
        with pytest.raises(UnstoredObject, match="File too large"):
            vault.put("org", [data])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, quiet)
    assert not vault.exists("org", hashlib.sha256(data).hexdigest())
    assert read(vault, vault.put("org", [data])[0]) == data
