"""Large files are refused, small and deleted ones are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "no_large_files.py"


def test_only_the_large_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "small.txt").write_bytes(b"x")
    (tmp_path / "large.evtx").write_bytes(bytes(512 * 1024 + 1))
    names = [str(tmp_path / name) for name in ("small.txt", "large.evtx", "gone.txt")]
    done = subprocess.run([sys.executable, PROGRAM, *names], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "large.evtx: 524289 bytes" in done.stdout
    assert "small" not in done.stdout
    assert subprocess.run([sys.executable, PROGRAM, names[0], names[2]], check=False).returncode == 0
