"""Where a page begins: a time and an event id, opaque to clients. It names a place, not a right: the scope decides."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from ircopilot.domain.errors import UnusableArgument

_SHAPE = re.compile(r"1:(-?[0-9]{1,17}):([0-9a-f]{32})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Microseconds since 1970 and an event id; without an id, just before the first event of that time."""

    time: int
    event_id: str = ""

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"1:{self.time}:{self.event_id}".encode()).rstrip(b"=").decode()


def read_cursor(text: str) -> Cursor:
    """The cursor that a client brought back. Raises UnusableArgument for what was never one."""
    try:
        plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        plain = ""
    found = _SHAPE.fullmatch(plain) if len(text) <= 80 else None
    if found is None:
        raise UnusableArgument("the cursor is not one of a page", "begin again without a cursor")
    return Cursor(int(found[1]), found[2] or "")
