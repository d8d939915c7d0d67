"""Retention and legal hold of the local vault: a note beside the objects, one JSON file for each that has one.

It binds our own code, and no one else: whoever owns the files can remove them and the notes. Only a store with Object
Lock enforces it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ircopilot.stores.vault.envelope import sync_folder
from ircopilot.stores.vault.protocol import LockedObject, ObjectLock


class LocalLocks:
    """The notes in `folder`, as `<org>/<sha256>.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, org_id: str, sha256: str) -> ObjectLock:
        """What the object's note says; no note, no lock."""
        try:
            note = json.loads(self._path(org_id, sha256).read_text())
        except FileNotFoundError:
            return ObjectLock()
        until = note["retain_until"]
        return ObjectLock(datetime.fromisoformat(until) if until else None, note["legal_hold"])

    def hold(self, org_id: str, sha256: str, on: bool) -> None:
        """Note a legal hold, or that there is none any more."""
        with self._alone():
            self._write(org_id, sha256, ObjectLock(self.read(org_id, sha256).retain_until, on))

    def retain(self, org_id: str, sha256: str, when: datetime) -> None:
        """Note a date. Raises `LockedObject` for one before the present date."""
        with self._alone():
            present = self.read(org_id, sha256)
            if present.retain_until is not None and when < present.retain_until:
                until = present.retain_until.isoformat()
                raise LockedObject(f"object {sha256} is kept until {until}, which is only ever extended")
            self._write(org_id, sha256, ObjectLock(when.astimezone(UTC), present.legal_hold))

    def _write(self, org_id: str, sha256: str, lock: ObjectLock) -> None:
        path = self._path(org_id, sha256)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        until = lock.retain_until.isoformat() if lock.retain_until else None
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix=".new-", delete=False) as file:
            json.dump({"retain_until": until, "legal_hold": lock.legal_hold}, file)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)  # noqa: PTH105
        sync_folder(path.parent)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, on this machine."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / ".alone").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, org_id: str, sha256: str) -> Path:
        return self._folder / org_id / f"{sha256}.json"
