"""Parts of uploads under way: files on this disk, never in clear, until they are whole and go into the vault.

`<folder>/<org>/<upload>/<random>.part`, each encrypted by Tink's streaming AEAD under the upload's own key and bound to
the upload and to the place in it. The upload's key is wrapped by the organisation's and kept in the database, so that
the files alone are useless, and nobody's once the row or the organisation's key is gone.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import tink
from tink import core, streaming_aead

from ircopilot.stores.vault.envelope import new_data_key, safe_org_id, sync_folder
from ircopilot.stores.vault.local import KeptOpen, folder_of
from ircopilot.stores.vault.protocol import KeyRing, MissingObject, TamperedObject, UnstoredObject, pieces_of

_ID = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[0-9a-f]{32}\.part")
_READ = 1 << 20


def folder_beside(vault_url: str) -> Path | None:
    """Where parts lie by default: beside a vault on disk. None for another vault."""
    if not vault_url.startswith("file://"):
        return None
    folder = folder_of(vault_url)
    return folder.with_name(folder.name + ".uploads")


class Staging:
    """Parts in `folder`; several gateways that answer for the same uploads share it."""

    def __init__(self, folder: Path, ring: KeyRing) -> None:
        self._folder, self._ring = folder, ring

    def new_key(self, org_id: str, upload_id: str) -> str:
        """A fresh key for an upload, wrapped."""
        out = io.BytesIO()
        key = new_data_key()
        key.write_with_associated_data(
            tink.BinaryKeysetWriter(out), self._ring.key_of(safe_org_id(org_id)), _context(org_id, upload_id)
        )
        return base64.b64encode(out.getvalue()).decode()

    def write(
        self, org_id: str, upload_id: str, wrapped: str, first: int, pieces: Iterable[bytes]
    ) -> tuple[str, int]:  # fmt: skip
        """A part that begins at byte `first` of the upload: (its file, its size), durable. Raises `UnstoredObject`.

        When `pieces` raises, what came before is lost with it.
        """
        folder = self._place(org_id, upload_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name, size = f"{secrets.token_hex(16)}.part", 0
        path = folder / name
        try:
            with open(path, "xb", buffering=0) as file:  # noqa: PTH123
                os.fchmod(file.fileno(), 0o600)
                kept = KeptOpen(cast(BinaryIO, file))
                with self._primitive(org_id, upload_id, wrapped).new_encrypting_stream(
                    cast(BinaryIO, kept), _place_in(upload_id, first)
                ) as sink:
                    for piece in pieces_of(pieces):
                        sink.write(piece)
                        size += len(piece)
                os.fsync(file.fileno())
            sync_folder(folder)
        except (core.TinkError, OSError) as error:
            path.unlink(missing_ok=True)
            raise UnstoredObject(f"the upload could not be written: {error}") from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return name, size

    def read(
        self, org_id: str, upload_id: str, wrapped: str, parts: Iterable[tuple[int, str]]
    ) -> Iterator[bytes]:  # fmt: skip
        """The plaintext of these parts (first byte, file), in their order. Raises `MissingObject`, `TamperedObject`."""
        primitive = self._primitive(org_id, upload_id, wrapped)
        for first, name in parts:
            try:
                file = self._file(org_id, upload_id, name).open("rb", buffering=0)
            except FileNotFoundError:
                raise MissingObject(f"a part of upload {upload_id} is gone", "begin the upload again") from None
            with file, contextlib.closing(primitive.new_decrypting_stream(file, _place_in(upload_id, first))) as plain:
                try:
                    while piece := plain.read(_READ):
                        yield piece
                except core.TinkError as error:
                    raise TamperedObject(f"a part of upload {upload_id} was changed") from error

    def drop_part(self, org_id: str, upload_id: str, name: str) -> None:
        """Remove one part."""
        self._file(org_id, upload_id, name).unlink(missing_ok=True)

    def drop(self, org_id: str, upload_id: str) -> None:
        """Remove all parts of an upload."""
        shutil.rmtree(self._place(org_id, upload_id), ignore_errors=True)

    def sweep(self, older_s: float) -> int:
        """Remove uploads of which no part was written for so many seconds, whosesoever they are; how many these were."""
        gone, oldest = 0, time.time() - older_s
        for place in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if place.stat().st_mtime < oldest:  # a folder's time is that of its latest part
                    shutil.rmtree(place, ignore_errors=True)
                    gone += 1
        return gone

    def _primitive(self, org_id: str, upload_id: str, wrapped: str) -> streaming_aead.StreamingAead:
        try:
            key = tink.read_keyset_handle_with_associated_data(
                tink.BinaryKeysetReader(base64.b64decode(wrapped)), self._ring.key_of(safe_org_id(org_id)),
                _context(org_id, upload_id),
            )  # fmt: skip
        except core.TinkError as error:
            raise TamperedObject(f"the key of upload {upload_id} is not of this organisation") from error
        return key.primitive(streaming_aead.StreamingAead)

    def _place(self, org_id: str, upload_id: str) -> Path:
        if _ID.fullmatch(upload_id) is None:
            raise MissingObject(f"{upload_id!r} is no upload")
        return self._folder / safe_org_id(org_id) / upload_id

    def _file(self, org_id: str, upload_id: str, name: str) -> Path:
        if _FILE.fullmatch(name) is None:
            raise MissingObject(f"{name!r} is no part")
        return self._place(org_id, upload_id) / name


def _context(org_id: str, upload_id: str) -> bytes:
    return f"upload/{org_id}/{upload_id}".encode()


def _place_in(upload_id: str, first: int) -> bytes:
    return f"ircopilot upload part v1/{upload_id}/{first}".encode()
