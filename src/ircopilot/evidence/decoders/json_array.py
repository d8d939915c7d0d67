"""A JSON array of objects: element N is `record:N` (1-based). The array is never held whole.

Source: RFC 8259.
"""

from __future__ import annotations

import re

from ircopilot.evidence.decoders.json_objects import JsonObjects

OPENING = re.compile(rb"\s*\[")


class JsonArray(JsonObjects):
    """One element, one record; read as the list of a wrapper is."""

    name = "json_array"

    def list_path(self, head: bytes) -> tuple[int, ...]:
        """Behind the array's opening bracket."""
        opening = OPENING.match(head)
        return (opening.end(),) if opening else ()
