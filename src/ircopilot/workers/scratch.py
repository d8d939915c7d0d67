"""A private folder per job. A lock that dies with its process says whose folders may be swept away."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PREFIX = "worker-"
_LOCK = "lock"


class Scratch:
    """This process's own folder (0700) under `root`; what dead processes left there is removed when it is made."""

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.swept = sweep_scratch(root)
        while True:
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
            self._handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _locked(self._handle) and self.folder.exists():
                return
            os.close(self._handle)  # a sweep that ran at the same time took it for a leftover

    @contextmanager
    def job_folder(self) -> Iterator[Path]:
        """An empty folder for the length of the block."""
        folder = Path(tempfile.mkdtemp(prefix="job-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the process's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def sweep_scratch(root: Path) -> int:
    """Remove the folders whose process is dead; how many."""
    swept = 0
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if _locked(handle):
                    shutil.rmtree(folder, ignore_errors=True)
                    swept += 1
            finally:
                os.close(handle)
    return swept


def _locked(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
