"""Containers opened member by member: zip and tar, plain or compressed, whatever their names say.

Nothing is written under a member's name; still, a name that leaves the folder, a link or a device is refused and
said, because an archive that holds one was made to harm. Sources: PKWARE APPNOTE 6.3 (zip), POSIX.1-2017 pax (tar).
"""

from __future__ import annotations

import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from ircopilot.evidence.inflate import PIECE, Damaged, compression_of, inflate, stream_of

TAR_BLOCK = 512
MAX_HEADER_BYTES = 1 << 20
LINK_TYPES = {tarfile.SYMTYPE: "a symbolic link", tarfile.LNKTYPE: "a hard link", tarfile.CHRTYPE: "a device",
              tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a named pipe", tarfile.GNUTYPE_SPARSE: "a sparse file"}  # fmt: skip
# Zip files that are one document or program, not a folder of evidence.
DOCUMENT_MARKS = (
    "[Content_Types].xml",
    "META-INF/MANIFEST.MF",
    "META-INF/container.xml",
    "mimetype",
    "AndroidManifest.xml",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a collection may unpack; sizes in bytes.

    `ratio` bounds all that comes out of one given file, at every depth together, against that file's size; the first
    `ratio_free_bytes` are not held to it (small repetitive logs compress well).
    """

    member_bytes: int = 64 << 30
    total_bytes: int = 1 << 40
    ratio: int = 250
    ratio_free_bytes: int = 128 << 20
    count: int = 100_000
    depth: int = 5
    name_length: int = 1024


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name, and its plain bytes, to be consumed before the next member is asked for."""

    name: str
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that is not opened, and why."""

    name: str
    reason: str


Watch = Callable[[Iterator[bytes]], Iterator[bytes]]


def container_of(head: bytes) -> str | None:
    """`zip`, `tar`, `gz`, `bz2`, `xz`, `zst` or None, from the first bytes of a file."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return compression_of(head) or ("tar" if _is_tar(head) else None)


def members_of(file: BinaryIO, kind: str, name: str, limits: Limits, watch: Watch) -> Iterator[Member | Refused]:
    """Members of a container read from its start (seekable for zip). Raises `Damaged` when the whole cannot be read.

    Everything decompressed, also what is passed over, goes through `watch`, which raises when it is too much.
    """
    if kind == "zip":
        yield from _zip_members(file, limits, watch)
    elif kind == "tar":
        yield from _tar_members(file, limits)
    else:
        plain = stream_of(watch(inflate(file, kind)))
        if _is_tar(plain.peek(TAR_BLOCK)[:TAR_BLOCK]):
            yield from _tar_members(plain, limits)
        else:
            yield Member(_inner_name(name, kind), _read(plain))


def is_document(file: BinaryIO, limits: Limits) -> bool:
    """Whether a zip file is an office document, a Java archive or the like, to be kept whole."""
    try:
        _check_directory_size(file, limits)
        with zipfile.ZipFile(file) as z:
            return any(mark in z.NameToInfo for mark in DOCUMENT_MARKS)
    except (Damaged, zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return False
    finally:
        file.seek(0)


def unsafe_name(name: str, limits: Limits) -> str:
    """Why a member's name is refused, or nothing."""
    if not name or "\0" in name:
        return "its name is empty or holds a NUL"
    if len(name) > limits.name_length:
        return f"its name is longer than {limits.name_length} characters"
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "its name is an absolute path"
    if ".." in re.split(r"[/\\]", name):
        return "its name leaves the archive (..)"
    return ""


def readable_name(name: str) -> str:
    """A name as UTF-8 text: bytes that are not are written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def _inner_name(name: str, kind: str) -> str:
    base = name.rsplit("/", 1)[-1]
    return base[: -len(kind) - 1] if base.lower().endswith("." + kind) and len(base) > len(kind) + 1 else base


def _read(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


def _zip_members(file: BinaryIO, limits: Limits, watch: Watch) -> Iterator[Member | Refused]:
    _check_directory_size(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as e:
        raise Damaged(f"the zip file is cut short or corrupt: {e}") from e
    with archive:
        if len(archive.infolist()) > limits.count:
            # Known before the first is kept: what holds so many is not worth an hour of hashing its first part.
            raise Damaged(f"it holds {len(archive.infolist()):,} members, more than the limit of {limits.count:,}")
        for info in archive.infolist():
            name = readable_name(info.filename)
            if info.is_dir():
                continue
            reason = unsafe_name(name, limits) or _zip_refusal(info)
            yield Refused(name, reason) if reason else Member(name, watch(_zip_pieces(archive, info)))


def _zip_refusal(info: zipfile.ZipInfo) -> str:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "it is a symbolic link"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is no regular file"
    if info.flag_bits & 0x1:
        return "it is encrypted; unpack it with its password and give the result"
    return ""


def _zip_pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as stream:
            yield from _read(stream)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as e:
        raise Damaged(f"the member cannot be unpacked: {e}") from e


def _check_directory_size(file: BinaryIO, limits: Limits) -> None:
    """Refuse a central directory too large to hold in memory, before `zipfile` reads it whole."""
    size = file.seek(0, 2)
    at = max(0, size - (1 << 16) - 22)
    file.seek(at)
    tail = file.read()
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Damaged("the zip file is cut short: it has no central directory")
    directory = struct.unpack_from("<L", tail, end + 12)[0]
    if directory == 0xFFFFFFFF and (big := tail.rfind(b"PK\x06\x06")) >= 0 and len(tail) >= big + 48:
        directory = struct.unpack_from("<Q", tail, big + 40)[0]
    if directory > min(limits.count * 256, size):
        raise Damaged("the zip file's directory is larger than the limit on members allows")


def _is_tar(head: bytes) -> bool:
    try:
        return len(head) >= TAR_BLOCK and bool(_header(head[:TAR_BLOCK]).name)
    except tarfile.TarError:
        return False


def _header(block: bytes) -> tarfile.TarInfo:
    return tarfile.TarInfo.frombuf(block, "utf-8", "backslashreplace")


def _tar_members(stream: IO[bytes], limits: Limits) -> Iterator[Member | Refused]:
    """Read forward only. Long names and pax headers are bounded, unlike in `tarfile`, which reads them whole."""
    extra: dict[str, str] = {}
    while True:
        block = _exactly(stream, TAR_BLOCK)
        if not block.strip(b"\0"):
            return
        try:
            info = _header(block)
        except tarfile.TarError as e:
            raise Damaged(f"a header in the tar file is corrupt: {e}") from e
        if info.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
                         tarfile.XGLTYPE):  # fmt: skip
            extra |= _tar_extra(info, _bounded(stream, info.size))
            continue
        name, size = readable_name(extra.get("path", info.name)), int(extra.get("size", info.size))
        sparse = any(k.startswith("GNU.sparse.") for k in extra)
        extra = {}
        if info.type in LINK_TYPES or sparse:
            yield Refused(name, f"it is {'a sparse file' if sparse else LINK_TYPES[info.type]}")
        elif info.isdir():
            continue
        elif reason := unsafe_name(name, limits):
            yield Refused(name, reason)
        else:
            data = _Body(stream, size)
            yield Member(name, data.pieces())
            data.skip()
            continue
        if info.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE):
            _Body(stream, size).skip()


class _Body:
    """The data of one tar member, with its padding."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream, self._left, self._padding = stream, size, -size % TAR_BLOCK

    def pieces(self) -> Iterator[bytes]:
        while self._left:
            piece = self._stream.read(min(PIECE, self._left))
            if not piece:
                raise Damaged("the tar file is cut short inside this member")
            self._left -= len(piece)
            yield piece

    def skip(self) -> None:
        for _ in self.pieces():
            pass
        _exactly(self._stream, self._padding)


def _exactly(stream: IO[bytes], n: int) -> bytes:
    data = stream.read(n)
    if len(data) < n:
        raise Damaged("the tar file is cut short")
    return data


def _bounded(stream: IO[bytes], size: int) -> bytes:
    if size > MAX_HEADER_BYTES:
        raise Damaged("an extended header in the tar file is larger than 1 MiB")
    data = _exactly(stream, size)
    _exactly(stream, -size % TAR_BLOCK)
    return data


def _tar_extra(info: tarfile.TarInfo, data: bytes) -> dict[str, str]:
    """What an extended header says of the member after it: `path`, `size` and sparse marks."""
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", "backslashreplace")}
    if info.type in (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE):
        return {}
    found: dict[str, str] = {}
    while match := re.match(rb"(\d{1,9}) ([^=]{1,200})=", data):
        length = int(match[1])
        value = data[match.end() : length - 1].decode("utf-8", "backslashreplace")
        found[match[2].decode("utf-8", "replace")] = value
        if length <= match.end():
            break
        data = data[length:]
    if not found.get("size", "0").isdecimal():
        raise Damaged("an extended header in the tar file is corrupt")
    return found
