"""Refuse files over 512 KiB in a commit: evidence and build output do not belong in the repository.

Usage: `python tools/no_large_files.py FILE...`
"""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 512 * 1024


def main(names: list[str]) -> int:
    """Name each file that is too large; 1 if there is one."""
    large = [name for name in names if Path(name).is_file() and Path(name).stat().st_size > LIMIT]
    for name in large:
        print(f"{name}: {Path(name).stat().st_size} bytes, at most {LIMIT}: evidence and build output stay out")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
