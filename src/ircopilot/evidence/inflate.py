"""Compressed streams (gzip, bzip2, xz, zstandard) read piece by piece, in bounded memory, loudly when cut short.

Sources: RFC 1952 (gzip), the bzip2 and xz file formats, RFC 8878 (zstandard).
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol

import zstandard

PIECE = 1 << 16
# One zstandard block of 4 bytes can stand for 128 KiB, and its decompressor has no output limit: feed it little.
ZSTD_PIECE = 1 << 11
DECODER_MEMORY = 256 << 20

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gz"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zst"),
)


class Damaged(Exception):
    """A container that is cut short or corrupt; the message says where it broke."""


class Inflater(Protocol):
    """One compressed frame: `feed` gives the plain pieces of some input, `eof` says that the frame ended."""

    eof: bool
    rest: bytes

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Plain pieces of this input."""
        ...


class _Zlib:
    def __init__(self) -> None:
        self._z = zlib.decompressobj(wbits=31)
        self.eof, self.rest = False, b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self.eof:
            yield self._z.decompress(data, PIECE)
            data, self.eof = self._z.unconsumed_tail, self._z.eof
        self.rest = self._z.unused_data


class _Bounded:
    """bzip2 and xz: the standard library gives both the same interface."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._z = inner
        self.eof, self.rest = False, b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._z.decompress(data, PIECE)
        while not self._z.eof and not self._z.needs_input:
            yield self._z.decompress(b"", PIECE)
        self.eof, self.rest = self._z.eof, self._z.unused_data


class _Zstd:
    def __init__(self) -> None:
        self._z = zstandard.ZstdDecompressor(max_window_size=128 << 20).decompressobj()
        self.eof, self.rest = False, b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), ZSTD_PIECE):
            yield self._z.decompress(data[at : at + ZSTD_PIECE])
            if self._z.eof:
                self.eof, self.rest = True, self._z.unused_data + data[at + ZSTD_PIECE :]
                return


INFLATERS: dict[str, Callable[[], Inflater]] = {
    "gz": _Zlib,
    "bz2": lambda: _Bounded(bz2.BZ2Decompressor()),
    "xz": lambda: _Bounded(lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=DECODER_MEMORY)),
    "zst": _Zstd,
}


def compression_of(head: bytes) -> str | None:
    """`gz`, `bz2`, `xz` or `zst` by magic number, else None. `BZh` alone is no proof: a level and the block magic follow."""
    for magic, kind in MAGIC:
        if head.startswith(magic):
            if kind == "bz2" and head[4:10] not in (b"1AY&SY", b"\x17rE8P\x90"):
                return None
            return kind
    return None


def inflate(stream: IO[bytes], kind: str) -> Iterator[bytes]:
    """Plain pieces of a compressed stream, its frames joined. Raises `Damaged` when it is cut short or corrupt."""
    magic = next(m for m, k in MAGIC if k == kind)
    pending = stream.read(PIECE)
    while True:
        frame = INFLATERS[kind]()
        while not frame.eof:
            if not pending:
                raise Damaged(f"the {kind} data is cut short")
            try:
                yield from filter(None, frame.feed(pending))
            except (zlib.error, lzma.LZMAError, OSError, EOFError, zstandard.ZstdError) as e:
                raise Damaged(f"the {kind} data is corrupt: {e}") from e
            pending = frame.rest if frame.eof else stream.read(PIECE)
        if len(pending) < len(magic):
            pending += stream.read(PIECE)
        # What follows the last frame is padding (tape blocks, zero fill); no tool reads it.
        if not pending.startswith(magic):
            return


class PieceStream(io.RawIOBase):
    """A readable stream over an iterator of pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the next piece; 0 at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        n = min(len(buffer), len(self._left))
        buffer[:n] = self._left[:n]
        self._left = self._left[n:]
        return n


def stream_of(pieces: Iterator[bytes]) -> io.BufferedReader:
    """A buffered binary stream over pieces, with `peek`."""
    return io.BufferedReader(PieceStream(pieces), PIECE)
