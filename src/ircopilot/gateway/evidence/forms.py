"""Files out of a form (multipart/form-data), each streamed into the vault as it passes. Source: RFC 7578.

A file counts when its end has come: of a form that breaks off, the files before are evidence, the one under way is not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio.from_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from ircopilot.domain.errors import UnusableArgument
from ircopilot.evidence.naming import safe_name
from ircopilot.gateway.body import Body
from ircopilot.gateway.errors import BrokenUpload, UnsupportedMedia
from ircopilot.gateway.gate import Gate
from ircopilot.gateway.upload import announced_digests, gather

FORM = "multipart/form-data"
MOST_FILES = 100
Stored = tuple[str, int, str]  # SHA-256, size, name
_MOST_BOUNDARY = 70  # RFC 2046 §5.1.1


def is_form(request: Request) -> bool:
    """Whether the body says that it is a form."""
    return request.headers.get("content-type", "").lower().startswith(FORM)


async def store_form(gate: Gate, org_id: str, request: Request, limit: int) -> AsyncIterator[Stored]:
    """Each file of the form, once it is whole and durable.

    Raises `TooLarge`, `UnusableArgument`, `UnsupportedMedia`, `BrokenUpload`, `SlowUpload`.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("evidence is kept byte for byte as it is sent", "send it without Content-Encoding")
    if announced_digests(request):
        raise UnusableArgument("the digest of a form is not that of its files", "send each file alone, with its digest")
    body: Body = request.state.body
    body.allow(limit)
    form = _Form(gate, request)
    vault = gate.stores.stores_for(org_id).vault
    number = 0
    try:
        while (name := await gate.in_upload_thread(form.next_file)) is not None:
            number += 1
            if number > MOST_FILES:
                raise UnusableArgument(f"a form has at most {MOST_FILES} files", "send more of them in another form")
            sha256, size = await gate.in_upload_thread(lambda: vault.put(org_id, form.pieces()))
            gate.meters.received.inc(size)
            yield sha256, size, name
    except ClientDisconnect as error:
        raise BrokenUpload("the connection ended before the body did", "send the files that are missing") from error
    if not number:
        raise UnusableArgument("the form has no file", "give it a part with a filename: curl -F file=@FILE")


class _Form:
    """A form on its way: what the parser has told and nobody has taken yet."""

    def __init__(self, gate: Gate, request: Request) -> None:
        _, options = parse_options_header(request.headers["content-type"])
        boundary = options.get(b"boundary", b"")
        if not 0 < len(boundary) <= _MOST_BOUNDARY:
            raise UnusableArgument("the form's boundary is missing or too long", "send boundary= in Content-Type")
        self._gate, self._stream = gate, request.stream()
        self._told: deque[tuple[str, Any]] = deque()
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._whole = False
        self._parser = MultipartParser(boundary, {
            "on_part_begin": self._begin, "on_part_data": self._data, "on_part_end": lambda: self._tell("end"),
            "on_header_field": self._field, "on_header_value": self._header_value, "on_header_end": self._header,
            "on_headers_finished": self._headers_end, "on_end": self._end,
        })  # fmt: skip

    def next_file(self) -> str | None:
        """The name of the next file, None when there is none any more. In a thread."""
        while (told := self._next()) is not None:
            if told[0] == "file":
                return str(told[1])
        return None

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the file that `next_file` told of. In a thread."""
        while (told := self._next()) is not None:
            if told[0] == "end":
                return
            yield told[1]
        raise BrokenUpload("the form ended in the middle of a file", "send it again")

    def _next(self) -> tuple[str, Any] | None:
        while not self._told:
            piece = anyio.from_thread.run(gather, self._stream, self._gate.limits.idle_s)
            if not piece:
                if not self._whole:
                    raise BrokenUpload("the form has no end", "send it again")
                return None
            try:
                self._parser.write(piece)
            except FormParserError as error:
                raise UnusableArgument(
                    f"the form cannot be read: {str(error)[:200]}", "send multipart/form-data"
                ) from None
        return self._told.popleft()

    def _tell(self, what: str, value: Any = None) -> None:
        self._told.append((what, value))

    def _begin(self) -> None:
        self._headers, self._name, self._value = {}, b"", b""

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        given = options.get(b"filename")
        if given is None:
            self._tell("field")
        else:
            self._tell("file", safe_name(given.decode("utf-8", "replace")))

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._tell("data", data[start:end])

    def _end(self) -> None:
        self._whole = True
