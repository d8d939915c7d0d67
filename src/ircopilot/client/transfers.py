"""Files on their way to and from the gateway: hashed while they pass, whole at the end or not at all."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import httpx

from ircopilot.client.errors import CorruptTransfer
from ircopilot.domain.errors import UnusableArgument

PIECE = 256 << 10
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip archive can tell


def hashed(source: BinaryIO, digest: Any) -> Iterator[bytes]:
    """A file's pieces; `digest` takes them in."""
    while piece := source.read(PIECE):
        digest.update(piece)
        yield piece


def same_digest(told: str, ours: str) -> str:
    """Raises `CorruptTransfer` unless both ends have the same SHA-256."""
    if told != ours:
        raise CorruptTransfer(f"SHA-256 is {ours} here and {told} there", "try again")
    return ours


class Arriving:
    """A file that is being fetched."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def take(self, piece: bytes) -> None:
        """The next piece."""
        self._digest.update(piece)
        self._file.write(piece)

    def check(self, answer: httpx.Response) -> str:
        """The SHA-256 of what came. Raises `CorruptTransfer` when the gateway announced another."""
        told = answer.headers.get("etag", "").strip('"').removesuffix("-gzip")  # packed on its way
        return same_digest(told, self._digest.hexdigest())


@contextmanager
def arriving(target: Path) -> Iterator[Arriving]:
    """A file that is at `target` after the block, unless the block raises."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as file:
        path = Path(file.name)
        try:
            yield Arriving(file)
            file.close()
            path.chmod(0o644)
            path.replace(target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def pack_rules(folder: Path, target: BinaryIO) -> None:
    """The rules of a folder as a zip archive, the same for the same rules. Raises `UnusableArgument` for a folder without."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".yml", ".yaml") and p.is_file())
    if not found:
        raise UnusableArgument(f"{folder} holds no rules (*.yml)", "give a folder of Sigma rules")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in found:
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLIEST)
            archive.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
