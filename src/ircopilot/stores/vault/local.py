"""The vault on a local disk: `<org>/<first two of sha256>/<sha256>`, read-only files; keys lie beside the folder."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from tink import core

from ircopilot.stores.vault.envelope import (
    HEADER,
    decrypting,
    encrypting,
    new_data_key,
    safe_org_id,
    seal_header,
    sync_folder,
)
from ircopilot.stores.vault.local_keys import LocalKeyRing
from ircopilot.stores.vault.local_locks import LocalLocks
from ircopilot.stores.vault.protocol import (
    KeyRing,
    MissingObject,
    ObjectLock,
    TamperedObject,
    UnstoredObject,
    pieces_of,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from typing_extensions import Buffer

_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_AHEAD = 1 << 20
_WRITE_AHEAD = 8 << 20


def folder_of(url: str) -> Path:
    """The folder that a `file:///folder` URL names."""
    return Path(unquote(urlsplit(url).path))


class LocalVault:
    """Objects in `folder`, keysets in `keys` (default: `<folder>.keys`, so that a copy of one is useless alone)."""

    def __init__(self, folder: Path, keys: Path | None = None, ring: KeyRing | None = None) -> None:
        self._folder = folder
        self._tmp = folder / ".tmp"  # no organisation can have that name
        self._ring = ring or LocalKeyRing(keys or folder.with_name(folder.name + ".keys"))
        self._locks = LocalLocks(folder / ".locks")
        self._tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(self._tmp)

    @property
    def keys(self) -> KeyRing:
        """See `Vault.keys`."""
        return self._ring

    def put(self, org_id: str, source: BinaryIO | Iterable[bytes]) -> tuple[str, int]:
        """See `Vault.put`. Hashed and encrypted side by side, into a temporary file that is named once it is whole."""
        org_key, data_key = self._ring.key_of(safe_org_id(org_id)), new_data_key()
        digest, size = hashlib.sha256(), 0
        with (
            _temporary(self._tmp) as (file, path),
            ThreadPoolExecutor(1, "vault-hash") as hasher,
            ThreadPoolExecutor(1, "vault-sync") as syncer,
        ):
            file.seek(HEADER)
            kept, ahead = KeptOpen(file), _WriteAhead(file, syncer)
            try:
                with encrypting(cast(BinaryIO, kept), data_key) as sink:
                    for chunk in _chunks_of(source):
                        hashed = hasher.submit(digest.update, chunk)
                        size += len(chunk)
                        for piece in pieces_of((chunk,)):
                            sink.write(piece)
                        ahead.written(size)
                        hashed.result()
            except core.TinkError as error:
                raise UnstoredObject(f"the vault could not be written: {kept.failure or error}") from kept.failure
            file.seek(0)
            file.write(seal_header(data_key, org_key, org_id, digest.hexdigest()))
            os.fchmod(file.fileno(), 0o400)
            os.fsync(file.fileno())
            self._publish(path, self._path(org_id, digest.hexdigest()))
        return digest.hexdigest(), size

    def open(self, org_id: str, sha256: str) -> BinaryIO:
        """See `Vault.open`."""
        try:
            file = self._path(org_id, sha256).open("rb", buffering=0)
        except FileNotFoundError:
            raise MissingObject(f"no object {sha256} of organisation {org_id}") from None
        try:
            plain = decrypting(file, self._ring.key_of(org_id), org_id, sha256)
        except BaseException:
            file.close()
            raise
        return io.BufferedReader(_Verified(plain, sha256), _READ_AHEAD)

    def exists(self, org_id: str, sha256: str) -> bool:
        """See `Vault.exists`."""
        return self._path(org_id, sha256).exists()

    def set_legal_hold(self, org_id: str, sha256: str, on: bool) -> None:
        """See `Vault.set_legal_hold`, and `local_locks` for what it is worth here."""
        self._stored(org_id, sha256)
        self._locks.hold(org_id, sha256, on)

    def retain_until(self, org_id: str, sha256: str, when: datetime) -> None:
        """See `Vault.retain_until`, and `local_locks` for what it is worth here."""
        self._stored(org_id, sha256)
        self._locks.retain(org_id, sha256, when)

    def lock_of(self, org_id: str, sha256: str) -> ObjectLock:
        """See `Vault.lock_of`."""
        self._stored(org_id, sha256)
        return self._locks.read(org_id, sha256)

    def _stored(self, org_id: str, sha256: str) -> None:
        if not self.exists(org_id, sha256):
            raise MissingObject(f"no object {sha256} of organisation {org_id}")

    def _path(self, org_id: str, sha256: str) -> Path:
        if _SHA256.fullmatch(sha256) is None:
            raise MissingObject(f"{sha256!r} is not a lower-case SHA-256")
        return self._folder / safe_org_id(org_id) / sha256[:2] / sha256

    def _publish(self, tmp: Path, path: Path) -> None:
        """Give the whole file its name, durably. The same bytes put before stay as they are."""
        fresh = [p for p in (path.parent.parent, path.parent) if not p.exists()]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.link(tmp, path)
        for folder in {path.parent, *(p.parent for p in fresh)}:
            sync_folder(folder)


def _chunks_of(source: BinaryIO | Iterable[bytes]) -> Iterable[bytes]:
    """The bytes of a stream in chunks worth a thread's while, or the chunks as they are."""
    return iter(lambda: source.read(_READ_AHEAD), b"") if hasattr(source, "read") else source


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A locked file in `folder` that is gone after the block; the lock tells sweeps that somebody is writing it."""
    while True:
        number, name = tempfile.mkstemp(dir=folder)
        file = open(number, "r+b", buffering=0)  # noqa: PTH123, SIM115
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(number).st_nlink:
            break
        # A sweep came between making and locking: take another.
        file.close()
    try:
        with file:
            yield cast(BinaryIO, file), Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what interrupted puts left: files that nobody holds locked."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)


class KeptOpen(io.RawIOBase):
    """Passes writes on, and leaves the file open when Tink closes its sink: the header is still to be written."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.failure: OSError | None = None  # Tink makes a text of it

    def writable(self) -> bool:
        """It is there to be written."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Pass on. Raises `OSError`, and keeps it in `failure`."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.failure = error
            raise


class _WriteAhead:
    """Has the disk write while the rest is encrypted, so that the last fsync, the one that counts, finds little to do."""

    def __init__(self, file: BinaryIO, pool: Executor) -> None:
        self._file, self._pool, self._asked = file, pool, 0
        self._writing: Future[None] | None = None

    def written(self, size: int) -> None:
        """So many bytes are in the file. An error of the disk is left to the last fsync, or to the next write."""
        if size - self._asked >= _WRITE_AHEAD and (self._writing is None or self._writing.done()):
            self._asked = size
            self._writing = self._pool.submit(os.fdatasync, self._file.fileno())


class _Verified(io.RawIOBase):
    """Plaintext as Tink authenticates it; what does not authenticate is a `TamperedObject`, never wrong bytes."""

    def __init__(self, plain: BinaryIO, sha256: str) -> None:
        super().__init__()
        self._plain, self._sha256 = plain, sha256

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        try:
            data = self._plain.read(len(view))
        except core.TinkError as error:
            raise TamperedObject(f"object {self._sha256} was changed: it does not authenticate") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._plain.close()
        super().close()
