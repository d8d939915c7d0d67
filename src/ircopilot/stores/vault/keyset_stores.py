"""Wrapped keysets on disk: `<org>/<generation>`. Those in a bucket are in `s3_keysets`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ircopilot.stores.vault.envelope import safe_org_id, sync_folder


class LocalKeysetStore:
    """Generations as files in a folder of mode 0700. They are worthless without the KMS."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def generations(self, org_id: str) -> list[int]:
        """See `KeysetStore.generations`."""
        folder = self._folder / safe_org_id(org_id)
        return sorted(int(p.name) for p in folder.iterdir() if p.name.isdecimal()) if folder.exists() else []

    def read(self, org_id: str, generation: int) -> bytes | None:
        """See `KeysetStore.read`."""
        try:
            return self._path(org_id, generation).read_bytes()
        except FileNotFoundError:
            return None

    def add(self, org_id: str, generation: int, data: bytes) -> bool:
        """See `KeysetStore.add`."""
        path = self._path(org_id, generation)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            try:
                os.link(file.name, path)
            except FileExistsError:
                return False
        for folder in (path.parent, self._folder):
            sync_folder(folder)
        return True

    def remove(self, org_id: str, generation: int) -> bool:
        """See `KeysetStore.remove`."""
        path = self._path(org_id, generation)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            sync_folder(path.parent)
        return True

    def _path(self, org_id: str, generation: int) -> Path:
        return self._folder / safe_org_id(org_id) / f"{generation:08d}"
