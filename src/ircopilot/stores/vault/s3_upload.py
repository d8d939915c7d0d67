"""Sealed objects on their way to S3: whole or not at all, checksummed, never over another, locked from the start.

`If-None-Match: *` on the call that makes the object visible; SHA-256 of the body, or of each part; Object Lock in
compliance mode in the same call. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html,
…/checking-object-integrity.html, …/object-lock.html
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ircopilot.stores.vault.s3_client import asking, code_of

PART = 8 << 20
MOST_PARTS = 10_000
AT_ONCE = 4


class AlreadyThere(Exception):
    """Something lies at the key already, or is being put there at this moment."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of `size` bytes that is to become `bucket/key`, locked until `until`."""

    client: Any
    bucket: str
    key: str
    number: int  # a file descriptor: parts are read by several threads, each at its own place
    size: int
    until: datetime

    def run(self) -> str:
        """Send it; the new version's id. Raises `AlreadyThere`, `UnreachableVault`, `UnusableVault`."""
        with asking(f"putting {self.key}"), _never_over():
            return self._whole() if self.size <= PART else self._in_parts()

    def _whole(self) -> str:
        body = os.pread(self.number, self.size, 0)
        answer = self.client.put_object(
            **self._target(),
            **self._lock(),
            Body=body,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=_checksum(body),
            IfNoneMatch="*",
        )
        return str(answer.get("VersionId", ""))

    def _in_parts(self) -> str:
        begun = self.client.create_multipart_upload(**self._target(), **self._lock(), ChecksumAlgorithm="SHA256")
        upload_id = begun["UploadId"]
        try:
            step = max(PART, -(-self.size // MOST_PARTS))
            with ThreadPoolExecutor(AT_ONCE) as pool:
                jobs = [
                    pool.submit(self._part, upload_id, n, at, step)
                    for n, at in enumerate(range(0, self.size, step), start=1)
                ]
                try:
                    parts = [job.result() for job in jobs]
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
            answer = self.client.complete_multipart_upload(
                **self._target(), UploadId=upload_id, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        except BaseException:
            with contextlib.suppress(ClientError, BotoCoreError):
                self.client.abort_multipart_upload(**self._target(), UploadId=upload_id)
            raise
        return str(answer.get("VersionId", ""))

    def _part(self, upload_id: str, number: int, at: int, step: int) -> dict[str, Any]:
        body = os.pread(self.number, step, at)
        checksum = _checksum(body)
        answer = self.client.upload_part(
            **self._target(), UploadId=upload_id, PartNumber=number, Body=body, ChecksumSHA256=checksum
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

    def _target(self) -> dict[str, Any]:
        return {"Bucket": self.bucket, "Key": self.key}

    def _lock(self) -> dict[str, Any]:
        return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": self.until}


def _checksum(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


@contextlib.contextmanager
def _never_over() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        # 412: it is there. 409: somebody else is putting it just now.
        if code_of(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise AlreadyThere from error
        raise
