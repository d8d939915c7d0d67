"""A body on its way into the vault: in pieces, hashed as they come, kept only if all of it came as announced."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Iterator

import anyio.from_thread
from starlette.requests import ClientDisconnect, Request

from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.body import Body
from ircopilot.gateway.errors import BrokenUpload, DigestMismatch, SlowUpload, UnsupportedMedia
from ircopilot.gateway.gate import Gate

_GATHER = 256 << 10  # a hop between thread and loop costs more than a small piece's encryption
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_SHA256_MEMBER = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):(?:;[^,]*)?\s*(?=,|$)")
_FORMS = ("multipart/form-data",)


async def store_body(gate: Gate, org_id: str, request: Request, limit: int) -> tuple[str, int]:
    """Stream the body into the organisation's vault; (SHA-256, size) once it is whole and durable.

    Raises `TooLarge`, `UnsupportedMedia`, `BrokenUpload`, `SlowUpload`, `DigestMismatch`: then the vault holds nothing
    of it.
    """
    _check_kind(request)
    body: Body = request.state.body
    body.allow(limit)
    announced = announced_digests(request)
    stream = request.stream()
    vault = gate.stores.stores_for(org_id).vault

    def pieces() -> Iterator[bytes]:
        digest = hashlib.sha256() if announced else None
        while piece := anyio.from_thread.run(gather, stream, gate.limits.idle_s):
            if digest is not None:
                digest.update(piece)
            yield piece
        if digest is not None and not all(hmac.compare_digest(digest.digest(), said) for said in announced):
            raise DigestMismatch(f"the bytes received have SHA-256 {digest.hexdigest()}", "send them again")

    try:
        sha256, size = await gate.in_upload_thread(lambda: vault.put(org_id, pieces()))
    except (ClientDisconnect, BrokenUpload, SlowUpload, DigestMismatch) as error:
        gate.meters.broken.labels(type(error).__name__).inc()
        if isinstance(error, ClientDisconnect):
            raise BrokenUpload("the connection ended before the body did", "send it again") from error
        raise
    gate.meters.received.inc(size)
    return sha256, size


def announced_digests(request: Request) -> list[bytes]:
    """The SHA-256 that the sender announced, from `X-Content-SHA256` and `Content-Digest`. Raises `UnusableArgument`.

    Digests by other algorithms are not looked at. Source: RFC 9530 §2.
    """
    found = []
    if (given := request.headers.get("x-content-sha256")) is not None:
        if _HEX.fullmatch(given.strip()) is None:
            raise UnusableArgument("X-Content-SHA256 is not 64 hexadecimal digits", "leave it out, or send the SHA-256")
        found.append(bytes.fromhex(given.strip()))
    if (given := request.headers.get("content-digest")) is not None and "sha-256=" in given:
        member = _SHA256_MEMBER.search(given)
        try:
            found.append(base64.b64decode(member[1] if member else "", validate=True))
        except binascii.Error:
            found.append(b"")
        if len(found[-1]) != 32:
            raise UnusableArgument("Content-Digest cannot be read", "write sha-256=:<base64 of the digest>:")
    return found


async def gather(stream: AsyncIterator[bytes], idle_s: float) -> bytes:
    """The next good part of the body; empty at its end."""
    found = bytearray()
    while len(found) < _GATHER:
        try:
            async with asyncio.timeout(idle_s):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise SlowUpload(f"nothing came for {idle_s:.0f} s", "send it again") from None
        if chunk is None:
            break
        found += chunk
    return bytes(found)


def _check_kind(request: Request) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("evidence is kept byte for byte as it is sent", "send it without Content-Encoding")
    if request.headers.get("content-type", "").lower().startswith(_FORMS):
        raise UnsupportedMedia("the body is a form", "send the file's bytes alone: curl --upload-file FILE -X POST")
