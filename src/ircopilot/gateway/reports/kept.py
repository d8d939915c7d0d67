"""Reports in the process's memory, so that a sentence is checked while it is typed. Keyed by organisation and incident;
a route has asked for the incident in its caller's name before it asks here.
"""

from __future__ import annotations

import re
from typing import Any

from ircopilot.report.ground import Grounds

GROUNDS = Grounds()
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def sendable(value: Any) -> Any:
    """The value with halves of surrogate pairs, which a record may hold and UTF-8 may not, as U+FFFD."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {sendable(key): sendable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(inner) for inner in value]
    return value
