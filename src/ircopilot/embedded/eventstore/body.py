"""A request's body as decoded chunks: length or chunked framing, then gzip, zstd, lz4 or deflate; never held whole."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from io import BufferedIOBase
from typing import Any

CHUNK = 1 << 20


class BrokenBody(Exception):
    """A body that ends early or cannot be decoded: what it would have inserted must not be inserted."""

    code = 1000


class BodyTooLarge(Exception):
    """A body that has to be held whole and is larger than the limit."""

    code = 223


def framed_chunks(source: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """The body's bytes as sent, up to a megabyte a piece. Source: RFC 9112, sections 6 and 7."""
    if (headers.get("Transfer-Encoding") or "").lower() == "chunked":
        while size := _chunk_size(source):
            yield from _exactly(source, size)
            if source.readline(3).strip():
                raise BrokenBody("a chunk is longer than it says")
        while source.readline(65536).strip():
            pass
        return
    yield from _exactly(source, int(headers.get("Content-Length") or 0))


def decoded_chunks(chunks: Iterator[bytes], encoding: str | None) -> Iterator[bytes]:
    """The chunks decompressed. Raises `BrokenBody` for a stream that is damaged or ends early."""
    name = (encoding or "identity").lower()
    if name == "identity":
        yield from chunks
        return
    make = _DECODERS.get(name)
    if make is None:
        raise BrokenBody(f"unknown Content-Encoding {encoding}")
    decoder: Any = None
    try:
        for chunk in chunks:
            data = chunk
            while data:
                decoder = decoder or make()
                if plain := decoder.decompress(data):
                    yield plain
                # Frames may follow one another; a finished decoder cannot be used again.
                data = decoder.unused_data if decoder.eof else b""
                decoder = None if decoder.eof else decoder
    except (zlib.error, RuntimeError, ValueError) as error:
        raise BrokenBody(f"damaged {name} body: {error}") from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":
            raise BrokenBody(f"damaged {name} body: {error}") from error
        raise
    if decoder is not None:
        raise BrokenBody(f"the {name} body ends early")


def read_whole(chunks: Iterator[bytes], limit: int) -> bytes:
    """All chunks as one. Raises `BodyTooLarge` beyond `limit` bytes."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"a statement may have {limit} bytes")
        parts.append(chunk)
    return b"".join(parts)


def form_fields(body: bytes, content_type: str) -> dict[str, str]:
    """The text fields of a multipart form, by name; clickhouse-connect sends long parameters so. Source: RFC 7578."""
    header = BytesHeaderParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n")
    mark = b"--" + str(header.get_param("boundary") or "").encode()
    fields = {}
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        disposition = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
        name = disposition.get_param("name", header="Content-Disposition")
        if disposition.get_param("filename", header="Content-Disposition"):
            raise BrokenBody("external tables are not served by the embedded event store")
        fields[str(name)] = value.decode("utf-8")
    return fields


def _chunk_size(source: BufferedIOBase) -> int:
    line = source.readline(1024)
    try:
        return int(line.split(b";")[0], 16)
    except ValueError as error:
        raise BrokenBody("the body ends early") from error


def _exactly(source: BufferedIOBase, size: int) -> Iterator[bytes]:
    while size:
        data = source.read(min(size, CHUNK))
        if not data:
            raise BrokenBody("the body ends early")
        size -= len(data)
        yield data


def _zstd() -> Any:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


def _lz4() -> Any:
    import lz4.frame  # type: ignore[import-untyped]

    return lz4.frame.LZ4FrameDecompressor()


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(31),
    "deflate": zlib.decompressobj,
    "zstd": _zstd,
    "lz4": _lz4,
}
