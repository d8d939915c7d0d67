"""The organisations' keys in local files, for a laptop: whoever reads the folder and the vault reads the evidence."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tink
from tink import aead, cleartext_keyset_handle, core

from ircopilot.stores.vault.envelope import safe_org_id, sync_folder
from ircopilot.stores.vault.keysets import new_keyset, with_new_version
from ircopilot.stores.vault.protocol import DestroyedKey, RewrapStep, UnusableVault


class LocalKeyRing:
    """One Tink keyset file per organisation, mode 0600, in a folder of mode 0700. Destroying it erases the evidence."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, tuple[tuple[int, int], aead.Aead]] = {}

    def key_of(self, org_id: str) -> aead.Aead:
        """The organisation's AEAD, read again when its file was replaced.

        Raises `UnusableVault` when the file is unreadable or open to others, and `DestroyedKey`.
        """
        path = self._path(org_id)
        self._refuse_destroyed(org_id)
        if not path.exists():
            self._write(path, new_keyset(), over=False)
            self._refuse_destroyed(org_id)
        try:
            state = path.stat()
        except FileNotFoundError:
            self._refuse_destroyed(org_id)
            raise
        if state.st_mode & 0o077:
            raise UnusableVault(f"{path} can be read by others", "chmod 600 it, and consider the key known to them")
        stamp = (state.st_ino, state.st_mtime_ns)
        known = self._keys.get(org_id)
        if known is None or known[0] != stamp:
            known = self._keys[org_id] = (stamp, self._read(path).primitive(aead.Aead))
        return known[1]

    def rotate(self, org_id: str) -> None:
        """See `KeyRing.rotate`."""
        self.key_of(org_id)
        path = self._path(org_id)
        with self._alone():
            self._refuse_destroyed(org_id)
            self._write(path, with_new_version(self._read(path)), over=True)

    def rewrap(self, org_id: str) -> Iterator[RewrapStep]:
        """See `KeyRing.rewrap`. Nothing wraps a local keyset, so there is nothing to do anew."""
        self.key_of(org_id)
        yield RewrapStep(1, 1, "local keysets are not wrapped")

    def destroy(self, org_id: str) -> None:
        """See `KeyRing.destroy`. What the disk or a backup still remembers of the file is beyond us."""
        path = self._path(org_id)
        with self._alone():
            self._tombstone(org_id).touch(mode=0o600)
            sync_folder(self._folder)
            path.unlink(missing_ok=True)
            sync_folder(self._folder)
        self._keys.pop(org_id, None)

    def _refuse_destroyed(self, org_id: str) -> None:
        if self._tombstone(org_id).exists():
            raise DestroyedKey(f"the key of organisation {org_id} was destroyed")

    def _path(self, org_id: str) -> Path:
        return self._folder / f"{safe_org_id(org_id)}.keyset.json"

    def _tombstone(self, org_id: str) -> Path:
        return self._folder / f"{safe_org_id(org_id)}.destroyed"

    def _read(self, path: Path) -> tink.KeysetHandle:
        try:
            return cleartext_keyset_handle.read(tink.JsonKeysetReader(path.read_text()))
        except (core.TinkError, ValueError) as error:
            raise UnusableVault(f"{path} is no keyset: {error}", "restore it from a backup") from error

    def _write(self, path: Path, handle: tink.KeysetHandle, over: bool) -> None:
        """Write a keyset whole: over the present one, or not at all when another process has just written one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = io.StringIO()
        cleartext_keyset_handle.write(tink.JsonKeysetWriter(text), handle)
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".new-") as file:
            file.write(text.getvalue())
            file.flush()
            os.fsync(file.fileno())
            if over:
                spare = f"{file.name}.over"
                os.link(file.name, spare)
                os.replace(spare, path)  # noqa: PTH105
            else:
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, path)
        sync_folder(self._folder)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One rotation or destruction at a time, on this machine."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)
