"""Evidence in S3 against whoever holds our role's own credentials, or the bucket owner's: nobody deletes or replaces it.

moto's server does not check policies, so these credentials may ask for anything: only Object Lock stands in the way.
What moto does not enforce, and Amazon does, is named where it matters.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ircopilot.stores.vault import LockedObject, TamperedObject, Vault, open_vault

from .conftest import REGION

DATA = os.urandom(300_000)


@pytest.fixture
def vault(aws: str, bucket: str, tmp_path: Path) -> Vault:
    return open_vault(f"s3://{bucket}/e?endpoint={aws}&region={REGION}", (tmp_path / "keys").as_uri())


@pytest.fixture
def evidence(vault: Vault, s3: Any, bucket: str) -> tuple[str, dict[str, str]]:
    """SHA-256 of stored evidence, and where that is: bucket, key and version."""
    sha256, _ = vault.put("org", [DATA])
    key = f"e/org/{sha256[:2]}/{sha256}"
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    return sha256, {"Bucket": bucket, "Key": key, "VersionId": version["VersionId"]}


def read(vault: Vault, sha256: str) -> bytes:
    with vault.open("org", sha256) as stream:
        return stream.read()


@pytest.mark.parametrize("bypass", [False, True])
@pytest.mark.parametrize("held", ["retention", "legal hold too"])
def test_a_version_cannot_be_deleted(
    vault: Vault, s3: Any, evidence: tuple[str, dict[str, str]], bypass: bool, held: str
) -> None:
    sha256, where = evidence
    vault.set_legal_hold("org", sha256, held != "retention")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**where, BypassGovernanceRetention=bypass)
    batch = {"Objects": [{"Key": where["Key"], "VersionId": where["VersionId"]}]}
    answer = s3.delete_objects(Bucket=where["Bucket"], Delete=batch, BypassGovernanceRetention=bypass)
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert read(vault, sha256) == DATA


def test_a_legal_hold_outlives_retention(vault: Vault, s3: Any, evidence: tuple[str, dict[str, str]]) -> None:
    sha256, where = evidence
    vault.set_legal_hold("org", sha256, True)
    # Amazon refuses this: moto lets retention be ended, which shows what the hold alone is worth.
    past = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) - timedelta(days=1)}
    s3.put_object_retention(**where, Retention=past)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(**where, BypassGovernanceRetention=True)
    assert read(vault, sha256) == DATA
    vault.set_legal_hold("org", sha256, False)
    s3.delete_object(**where)
    assert not vault.exists("org", sha256), "the attempts above were refused by the hold and by nothing else"


def test_a_delete_marker_hides_nothing(vault: Vault, s3: Any, evidence: tuple[str, dict[str, str]]) -> None:
    sha256, where = evidence
    for _ in range(2):
        s3.delete_object(Bucket=where["Bucket"], Key=where["Key"])
    assert vault.exists("org", sha256)
    assert read(vault, sha256) == DATA
    vault.put("org", [DATA])
    vault.set_legal_hold("org", sha256, True)
    assert vault.lock_of("org", sha256).legal_hold
    assert len(s3.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"])["Versions"]) == 1


def _forged(s3: Any, where: dict[str, str]) -> bytes:
    """The true header, with a body that was changed."""
    sealed = bytearray(s3.get_object(**where)["Body"].read())
    sealed[-1] ^= 1
    return bytes(sealed)


def _by_put(s3: Any, where: dict[str, str], body: bytes) -> None:
    s3.put_object(Bucket=where["Bucket"], Key=where["Key"], Body=body)


def _by_copy(s3: Any, where: dict[str, str], body: bytes) -> None:
    s3.put_object(Bucket=where["Bucket"], Key="elsewhere", Body=body)
    source = {"Bucket": where["Bucket"], "Key": "elsewhere"}
    s3.copy_object(Bucket=where["Bucket"], Key=where["Key"], CopySource=source)


def _by_multipart(s3: Any, where: dict[str, str], body: bytes) -> None:
    target = {"Bucket": where["Bucket"], "Key": where["Key"]}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    etag = s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=body)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload=parts)


@pytest.mark.parametrize("way", [_by_put, _by_copy, _by_multipart])
@pytest.mark.parametrize("forge", ["junk", "header"])
def test_a_version_on_top_replaces_nothing(
    vault: Vault, s3: Any, evidence: tuple[str, dict[str, str]], way: Callable[..., None], forge: str
) -> None:
    sha256, where = evidence
    way(s3, where, b"forged" if forge == "junk" else _forged(s3, where))
    assert len(s3.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"])["Versions"]) == 2
    assert read(vault, sha256) == DATA
    assert vault.put("org", [DATA])[0] == sha256
    assert len(s3.list_object_versions(Bucket=where["Bucket"], Prefix=where["Key"])["Versions"]) == 2


def test_a_conditional_write_is_refused(s3: Any, evidence: tuple[str, dict[str, str]]) -> None:
    where = evidence[1]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=where["Bucket"], Key=where["Key"], Body=b"forged", IfNoneMatch="*")


def test_junk_that_took_the_name_first_is_no_evidence(vault: Vault, s3: Any, bucket: str) -> None:
    sha256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of "foo"
    s3.put_object(Bucket=bucket, Key=f"e/org/{sha256[:2]}/{sha256}", Body=b"junk")
    with pytest.raises(TamperedObject):
        vault.put("org", [b"foo"])
    with pytest.raises(TamperedObject):
        vault.open("org", sha256)


def test_retention_is_not_shortened_by_us(vault: Vault, evidence: tuple[str, dict[str, str]]) -> None:
    # That nobody else can is Amazon's part: moto lets anyone put a shorter retention.
    with pytest.raises(LockedObject):
        vault.retain_until("org", evidence[0], datetime.now(UTC) + timedelta(days=29))


def test_the_lock_of_the_bucket_stays(s3: Any, bucket: str, vault: Vault) -> None:
    vault.put("org", [DATA])
    with pytest.raises(ClientError):
        s3.delete_bucket(Bucket=bucket)
    with pytest.raises(ClientError):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={})
