"""A sink that keeps what it is given in memory; what the vault does, without encryption."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator


class MemorySink:
    """Kept bytes by SHA-256; nothing is kept when reading fails."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        data = b"".join(pieces)
        sha256 = hashlib.sha256(data).hexdigest()
        self.kept[sha256] = data
        return sha256, len(data)


class CountingSink:
    """Counts and hashes without keeping: for bombs."""

    def __init__(self) -> None:
        self.most = 0

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        for piece in pieces:
            size += len(piece)
            self.most = max(self.most, size)
            digest.update(piece)
        return digest.hexdigest(), size
