"""The tus protocol's headers, read strictly. Source: https://tus.io/protocols/resumable-upload 1.0.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from typing import Annotated

from fastapi import Depends, Request

from ircopilot.domain.errors import ProblemError, UnusableArgument
from ircopilot.evidence.naming import safe_name
from ircopilot.gateway.errors import UnsupportedMedia
from ircopilot.stores.postgres.uploads import Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
MEDIA = "application/offset+octet-stream"
MOST_METADATA = 4096
_NUMBER = re.compile(r"[0-9]{1,18}")
_METADATA_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,100}")  # visible ASCII without the comma


class UnsupportedTus(ProblemError):
    """The client speaks another version of the tus protocol, or none."""

    type = "unsupported-tus"
    status = 412
    title = "That version of the tus protocol is not spoken"


class ChecksumMismatch(ProblemError):
    """The bytes of the part are not those that were announced; none of them was kept."""

    type = "checksum-mismatch"
    status = 460
    title = "The part is not what was announced"


async def tus_call(request: Request) -> None:
    """Every answer says the version; a call in another one is refused. Raises `UnsupportedTus`."""
    headers = request.scope["state"].setdefault("headers", {})
    headers["Tus-Resumable"] = VERSION
    if request.headers.get("tus-resumable") != VERSION:
        headers["Tus-Version"] = VERSION
        raise UnsupportedTus("Tus-Resumable is missing or another version", f"send Tus-Resumable: {VERSION}")


Tus = Annotated[None, Depends(tus_call)]


def number(request: Request, name: str) -> int:
    """A header that is a whole number, 0 or more. Raises `UnusableArgument`."""
    given = request.headers.getlist(name)
    if len(given) != 1 or _NUMBER.fullmatch(given[0]) is None:
        raise UnusableArgument(f"{name} is missing or no whole number", f"send {name} once")
    return int(given[0])


def check_media(request: Request) -> None:
    """Raises `UnsupportedMedia`."""
    if request.headers.get("content-type", "").strip().lower() != MEDIA:
        raise UnsupportedMedia("bytes of an upload have a type of their own", f"send Content-Type: {MEDIA}")


def read_metadata(text: str) -> dict[str, str]:
    """`Upload-Metadata`: keys and base64 values. Values that are no UTF-8 are mended. Raises `UnusableArgument`."""
    found: dict[str, str] = {}
    if len(text) > MOST_METADATA:
        raise UnusableArgument(f"Upload-Metadata is longer than {MOST_METADATA} bytes", "send less of it")
    for pair in text.split(",") if text.strip() else ():
        key, _, value = pair.strip().partition(" ")
        try:
            plain = base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            raise UnusableArgument(
                "Upload-Metadata holds a value that is no base64", "send key base64,key base64"
            ) from None
        if _METADATA_KEY.fullmatch(key) is None or key in found:
            raise UnusableArgument("Upload-Metadata has an unusable or repeated key", "send key base64,key base64")
        found[key] = plain
    return found


def name_of(metadata: dict[str, str]) -> str:
    """The upload's name, for people to read, out of what the client calls it."""
    return safe_name(next((metadata[key] for key in ("filename", "name") if metadata.get(key)), ""))


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest that a part was announced to have."""

    digest: bytes

    def check(self, found: bytes) -> None:
        """Raises `ChecksumMismatch`."""
        if found != self.digest:
            raise ChecksumMismatch(f"its SHA-256 is {found.hex()}", "send the part again")


def announced_checksum(request: Request) -> Checksum | None:
    """`Upload-Checksum`, if there is one. Raises `UnusableArgument` for another algorithm than sha256."""
    given = request.headers.get("upload-checksum")
    if given is None:
        return None
    algorithm, _, value = given.strip().partition(" ")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if algorithm.lower() != "sha256" or len(digest) != hashlib.sha256().digest_size:
        raise UnusableArgument("Upload-Checksum is not of sha256", "send Upload-Checksum: sha256 <base64>")
    return Checksum(digest)


def headers_of(upload: Upload) -> dict[str, str]:
    """How far an upload is and until when it is kept."""
    expires = format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)
    return {"Upload-Offset": str(upload.received), "Upload-Expires": expires, "Cache-Control": "no-store"}
