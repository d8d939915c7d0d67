"""Verbatim passages: where a text repeats a whole value of a cited record (a command line), or the value's beginning.

What stands in a passage is the record's, not the drafter's: no denial, guess or figure of the claim itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ircopilot.report.gate.cited import CitedEvent, plain

_ELLIPSIS = "…"
_SEED = 12


def passage_mask(text: str, events: Iterable[CitedEvent], names: Iterable[str] = ()) -> bytearray:
    """One byte per character of `text` (collapsed already): 1 inside a passage or one of the `names`."""
    low = text.lower()
    mask = bytearray(len(low))
    values = {v for e in events for v in e.content.passages} | {plain(n) for n in names}
    for value in values:
        for start, end in _whole(value, low):
            mask[start:end] = b"\1" * (end - start)
    if _ELLIPSIS in low:
        for value in values:
            for start, end in _beginnings(value, low):
                mask[start:end] = b"\1" * (end - start)
    return mask


def blank(text: str, mask: bytearray) -> str:
    """The text with passages as spaces, offsets kept."""
    return "".join(" " if hidden else c for c, hidden in zip(text, mask, strict=True))


def _whole(value: str, low: str) -> Iterator[tuple[int, int]]:
    at = low.find(value) if value else -1
    while at >= 0:
        yield at, at + len(value)
        at = low.find(value, at + len(value))


def _beginnings(value: str, low: str) -> Iterator[tuple[int, int]]:
    """Stretches of the text that begin like the value and run on, true to it, up to an ellipsis."""
    seed = value[:_SEED]
    at = low.find(seed) if len(value) > _SEED else -1
    while at >= 0:
        cut = low.find(_ELLIPSIS, at)
        if cut < 0:
            return
        if value.startswith(low[at:cut].rstrip()):
            yield at, cut
        at = low.find(seed, at + 1)
