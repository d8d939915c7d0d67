"""The bytes of an artifact on their way out of the vault: parts, whole, and hashed anew."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request

from ircopilot.access.caller import Caller
from ircopilot.cases.find import seen_incident
from ircopilot.gateway.errors import UnknownArtifact
from ircopilot.gateway.gate import Gate
from ircopilot.stores import StoreSet
from ircopilot.stores.events import QueryStopped
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.artifact_views import ArtifactView, view_artifact
from ircopilot.stores.vault import MissingObject, ObjectLock, TamperedObject, Vault

PIECE = 256 << 10
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_UNSAFE = re.compile(r"[^A-Za-z0-9._ ()+-]")


def seen_artifact(tx: Tx, caller: Caller, key: str, sha256: str) -> tuple[str, ArtifactView]:
    """The incident's id and its artifact of that hash. Raises `UnknownIncident`, `UnknownArtifact`."""
    incident = seen_incident(tx, caller, key)
    view = view_artifact(tx, incident.incident_id, sha256)
    if view is None:
        raise UnknownArtifact(f"{key} has no artifact {sha256}", "list them: GET …/artifacts")
    return incident.incident_id, view


def lock_of(vault: Vault, org_id: str, sha256: str) -> ObjectLock | None:
    """How the vault holds it; None when it does not have it."""
    try:
        return vault.lock_of(org_id, sha256)
    except MissingObject:
        return None


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`first <= byte < end` of a body; `partial` when that was asked for."""

    first: int
    end: int
    partial: bool


def asked_range(request: Request, size: int, etag: str) -> ByteRange | None:
    """What of a body of that size is asked for; None when nothing of it can be given.

    Several ranges, other units, and a range of another version (`If-Range`) are answered with the whole.
    Source: RFC 9110 §14.2, §13.1.5.
    """
    whole = ByteRange(0, size, False)
    given = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if given is None or request.headers.get("if-range", etag) != etag or not (given[1] or given[2]):
        return whole
    if not given[1]:
        last = int(given[2])
        return ByteRange(max(0, size - last), size, True) if last and size else None
    first, end = int(given[1]), min(int(given[2]) + 1 if given[2] else size, size)
    if given[2] and int(given[2]) < int(given[1]):
        return whole  # no valid range at all
    return ByteRange(first, end, True) if first < size else None


def disposition(name: str) -> str:
    """`Content-Disposition` for a download of that name, whatever it holds. Source: RFC 6266 §4.3, RFC 8187 §3.2."""
    last = re.split(r"[/\\]", name)[-1]
    visible = "".join(c for c in last if not unicodedata.category(c).startswith("C")).strip(". ") or "artifact"
    visible = visible.encode("utf-8", "ignore").decode()[:150]
    plain = _UNSAFE.sub("_", visible)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(visible, safe='')}"


def skip(source: BinaryIO, number: int) -> None:
    """Read over so many bytes: the vault gives a forward stream, authenticated piece by piece."""
    while number > 0 and (piece := source.read(min(number, PIECE))):
        number -= len(piece)


def read_part(stores: StoreSet, org_id: str, sha256: str, offset: int, length: int) -> bytes:
    """Bytes of the artifact from `offset` on, fewer at its end. Raises `MissingObject`, `TamperedObject`."""
    with closing(stores.vault.open(org_id, sha256)) as source:
        skip(source, offset)
        found = bytearray()
        while len(found) < length and (piece := source.read(length - len(found))):
            found += piece
        return bytes(found)


async def sent_pieces(gate: Gate, source: BinaryIO, part: ByteRange) -> AsyncIterator[bytes]:
    """The bytes of a range, piece by piece."""
    with closing(source):
        await gate.in_file_thread(lambda: skip(source, part.first))
        for at in range(part.first, part.end, PIECE):
            wanted = min(PIECE, part.end - at)
            yield await gate.in_file_thread(partial(_exactly, source, wanted))


def _exactly(source: BinaryIO, wanted: int) -> bytes:
    """So many bytes. Raises `TamperedObject` when there are fewer."""
    found = bytearray()
    while len(found) < wanted:
        piece = source.read(wanted - len(found))
        if not piece:
            raise TamperedObject("the stored bytes end too soon")
        found += piece
    return bytes(found)


def hash_stored(
    vault: Vault, org_id: str, sha256: str, gone: Callable[[], bool]
) -> tuple[str | None, int, str | None]:  # fmt: skip
    """SHA-256 and size of what the vault has now, and what is wrong with it. Raises `QueryStopped` when `gone()`."""
    digest, size = hashlib.sha256(), 0
    try:
        with closing(vault.open(org_id, sha256)) as source:
            while piece := source.read(1 << 20):
                if gone():
                    raise QueryStopped("the caller has gone")
                digest.update(piece)
                size += len(piece)
    except (MissingObject, TamperedObject) as error:
        return None, size, f"{error.title}: {error.detail}"
    return digest.hexdigest(), size, None
