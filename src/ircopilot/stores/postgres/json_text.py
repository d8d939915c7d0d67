"""JSON and text as Postgres can hold them, whatever an attacker wrote into a record or a file name."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dump_json(value: Any) -> str:
    """JSON text of a value, datetimes as RFC 3339. Lone surrogates are kept, escaped, where orjson refuses them."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, default=str)


def load_json(text: str | bytes) -> Any:
    """The value of a JSON text."""
    return json.loads(text)


def storable(text: str) -> str:
    """The text without what a Postgres `text` cannot hold: U+0000 becomes U+2400, lone surrogates are escaped."""
    return text.replace("\0", "\u2400").encode("utf-8", "backslashreplace").decode()
