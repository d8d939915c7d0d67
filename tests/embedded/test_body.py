"""Bodies: framing, encodings, and what ends early."""

from __future__ import annotations

import gzip
import io
import zlib
from email.message import Message

import lz4.frame
import pytest
import zstandard

from ircopilot.embedded.eventstore.body import (
    BodyTooLarge,
    BrokenBody,
    decoded_chunks,
    form_fields,
    framed_chunks,
    read_whole,
)

PLAIN = b"".join(b"line %d\n" % n for n in range(50_000))
ENCODED = {
    "gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "zstd": zstandard.compress(PLAIN),
    "lz4": lz4.frame.compress(PLAIN),
}


@pytest.mark.parametrize("encoding", [*ENCODED, None])
def test_decodes_in_small_pieces(encoding: str | None) -> None:
    data = ENCODED[encoding] if encoding else PLAIN
    pieces = [data[n : n + 777] for n in range(0, len(data), 777)]
    assert b"".join(decoded_chunks(iter(pieces), encoding)) == PLAIN


@pytest.mark.parametrize("encoding", ENCODED)
def test_frames_may_follow_one_another(encoding: str) -> None:
    assert b"".join(decoded_chunks(iter([ENCODED[encoding] * 2]), encoding)) == PLAIN * 2


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_stream_that_ends_early_is_an_error(encoding: str) -> None:
    with pytest.raises(BrokenBody):
        list(decoded_chunks(iter([ENCODED[encoding][:-10]]), encoding))


@pytest.mark.parametrize("encoding", [*ENCODED, "br"])
def test_damage_and_unknown_encodings_are_errors(encoding: str) -> None:
    with pytest.raises(BrokenBody):
        list(decoded_chunks(iter([b"\x00garbage" * 10]), encoding))


def headers(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


def test_chunked_framing() -> None:
    body = io.BufferedReader(io.BytesIO(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nnext"))  # type: ignore[arg-type]
    assert b"".join(framed_chunks(body, headers(Transfer_Encoding="chunked"))) == b"abcde"
    assert body.read() == b"next"


@pytest.mark.parametrize("body", [b"3\r\nab", b"", b"3\r\nabc\r\n", b"zz\r\n", b"2\r\nabcd\r\n0\r\n\r\n"])
def test_chunked_body_that_breaks_off(body: bytes) -> None:
    with pytest.raises(BrokenBody):
        list(framed_chunks(io.BufferedReader(io.BytesIO(body)), headers(Transfer_Encoding="chunked")))  # type: ignore[arg-type]


def test_length_that_is_not_reached() -> None:
    with pytest.raises(BrokenBody):
        list(framed_chunks(io.BufferedReader(io.BytesIO(b"ab")), headers(Content_Length="3")))  # type: ignore[arg-type]


def test_a_statement_has_a_limit() -> None:
    with pytest.raises(BodyTooLarge):
        read_whole(iter([b"x" * 10, b"y"]), 10)


def test_form_fields() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n'
        b'--B\r\nContent-Disposition: form-data; name="param_x"\r\n\r\n\xc3\xa4\r\n\r\n\r\n--B--\r\n'
    )
    assert form_fields(body, "multipart/form-data; boundary=B") == {"query": "SELECT 1", "param_x": "ä\r\n\r\n"}
