"""Data directories whose servers were started once and ended: a first start takes seconds, a copy of one does not."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path


def prepare(data: Path) -> Path:
    """Makes `data`, which must not be there yet, as the stack's first start and end leave it, its tables in place."""
    data.parent.mkdir(parents=True, exist_ok=True)
    # With owners and modes: Postgres has an account of its own when we are root.
    subprocess.run(["cp", "-a", str(_first()), str(data)], check=True)
    return data


@functools.cache
def _first() -> Path:
    from ircopilot.embedded import running_stack
    from ircopilot.stores import open_stores

    folder = Path(tempfile.mkdtemp(prefix="irc-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o711)
    with running_stack(folder / "data") as urls, open_stores(urls) as stores:
        stores.events.execute("SELECT 1")
    shutil.rmtree(folder / "data" / "logs")
    return folder / "data"
