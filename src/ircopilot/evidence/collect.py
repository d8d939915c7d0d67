"""The collector: files, folders and containers in, artifacts out, each hashed and stored while it is read.

Every member of a container is an artifact of its own. Nothing is trusted: sizes, names, links and depth are bounded,
and what is refused becomes a `ParseError` on the artifact it belongs to while the rest goes on.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, BinaryIO, Protocol, cast

from ircopilot.domain.evidence import Artifact, ParseError
from ircopilot.evidence.archives import Limits, Refused, container_of, is_document, members_of, readable_name
from ircopilot.evidence.inflate import PIECE, Damaged
from ircopilot.evidence.sniff import LONG_SAMPLE_BYTES, SAMPLE_BYTES, Sniffed, sniff

SPOOL_MEMORY = 16 << 20
MEDIA_TYPES = {"zip": "application/zip", "tar": "application/x-tar", "gz": "application/gzip",
               "bz2": "application/x-bzip2", "xz": "application/x-xz", "zst": "application/zstd"}  # fmt: skip


class Sink(Protocol):
    """Where bytes are kept (the vault): reads all pieces, returns SHA-256 (hex) and size; forgets them if reading fails."""

    def put(self, pieces: Iterator[bytes]) -> tuple[str, int]:
        """Keep all pieces as one object; returns (SHA-256 as hex, size in bytes)."""
        ...


@dataclass(frozen=True, slots=True)
class Collected:
    """One thing that was looked at.

    `artifact` is None when nothing could be kept; `errors` says why. Bytes met before come as `duplicate_of` (their
    SHA-256) with the artifact under its other name: to be recorded, not to be loaded again. `sniffed` holds the decoder
    and mapping of what has records to load; containers, duplicates and unreadable bytes have none.
    """

    name: str
    artifact: Artifact | None = None
    errors: tuple[ParseError, ...] = ()
    duplicate_of: str = ""
    is_container: bool = False
    sniffed: Sniffed | None = None


class LimitReached(Exception):
    """Unpacking went over a limit that ends the container, or the collection; the message says which."""


def collect(
    paths: Iterable[Path], sink: Sink, limits: Limits | None = None, received_from: str = ""
) -> Iterator[Collected]:
    """Store and describe everything under `paths`, in an order that depends only on names and bytes.

    Names are relative to the folder given, so that the same folder elsewhere gives the same artifacts. A container
    comes before its members. Never raises for what is in the evidence; a path that does not exist raises OSError.
    """
    job = _Collection(sink, limits or Limits(), received_from)
    for found in given_files(paths):
        yield from [found] if isinstance(found, Collected) else job.take_file(*found)


def given_files(paths: Iterable[Path]) -> Iterator[tuple[Path, str] | Collected]:
    """Each regular file under `paths` with the name it has as evidence, or what is said of it when it is none.

    Raises OSError for a path that does not exist.
    """
    for root in paths:
        if root.is_dir():
            yield from _walk(root, root, ())
        elif root.is_file():
            yield root.resolve(), readable_name(root.name)
        else:
            root.stat()
            yield _refusal(readable_name(root.name), "it is no regular file or folder")


def collect_kept(
    name: str, sha256: str, size: int, stream: BinaryIO, sink: Sink, limits: Limits | None = None, received_from: str = ""
) -> Iterator[Collected]:  # fmt: skip
    """Describe bytes that are kept already, and store and describe what is in them. `stream` is their plaintext."""
    job = _Collection(sink, limits or Limits(), received_from)
    yield from job.take_kept(readable_name(name), sha256, size, stream)


def _walk(root: Path, folder: Path, names: tuple[str, ...]) -> Iterator[tuple[Path, str] | Collected]:
    """Regular files under a folder, sorted by name; links are not followed, what is no file is said."""
    try:
        entries = sorted(os.scandir(folder), key=lambda e: e.name)
    except OSError as e:
        yield _refusal("/".join(names) or readable_name(folder.name), f"the folder cannot be read: {e.strerror}")
        return
    for entry in entries:
        inside = (*names, readable_name(entry.name))
        path, name = Path(entry.path), "/".join(inside)
        if entry.is_symlink():
            # A link to something else in the folder brings nothing new: it is read at its own place.
            if not path.exists() or not path.resolve().is_relative_to(root.resolve()):
                yield _refusal(name, "it is a symbolic link that leads out of the evidence")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path, inside)
        elif entry.is_file(follow_symlinks=False):
            yield path, name
        else:
            yield _refusal(name, "it is no regular file")


def _refusal(name: str, reason: str) -> Collected:
    return Collected(name, errors=(ParseError(locator="", reason=f"{name}: {reason}"),))


@dataclass(slots=True)
class _Budget:
    """What may still come out of one given file."""

    limits: Limits
    allowed: int
    spent: int = 0
    count: int = 0

    def take(self) -> None:
        """One file or member more. Counted for each given file, so that one archive cannot crowd out the others."""
        self.count += 1
        if self.count > self.limits.count:
            raise LimitReached(f"there are more than {self.limits.count:,} members in it")

    def watch(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pieces that were decompressed."""
        for piece in pieces:
            self.spent += len(piece)
            if self.spent > self.allowed:
                raise LimitReached(f"it unpacks to more than {self.allowed:,} bytes in all, as only a bomb does")
            yield piece

    def member(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Pieces of one member."""
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self.limits.member_bytes:
                raise Damaged(f"it unpacks to more than {self.limits.member_bytes:,} bytes")
            yield piece


@dataclass(slots=True)
class _Found:
    """A blob on its way in: its name, its place in a container and how deep that is."""

    name: str
    parent_sha256: str | None = None
    member: str | None = None
    depth: int = 0


@dataclass(slots=True)
class _Collection:
    """One call of `collect`: what was seen and how much was unpacked."""

    sink: Sink
    limits: Limits
    received_from: str
    seen: dict[str, Artifact] = field(default_factory=dict)
    unpacked: int = 0

    def take_file(self, path: Path, name: str) -> Iterator[Collected]:
        """One given file, and what is in it."""
        # O_NOFOLLOW and O_NONBLOCK: what was a file a moment ago may be a link or a pipe by now.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            fd = os.open(path, flags)
        except OSError as e:
            yield _refusal(name, f"it cannot be opened: {e.strerror or e}")
            return
        with os.fdopen(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                yield _refusal(name, "it is no regular file")
                return
            allowed = max(self.limits.ratio_free_bytes, status.st_size * self.limits.ratio)
            budget = _Budget(self.limits, min(allowed, max(0, self.limits.total_bytes - self.unpacked)))
            try:
                yield from self._take_blob(_Found(name), _pieces(file), file, budget)
            except (Damaged, LimitReached) as e:
                yield _refusal(name, str(e))
            self.unpacked += budget.spent

    def take_kept(self, name: str, sha256: str, size: int, stream: BinaryIO) -> Iterator[Collected]:
        """Bytes that the sink keeps already; a container is unpacked from a copy that has no name on disk."""
        artifact = Artifact(sha256=sha256, size=size, name=name, received_from=self.received_from)
        head, pieces = _peek(_pieces(stream))
        kind = container_of(head)
        if not kind:
            yield _described(artifact, head, size)
            return
        self.seen[sha256] = artifact
        budget = _Budget(self.limits, max(self.limits.ratio_free_bytes, size * self.limits.ratio))
        budget.take()
        with tempfile.SpooledTemporaryFile(SPOOL_MEMORY) as spool:
            for piece in pieces:
                spool.write(piece)
            file = cast(BinaryIO, spool)
            file.seek(0)
            if kind == "zip" and is_document(file, self.limits):
                yield _described(artifact, head, size)
                return
            try:
                yield from self._open_container(_Found(name, parent_sha256=sha256), artifact, kind, file, budget)
            except (Damaged, LimitReached) as e:
                yield Collected(name, artifact, (ParseError(locator="", reason=f"{name}: {e}"),))

    def _take_blob(
        self, found: _Found, pieces: Iterator[bytes], file: BinaryIO | None, budget: _Budget
    ) -> Iterator[Collected]:
        """Store one blob and, if it is a container, what it holds. `file` is the blob seekable, if there is one."""
        budget.take()
        head, pieces = _peek(pieces)
        kind = container_of(head)
        with tempfile.SpooledTemporaryFile(SPOOL_MEMORY) as spool:
            again = cast(BinaryIO, file or spool)
            sha256, size = self.sink.put(_copied(pieces, None if file or not kind else spool))
            if first := self.seen.get(sha256):
                place = {"name": found.name, "parent_sha256": found.parent_sha256, "member": found.member}
                yield Collected(found.name, first.model_copy(update=place), duplicate_of=sha256)
                return
            artifact = Artifact(sha256=sha256, size=size, name=found.name, parent_sha256=found.parent_sha256,
                                member=found.member, received_from=self.received_from)  # fmt: skip
            self.seen[sha256] = artifact
            again.seek(0)
            if kind and not (kind == "zip" and is_document(again, self.limits)):
                yield from self._open_container(replace(found, parent_sha256=sha256), artifact, kind, again, budget)
            else:
                described = _described(artifact, head, size)
                self.seen[sha256] = described.artifact or artifact
                yield described

    def _open_container(
        self, found: _Found, artifact: Artifact, kind: str, file: BinaryIO, budget: _Budget
    ) -> Iterator[Collected]:
        """The container first, with what was refused in it, then its members."""
        inside: list[Collected] = []
        errors: list[ParseError] = []
        if found.depth >= self.limits.depth:
            errors.append(
                ParseError(locator="", reason=f"nested deeper than {self.limits.depth} containers: not opened")
            )
        else:
            try:
                for member in members_of(file, kind, found.name, self.limits, budget.watch):
                    if isinstance(member, Refused):
                        errors.append(_member_error(member.name, member.reason))
                        continue
                    place = _Found(f"{found.name}!/{member.name}", artifact.sha256, member.name, found.depth + 1)
                    try:
                        inside += self._take_blob(place, budget.member(member.pieces), None, budget)
                    except Damaged as e:
                        errors.append(_member_error(member.name, str(e)))
            except (Damaged, LimitReached) as e:
                errors.append(ParseError(locator="", reason=f"{e}; the rest of it is not read"))
        described = artifact.model_copy(update={"format": kind, "media_type": MEDIA_TYPES[kind]})
        self.seen[artifact.sha256] = described
        yield Collected(found.name, described, tuple(errors), is_container=True)
        yield from inside


def _member_error(name: str, reason: str) -> ParseError:
    return ParseError(locator=f"member:{name[:200]}", reason=reason)


def _described(artifact: Artifact, head: bytes, size: int) -> Collected:
    found = sniff(head, whole=size <= len(head))
    described = artifact.model_copy(update={"format": found.format, "media_type": found.media_type})
    errors = (ParseError(locator="", reason=found.unreadable),) if found.unreadable else ()
    return Collected(artifact.name, described, errors, sniffed=found if found.mapping else None)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Pieces of a given file. Its read errors are told from those of the sink, which must not be taken for bad evidence."""
    try:
        while piece := file.read(PIECE * 16):
            yield piece
    except OSError as e:
        raise Damaged(f"it cannot be read: {e.strerror or e}") from e


def _peek(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all pieces again."""
    first: list[bytes] = []
    size = 0
    # A first line longer than the sample would tell nothing: see its end, if that is near.
    more = True
    while (size < SAMPLE_BYTES or (size < LONG_SAMPLE_BYTES and not any(b"\n" in p for p in first))) and more:
        piece = next(pieces, b"")
        more = bool(piece)
        first.append(piece)
        size += len(piece)

    def all_pieces() -> Iterator[bytes]:
        yield from first
        yield from pieces

    head = b"".join(first)
    end = max(SAMPLE_BYTES, head.find(b"\n") + 1 or len(head))
    return head[: min(end, LONG_SAMPLE_BYTES)], all_pieces()


def _copied(pieces: Iterator[bytes], copy: IO[bytes] | None) -> Iterator[bytes]:
    for piece in pieces:
        if copy is not None:
            copy.write(piece)
        yield piece
