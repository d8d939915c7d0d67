"""One version of an S3 object as a forward stream that survives a dropped line, and its plaintext."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError
from tink import core

from ircopilot.stores.vault.protocol import TamperedObject
from ircopilot.stores.vault.s3_client import asking

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_TRIES = 4


class VersionBytes(io.RawIOBase):
    """The bytes of one version, asked for again from where the line broke. `failure` keeps what ended it for good."""

    def __init__(self, client: Any, bucket: str, key: str, version: str, size: int) -> None:
        super().__init__()
        self._client, self._where = client, {"Bucket": bucket, "Key": key, "VersionId": version}
        self._size, self._at = size, 0
        self._body: Any = None
        self.failure: Exception | None = None

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer. Raises `UnreachableVault` and `UnusableVault`."""
        view = memoryview(buffer)
        try:
            with asking(f"reading {self._where['Key']}"):
                data = self._next(len(view)) if self._at < self._size and view else b""
        except Exception as error:
            self.failure = error
            raise
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _next(self, size: int) -> bytes:
        for attempt in range(1, _TRIES + 1):
            try:
                if self._body is None:
                    self._body = self._client.get_object(**self._where, Range=f"bytes={self._at}-")["Body"]
                data: bytes = self._body.read(size)
            except (BotoCoreError, ClientError):
                if attempt == _TRIES:
                    raise
            else:
                if data:
                    return data
            self._drop()
            time.sleep(0.1 * 2**attempt)
        return b""

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        """Let the line go."""
        self._drop()
        super().close()


class Verified(io.RawIOBase):
    """Plaintext as Tink authenticates it. A line that broke is told apart from bytes that were changed."""

    def __init__(self, plain: BinaryIO, source: VersionBytes, sha256: str) -> None:
        super().__init__()
        self._plain, self._source, self._sha256 = plain, source, sha256

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill the buffer. Raises `TamperedObject`, or what ended the source."""
        view = memoryview(buffer)
        try:
            data = self._plain.read(len(view))
        except core.TinkError as error:
            if self._source.failure is not None:
                raise self._source.failure from error
            raise TamperedObject(f"object {self._sha256} was changed: it does not authenticate") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let plaintext and source go."""
        self._plain.close()
        self._source.close()
        super().close()
