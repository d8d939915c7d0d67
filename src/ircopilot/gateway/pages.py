"""Cursors of lists: opaque to the caller, the sort values of the last row to us. No page is skipped when rows come or go."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

import orjson

from ircopilot.gateway.errors import InvalidCursor

_MOST = 2000


def cursor_of(*values: str | int | float | bool | None) -> str:
    """The cursor that stands after a row with these sort values."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def read_cursor(text: str, *types: type) -> tuple[Any, ...]:
    """The sort values in a cursor, of these types in this order. Raises `InvalidCursor`."""
    try:
        if len(text) > _MOST:
            raise ValueError
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        values = None
    fits = isinstance(values, list) and [type(value) for value in values] == list(types)
    if not fits or any(isinstance(value, str) and "\0" in value for value in values):
        raise InvalidCursor(
            "that cursor is none of this list's", "begin again without one, or send `next` as it was given"
        )
    return tuple(values)


def read_place(text: str) -> tuple[datetime, str]:
    """The time (UTC) and id in the cursor of a list that stands in their order. Raises `InvalidCursor`."""
    at, last_id = read_cursor(text, str, str)
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None or not last_id.isascii() or not last_id.isprintable():
            raise ValueError
        return moment.astimezone(UTC), last_id
    except (ValueError, OverflowError):
        raise InvalidCursor("that cursor is none of this list's", "begin again without one") from None
