"""Where in a refused sentence the gate objects; what a person may say of their own."""

from __future__ import annotations

import pytest

from ircopilot.domain.claims import Claim, DraftClaim, Rejection
from ircopilot.report.gate import check_claim, find_faults, keep_as_word

from .records import START


def draft(text: str, **more: object) -> DraftClaim:
    values = {"kind": "fact", "verb": "recorded", "evidence": ("start",)} | more
    return DraftClaim.model_validate({"id": "c", "section": "s", "text": text, **values})


def faults(text: str, **more: object) -> list[tuple[str, str | None]]:
    """(value, what stands at its place) of each fault."""
    found = check_claim(draft(text, **more), {"start": START}, {})
    assert isinstance(found, Rejection)
    told = find_faults(found, {"start": START}, {})
    assert {f.reason for f in told} == set(found.reasons)
    return [(f.value, None if f.start is None else text[f.start : f.end]) for f in told]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("bob ran evil.exe from 192.0.2.99.", "192.0.2.99"),
        ("bob   ran  evil.exe   from 192.0.2.99.", "192.0.2.99"),
        ("C:\\\\Users\\\\bob\\\\evil.exe fetched other.dll.", "other.dll"),
        ("On WS01, bob ran evil.exe seven times.", "seven"),
        ("Probably bob ran evil.exe.", "Probably"),
        ("bob ran \u202eevil.exe.", "\u202e"),
        ("évil 🕷 evil.exe and 203.0.113.7", "203.0.113.7"),
    ],
)
def test_a_fault_stands_where_its_value_does(text: str, value: str) -> None:
    assert (value, value) in faults(text)


def test_the_same_value_twice_is_told_twice_and_the_whole_sentence_has_no_place() -> None:
    assert faults("10.9.9.9 and 10.9.9.9 again.") == [("10.9.9.9", "10.9.9.9")] * 2
    assert ("", None) in faults("bob ran evil.exe.", evidence=())


def test_a_persons_own_word_is_marked_and_still_plain() -> None:
    cited = {"start": START}
    kept = keep_as_word(draft("We know that it came from 192.0.2.99.", evidence=()), cited, {}, "dana")
    assert isinstance(kept, Claim)
    assert (kept.status, kept.by, kept.evidence) == ("analyst", "dana", ())
    for text, more in (("a\u200bb", {}), ("[x](http://e.example)", {}), ("<b>x", {}), ("So.", {"evidence": ("none",)})):
        assert isinstance(keep_as_word(draft(text, **more), cited, {}, "dana"), Rejection), text
