"""Untrusted text in Markdown: never markup, never a link, never HTML, and still readable unrendered.

Whatever looks like a value becomes a code span, in which nothing is interpreted; plain words stay as they are.
Sources: CommonMark 0.31 §6.1 (code spans), GFM §4.10 (tables) and §6.9 (autolinks, which a backslash does not stop).
"""

from __future__ import annotations

import re

from ircopilot.export.text import visible
from ircopilot.export.wording import runs

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_RUN = re.compile(r"`+")


def code(text: str) -> str:
    """A code span that holds the text whatever it contains."""
    text = visible(text)
    if not text.strip():
        return "` `" if text else ""
    fence = "`" * (max((len(run) for run in _RUN.findall(text)), default=0) + 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """A sentence: its values as code spans, its words as they are."""
    return _join([code(run.text) if run.value else _plain(run.text) for run in runs(visible(text))])


def cell(text: str, *, value: bool = False) -> str:
    """The same for one cell of a table. `value`: the whole cell is one code span."""
    if "|" not in text:
        return code(text) if value else prose(text)
    # A pipe ends a cell even inside a code span; as an entity, with all other punctuation, nothing is left to parse.
    return _PUNCTUATION.sub(lambda m: f"&#{ord(m[0])};", visible(text))


def _join(pieces: list[str]) -> str:
    out = ""
    for piece in filter(None, pieces):
        # Two spans side by side would be read as one with other fences.
        out += " " + piece if out.endswith("`") and piece.startswith("`") else piece
    return out


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>&|#~$^{}])", r"\\\1", text)
