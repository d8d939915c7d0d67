"""The event id's formula, pinned by vectors that the SQL twin is held to as well (tests/stores/events)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ircopilot.domain.ids import event_id

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["locator"])
def test_python_gives_the_pinned_ids(vector: dict[str, str]) -> None:
    assert event_id(vector["artifact_sha256"], vector["locator"]) == vector["event_id"]
    raw = f"{vector['artifact_sha256']}\0{vector['locator']}".encode()
    assert hashlib.sha256(raw).hexdigest()[:32] == vector["event_id"]
