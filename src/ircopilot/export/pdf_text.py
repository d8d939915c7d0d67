"""Text for the PDF: only what its faces can draw, with places where a long value may break."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from ircopilot.export.text import visible
from ircopilot.export.wording import runs

# Marks a place where a line may break; the template makes an invisibly small gap of it, so copied text is unchanged.
BREAK = "\x1f"
_LONG = 14
_AFTER_JOINT = re.compile(r"([\\/,;=&?|]+)")
_PICTURES = {code: f"⟦U+{code - 0x2400:04X}⟧" for code in range(0x2400, 0x2420)}


@cache
def drawable() -> frozenset[int]:
    """The code points of `fonts/coverage.txt`."""
    lines = files("ircopilot.export").joinpath("fonts/coverage.txt").read_text("ascii").splitlines()
    spans = [line.split("-") for line in lines if line and not line.startswith("#")]
    return frozenset(code for low, high in spans for code in range(int(low, 16), int(high, 16) + 1))


def printable(text: str) -> str:
    """One line; characters that no face of ours has are named: `‹U+65E5 U+672C›`."""
    text = visible(text).translate(_PICTURES)
    if text.isascii():
        return text
    out: list[str] = []
    missing: list[str] = []
    for char in text:
        if ord(char) in drawable():
            if missing:
                out.append(f"‹{' '.join(missing)}›")
                missing = []
            out.append(char)
        else:
            missing.append(f"U+{ord(char):04X}")
    return "".join(out) + (f"‹{' '.join(missing)}›" if missing else "")


def breakable(text: str, piece: int = 22) -> str:
    """Printable text in which every word longer than a few characters may break: after joints, else now and then."""
    return " ".join(word if len(word) <= _LONG else _break(word, piece) for word in printable(text).split(" "))


def _break(word: str, piece: int) -> str:
    parts = []
    for part in _AFTER_JOINT.sub(rf"\1{BREAK}", word).split(BREAK):
        parts += [part[i : i + piece] for i in range(0, len(part), piece)]
    return BREAK.join(parts)


def worded(text: str) -> list[list[str]]:
    """A sentence as `[face, text]` pairs: `w` for words, `v` for values."""
    return [["v" if run.value else "w", breakable(run.text)] for run in runs(visible(text))]
