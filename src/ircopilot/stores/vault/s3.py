"""The vault in an S3 bucket with versioning and Object Lock: `<prefix>/<org>/<first two of sha256>/<sha256>`.

The evidence is the oldest version of a key whose header authenticates. Without the organisation's key nobody can make
such a header, and a copy of one is younger: so neither a version put on top nor a delete marker hides what was stored.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError
from tink import aead, core

from ircopilot.stores.vault.envelope import (
    HEADER,
    decrypting,
    encrypting,
    new_data_key,
    safe_org_id,
    seal_header,
)
from ircopilot.stores.vault.local import KeptOpen
from ircopilot.stores.vault.protocol import (
    KeyRing,
    LockedObject,
    MissingObject,
    ObjectLock,
    TamperedObject,
    UnreachableVault,
    UnstoredObject,
    UnusableVault,
    pieces_of,
)
from ircopilot.stores.vault.s3_client import S3Place, asking, code_of, connect
from ircopilot.stores.vault.s3_read import Verified, VersionBytes
from ircopilot.stores.vault.s3_upload import AlreadyThere, Upload

_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_AHEAD = 1 << 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Version:
    id: str
    size: int


class S3Vault:
    """Objects in a bucket under Object Lock, each locked in compliance mode for `place.retention_days`."""

    def __init__(self, place: S3Place, ring: KeyRing, client: Any = None) -> None:
        self._place, self._ring = place, ring
        self._client = client or connect("s3", place.region, place.endpoint)
        _refuse_unlocked(self._client, place.bucket)

    @property
    def keys(self) -> KeyRing:
        """See `Vault.keys`."""
        return self._ring

    def put(self, org_id: str, source: BinaryIO | Iterable[bytes]) -> tuple[str, int]:
        """See `Vault.put`. Sealed into a temporary file first: the name is known only when everything was read."""
        org_key, data_key = self._ring.key_of(safe_org_id(org_id)), new_data_key()
        digest, size = hashlib.sha256(), 0
        with _spool() as file:
            kept = KeptOpen(file)
            file.seek(HEADER)
            try:
                with encrypting(cast(BinaryIO, kept), data_key) as sink:
                    for piece in pieces_of(source):
                        digest.update(piece)
                        size += len(piece)
                        sink.write(piece)
            except core.TinkError as error:
                raise UnstoredObject(f"no room to seal it: {kept.failure or error}") from kept.failure
            length = file.tell()
            file.seek(0)
            file.write(seal_header(data_key, org_key, org_id, digest.hexdigest()))
            self._store(org_id, digest.hexdigest(), org_key, file, length)
        return digest.hexdigest(), size

    def open(self, org_id: str, sha256: str) -> BinaryIO:
        """See `Vault.open`."""
        key, versions = self._found(org_id, sha256)
        org_key = self._ring.key_of(org_id)
        for version in versions:
            source = VersionBytes(self._client, self._place.bucket, key, version.id, version.size)
            try:
                plain = decrypting(cast(BinaryIO, source), org_key, org_id, sha256)
            except TamperedObject:
                source.close()
                if version is versions[-1]:
                    raise
            except BaseException:
                source.close()
                raise
            else:
                return io.BufferedReader(Verified(plain, source, sha256), _READ_AHEAD)
        raise AssertionError("an object has at least one version")

    def exists(self, org_id: str, sha256: str) -> bool:
        """See `Vault.exists`. A delete marker on top does not make evidence absent."""
        return bool(self._versions(self._key(org_id, sha256)))

    def set_legal_hold(self, org_id: str, sha256: str, on: bool) -> None:
        """See `Vault.set_legal_hold`."""
        key, versions = self._found(org_id, sha256)
        with asking(f"legal hold on {key}"):
            self._client.put_object_legal_hold(
                Bucket=self._place.bucket,
                Key=key,
                VersionId=versions[0].id,
                LegalHold={"Status": "ON" if on else "OFF"},
            )

    def retain_until(self, org_id: str, sha256: str, when: datetime) -> None:
        """See `Vault.retain_until`."""
        key, versions = self._found(org_id, sha256)
        present = self._lock(key, versions[0].id).retain_until
        if present is not None and when < present:
            raise LockedObject(f"object {sha256} is kept until {present.isoformat()}, which is only ever extended")
        self._lock_until(key, versions[0].id, when)

    def lock_of(self, org_id: str, sha256: str) -> ObjectLock:
        """See `Vault.lock_of`."""
        key, versions = self._found(org_id, sha256)
        return self._lock(key, versions[0].id)

    def abort_uploads(self, before: datetime) -> int:
        """Abort uploads begun before then that nobody finished, as of killed processes; how many.

        Nothing of them can be seen, but they are paid for. A lifecycle rule does the same: docs/vault.md.
        """
        stale = []
        with asking("looking for unfinished uploads"):
            for page in self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._place.bucket, Prefix=self._place.prefix
            ):
                stale += [u for u in page.get("Uploads", ()) if u["Initiated"] < before]
            for upload in stale:
                self._client.abort_multipart_upload(
                    Bucket=self._place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        return len(stale)

    def _store(self, org_id: str, sha256: str, org_key: aead.Aead, file: BinaryIO, length: int) -> None:
        """Upload the sealed file under its name, unless the same evidence is there; locked when this returns."""
        key = self._key(org_id, sha256)
        until = (datetime.now(UTC) + timedelta(days=self._place.retention_days)).replace(microsecond=0)
        upload = Upload(self._client, self._place.bucket, key, file.fileno(), length, until)
        for _ in range(_TRIES):
            if versions := self._versions(key):
                version = self._authentic(key, versions, org_key, org_id, sha256, length)
            else:
                try:
                    version = upload.run()
                except AlreadyThere:
                    continue
            present = self._lock(key, version).retain_until
            # Also what a server forgot that took the lock in the upload's own call.
            if present is None or present < until - timedelta(seconds=1):
                self._lock_until(key, version, until)
            return
        raise UnreachableVault(f"{key} is being put by somebody else, again and again")

    def _authentic(
        self, key: str, versions: list[_Version], org_key: aead.Aead, org_id: str, sha256: str, length: int
    ) -> str:
        """The version that is this evidence. Raises `TamperedObject` when something else took the name."""
        for version in versions:
            with asking(f"reading {key}"), contextlib.suppress(TamperedObject):
                answer = self._client.get_object(
                    Bucket=self._place.bucket, Key=key, VersionId=version.id, Range=f"bytes=0-{HEADER - 1}"
                )
                decrypting(io.BytesIO(answer["Body"].read()), org_key, org_id, sha256).close()
                if version.size == length:
                    return version.id
        raise TamperedObject(f"what lies at {key} is not that object", "look at the key's versions in the bucket")

    def _lock(self, key: str, version: str) -> ObjectLock:
        with asking(f"the lock of {key}"):
            head = self._client.head_object(Bucket=self._place.bucket, Key=key, VersionId=version)
        locked = head.get("ObjectLockMode") == "COMPLIANCE"
        until = head.get("ObjectLockRetainUntilDate") if locked else None
        return ObjectLock(until, head.get("ObjectLockLegalHoldStatus") == "ON")

    def _lock_until(self, key: str, version: str, when: datetime) -> None:
        """Lock the version, and believe it when the server says so itself. Raises `UnstoredObject`."""
        with asking(f"locking {key}"):
            self._client.put_object_retention(
                Bucket=self._place.bucket,
                Key=key,
                VersionId=version,
                Retention={"Mode": "COMPLIANCE", "RetainUntilDate": when},
            )
        present = self._lock(key, version).retain_until
        if present is None or present < when - timedelta(seconds=1):
            raise UnstoredObject(f"the store did not lock {key} until {when.isoformat()}", "use a store that can")

    def _found(self, org_id: str, sha256: str) -> tuple[str, list[_Version]]:
        key = self._key(org_id, sha256)
        versions = self._versions(key)
        if not versions:
            raise MissingObject(f"no object {sha256} of organisation {org_id}")
        return key, versions

    def _versions(self, key: str) -> list[_Version]:
        """The versions that hold bytes, oldest first; delete markers are none."""
        found = []
        with asking(f"looking for {key}"):
            for page in self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._place.bucket, Prefix=key
            ):
                found += [_Version(v["VersionId"], v["Size"]) for v in page.get("Versions", ()) if v["Key"] == key]
        return found[::-1]

    def _key(self, org_id: str, sha256: str) -> str:
        if _SHA256.fullmatch(sha256) is None:
            raise MissingObject(f"{sha256!r} is not a lower-case SHA-256")
        return f"{self._place.prefix}{safe_org_id(org_id)}/{sha256[:2]}/{sha256}"


def _spool() -> BinaryIO:
    """A nameless file for ciphertext: gone with the process, however that ends. Raises `UnstoredObject`."""
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(buffering=0))
    except OSError as error:
        raise UnstoredObject(f"no temporary file: {error}", "see TMPDIR") from error


def _refuse_unlocked(client: Any, bucket: str) -> None:
    """Raises `UnusableVault` unless the bucket keeps versions and can lock them."""
    advice = "make a bucket with Object Lock (which turns on versioning): docs/vault.md"
    with asking(f"opening bucket {bucket}"):
        if client.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            raise UnusableVault(f"bucket {bucket} does not keep versions", advice)
        try:
            answer = client.get_object_lock_configuration(Bucket=bucket)
        except ClientError as error:
            if code_of(error) not in ("ObjectLockConfigurationNotFoundError", "NotImplemented"):
                raise
            answer = {}
    if answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise UnusableVault(f"bucket {bucket} has no Object Lock", advice)
