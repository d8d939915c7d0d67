"""Windows event log files (EVTX). Locator `record:N`, N being the record id that the `evtx` crate gives.

A chunk or record that is damaged becomes a located error; the others are read. Should two records carry one id (logs
carved or merged), the second is `record:N/2`. A record is handed on flat (`evtx_flat.py`); reading it again gives it as stored.
Source: the `evtx` crate (https://github.com/omerbenamram/evtx), [MS-EVEN6].
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from evtx import PyEvtxParser

from ircopilot.evidence.decoders.evtx_flat import Flattener
from ircopilot.evidence.decoders.framing import CHUNK, BlockBuilder
from ircopilot.evidence.records import Block

SPOOL_BYTES = 64 << 20
HEADER_BYTES = 4096
CHUNK_BYTES = 65536
LOOK_EACH = 64  # records at a time: none is larger than a chunk
_RECORD_ID = re.compile(r"record(?: id)?:? (\d+)", re.IGNORECASE)


class Evtx:
    """One event record, one record."""

    name = "evtx"
    context_fields: frozenset[str] = frozenset()

    def decode(self, stream: BinaryIO) -> Iterator[Block]:
        """Yield blocks of records as flat JSON objects. Raises OSError when the file's header cannot be read."""
        return _records(stream, Flattener().flat)

    def as_stored(self, stream: BinaryIO) -> Iterator[Block]:
        """The same records as they stand in the log: `Event` with its `System` and its data."""
        return _records(stream, str)


def _records(stream: BinaryIO, shape: Callable[[str], str]) -> Iterator[Block]:
    # The parser seeks; small logs stay in memory, larger ones go to an unlinked temporary file.
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        size = 0
        while chunk := stream.read(CHUNK):
            spool.write(chunk)
            size += len(chunk)
        spool.seek(0)
        chunks = int.from_bytes(spool.read(HEADER_BYTES)[42:44], "little")
        spool.seek(0)
        cut = size < HEADER_BYTES + chunks * CHUNK_BYTES
        yield from _blocks(PyEvtxParser(spool, number_of_threads=1), size, cut, shape)


def _blocks(parser: PyEvtxParser, size: int, cut: bool, shape: Callable[[str], str]) -> Iterator[Block]:
    out, seen, number = BlockBuilder(), dict[int, int](), 0
    for some in _each(parser):
        if isinstance(some, Exception):
            number += 1
            out.error(_where(str(some), number), str(some).splitlines()[0][:300])
            continue
        locators = []
        for record in some:
            given = record["event_record_id"]
            seen[given] = times = seen.get(given, 0) + 1
            locators.append(f"record:{given}" if times == 1 else f"record:{given}/{times}")
        payloads = [shape(record["data"]).encode() for record in some]
        out.extend(locators, range(number + 1, number + 1 + len(some)), payloads)
        number += len(some)
        if out.full:
            yield out.take(0)
    if cut:
        out.error(f"position:{number + 1}", "the file ends before the number of chunks that its header names")
    yield out.take(size)


def _each(parser: PyEvtxParser) -> Iterator[list[dict[str, Any]] | Exception]:
    """Some records at a time, and in their places the errors of those that cannot be read."""
    records = parser.records_json()
    while True:
        some: list[dict[str, Any]] = []
        failed: Exception | None = None
        try:
            for record in islice(records, LOOK_EACH):
                if record is None:
                    break
                some.append(record)  # an error must not lose those before it
        except (RuntimeError, OSError, ValueError) as error:
            failed = error
        if some:
            yield some
        if failed:
            yield failed
        elif len(some) < LOOK_EACH:
            return


def _where(reason: str, number: int) -> str:
    """The record id that the error names, else its place among the records."""
    match = _RECORD_ID.search(reason)
    return f"record:{match[1]}" if match else f"position:{number}"
