"""Reading cited records again from an artifact's bytes: what the report shows of an event, and what `verify` checks.

Nothing of the event store is used: a locator leads from the bytes to the record, its fields as they stand there.
"""

from __future__ import annotations

import io
import json
from collections.abc import Set as AbstractSet
from typing import Any, BinaryIO, cast

import orjson

from ircopilot.domain.errors import ProblemError
from ircopilot.evidence.records import Decoder
from ircopilot.evidence.registry import DECODERS
from ircopilot.evidence.sniff import SAMPLE_BYTES, sniff


class NoDecoder(ProblemError):
    """The bytes are of a kind that no decoder reads."""

    type = "no-decoder"
    status = 422
    title = "The artifact cannot be read again"


class _Rejoined(io.RawIOBase):
    """A forward stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)


def read_records(stream: BinaryIO, format_name: str, locators: AbstractSet[str]) -> dict[str, dict[str, Any]]:
    """The records at `locators`, by locator; one that is not there is missing from the answer.

    `format_name` is an artifact's `DECODER/MAPPING`; without a decoder in it, the decoder is told from the bytes as
    it was when they were loaded. The stream is read once, no further than the last record wanted. Raises `NoDecoder`.
    """
    head = _read_up_to(stream, SAMPLE_BYTES)
    whole = len(head) < SAMPLE_BYTES
    decoder = DECODERS.get(format_name.partition("/")[0]) or sniff(head, whole).decoder
    if decoder is None:
        raise NoDecoder(f"no decoder reads an artifact of the format '{format_name}'")
    found: dict[str, dict[str, Any]] = {}
    # A decoder that hands records on in another shape than they have tells them `as_stored`, too.
    read = getattr(decoder, "as_stored", decoder.decode)
    for block in read(cast(BinaryIO, io.BufferedReader(_Rejoined(head, stream), 1 << 20))):
        for locator, payload in zip(block.locators, block.payloads, strict=True):
            if locator in locators:
                found[locator] = record_of(payload, decoder)
        if len(found) == len(locators):
            break
    return found


def read_record(stream: BinaryIO, format_name: str, locator: str) -> dict[str, Any] | None:
    """One record, or None when there is none at the locator."""
    return read_records(stream, format_name, {locator}).get(locator)


def read_payload(stream: BinaryIO, format_name: str, locator: str) -> tuple[bytes, dict[str, Any]] | None:
    """One record as its decoder hands it on (for JSON lines the line as it stands), and its fields; None: no record there.

    Raises `NoDecoder`.
    """
    head = _read_up_to(stream, SAMPLE_BYTES)
    decoder = DECODERS.get(format_name.partition("/")[0]) or sniff(head, len(head) < SAMPLE_BYTES).decoder
    if decoder is None:
        raise NoDecoder(f"no decoder reads an artifact of the format '{format_name}'")
    read = getattr(decoder, "as_stored", decoder.decode)
    for block in read(cast(BinaryIO, io.BufferedReader(_Rejoined(head, stream), 1 << 20))):
        for found, payload in zip(block.locators, block.payloads, strict=True):
            if found == locator:
                return bytes(payload), record_of(payload, decoder)
    return None


def record_of(payload: bytes, decoder: Decoder) -> dict[str, Any]:
    """A record's fields, without those that the decoder added from around it (the path of a Zeek log, say)."""
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        # Half surrogates, which ClickHouse reads and orjson refuses, become U+FFFD here as there.
        lenient = json.loads(payload.decode("utf-8", "replace"), strict=False)
        found = orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
    added: frozenset[str] = getattr(decoder, "context_fields", frozenset())
    return {name: value for name, value in found.items() if name not in added}


def _read_up_to(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
