"""Secrets in a claim: none may be shown, and the mark may stand only over what the records hide beneath it.

A record is read as it is and as it is shown (`domain.secrets.masked`): what a sentence says around a mark must stand in the
shown reading, whole or quoted, so that beneath the mark lies what the record has there and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ircopilot.domain.secrets import MARK
from ircopilot.domain.values import Value, one_backslash, values_in
from ircopilot.report.gate.cited import CitedEvent, plain
from ircopilot.report.gate.occurrence import occurs, quotes

_MOST_SECRETS = 200


def secret_reasons(text: str, mask: bytearray, events: Sequence[CitedEvent]) -> list[str]:
    """Why the collapsed text shows a secret, or hides what is none; `mask` marks its verbatim passages."""
    hidden = [at for at in _places(MARK, text) if not _borne_out(at, text, mask, events)]
    reasons = [f"{MARK!r} stands where the cited records have no secret"] if hidden else []
    return reasons + shown_reasons(text, events)


def shown_reasons(text: str, events: Sequence[CitedEvent]) -> list[str]:
    """Why the text may not be read by others: it has a secret of these records in clear."""
    shows = any(_secret_places(text, events))
    return [f"the text shows a secret of the cited records: write {MARK!r} in its place"] if shows else []


def without_secrets(text: str, events: Sequence[CitedEvent]) -> str:
    """The text with the mark for each secret of the records: how a refused sentence is shown."""
    text = one_backslash(text)
    if len(text.lower()) != len(text):  # a letter whose small form is longer: the places are those in small letters
        text = text.lower()
    out, at = [], 0
    for start, end in sorted(_secret_places(text, events)):
        if start >= at:
            out += [text[at:start], MARK]
            at = end
    return "".join((*out, text[at:]))


def _secret_places(text: str, events: Sequence[CitedEvent]) -> Iterator[tuple[int, int]]:
    """Where a secret of the records stands in the text (one backslash, small letters).

    By itself; or, as a common word or a short one, behind what it follows in the record.
    """
    low = one_backslash(text).lower()
    for secret in (s for e in events for s in e.content.secrets[:_MOST_SECRETS]):
        before = "" if secret.telling else secret.context
        if secret.telling or before:
            for at in _places(f"{before}{secret.secret}", low):
                end = at + len(before) + len(secret.secret)
                if not _joined(low, at) and not _joined(low, end):
                    yield at + len(before), end


def _joined(low: str, at: int) -> bool:
    """True if a word runs across this place."""
    return 0 < at < len(low) and low[at - 1].isalnum() and low[at].isalnum()


def _places(want: str, text: str) -> Iterator[int]:
    at = text.find(want)
    while at >= 0:
        yield at
        at = text.find(want, at + len(want))


def _borne_out(at: int, text: str, mask: bytearray, events: Sequence[CitedEvent]) -> bool:
    """True if the mark at that place is part of a passage, or of a quotation or address that a record holds."""
    end = at + len(MARK)
    return all(mask[at:end]) or any(
        v.start <= at and end <= v.end + 1 and _held(v, events)
        for v in values_in(text)
        if v.kind in ("quoted", "url", "path")
    )


def _held(value: Value, events: Sequence[CitedEvent]) -> bool:
    want = plain(value.text).strip()
    lines = [e.content.shown for e in events]
    return any(
        quotes(want, line) if value.kind == "quoted" else occurs("path", want, line, value.cut) for line in lines
    )
