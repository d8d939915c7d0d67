"""Who is mentioned in a comment, and what only looks like it."""

from __future__ import annotations

import pytest

from ircopilot.cases.comments import mentions_in

KEY = "0123456789abcdef"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("@dana@corp.example look", [("dana@corp.example", 0)]),
        (f"(@{KEY}), @dana@corp.example.", [(KEY, 1), ("dana@corp.example", 21)]),
        ("@6a2f41c3-9b1e-5f0a-8d1c-3c2b7a9e4f10!", [("6a2f41c3-9b1e-5f0a-8d1c-3c2b7a9e4f10", 0)]),
        ("mail from evil@corp.example to dana@corp.example", []),
        ("@everyone @property @a", []),
        ("`@dana@corp.example` and\n```\n@dana@corp.example\n```", []),
        ("```\n@dana@corp.example", []),
        (f"@{KEY}0", []),
        ("x" * 30 + "@" * 5000, []),
    ],
)
def test_mentions(body: str, found: list[tuple[str, int]]) -> None:
    assert mentions_in(body) == found
