"""Small disks, mounted over a folder for a while and filled to the last byte. Only root may mount."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PIECE = 1 << 12


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A tmpfs over the folder, with a copy of what is in it; what is under it comes back with the block's end."""
    if os.geteuid() != 0:
        pytest.skip("a disk that fills up takes a mount, and only root may mount")
    under = folder.with_name(f"{folder.name}.under")
    folder.rename(under)
    folder.mkdir(mode=0o700)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        if done.returncode != 0:
            pytest.skip(f"no mount is allowed here: {done.stderr.strip()}")
        shutil.copytree(under, folder, dirs_exist_ok=True, symlinks=True)
        yield folder
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
        under.rename(folder)


def fill(folder: Path) -> Path:
    """Takes all the room there is; remove the returned file to make room again."""
    filler = folder / ".filler"
    with filler.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"\xff" * PIECE)
        except OSError as error:
            assert error.errno == errno.ENOSPC
    return filler
