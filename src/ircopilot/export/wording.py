"""Which parts of a sentence are values (paths, addresses, hashes …) and which are words."""

from __future__ import annotations

import re
from typing import NamedTuple

# A word that some renderer could take for markup, a link, a handle, a commit or an emoji code; or simply a value.
_VALUE = re.compile(
    r"[\\/@_<>`*|\[\]#$%=&~^{}]|\w\.\w{2}|(?<!\w)\.\w{2}|^--\w|::|[A-Z0-9]{16}|:[A-Za-z][\w+-]*:|\d\.\d+\.\d|[0-9A-Fa-f]{7}"
)
_EITHER = re.compile(r"[A-Z][a-z]+/[A-Z][a-z]+")  # two words with a stroke between, as in names of techniques
_QUOTED = re.compile(r"(\"[^\"]+\"|“[^”]+”|`[^`]+`)")
# Windows' own accounts have a space in their names.
_NAMED = re.compile(r"(NT AUTHORITY\\(?:SYSTEM|LOCAL SERVICE|NETWORK SERVICE|ANONYMOUS LOGON))", re.IGNORECASE)
_BEFORE, _AFTER = "([{“\"'‘", ")]}”\"'’,;:.!?…"


class Run(NamedTuple):
    """A stretch of a sentence. `value`: to be set as found, in the face of evidence."""

    text: str
    value: bool


def runs(text: str) -> list[Run]:
    """The sentence in runs; quotes around a value are left out, everything else stays in place."""
    out: list[Run] = []
    for part in _QUOTED.split(text):
        if (part.startswith("“") and part.endswith("”")) or _is_quoted_value(part):
            out.append(Run(part[1:-1], value=True))
            continue
        for piece in _NAMED.split(part):
            out += [Run(piece, value=True)] if _NAMED.fullmatch(piece) else _word_runs(piece)
    return [run for run in out if run.text]


def _is_quoted_value(part: str) -> bool:
    return bool(_QUOTED.fullmatch(part)) and any(_VALUE.search(word) for word in part[1:-1].split())


def _word_runs(text: str) -> list[Run]:
    """Values with one space between them are one value (`C:\\Program Files\\x.exe`)."""
    out: list[Run] = []
    open_run: list[str] = []
    for word in re.split(r"( +)", text):
        core = word.lstrip(_BEFORE).rstrip(_AFTER)
        if core.count("(") > core.count(")") and core + ")" in word:
            core += ")"
        if word == " " and open_run:
            open_run.append(word)
            continue
        start = word.index(core)
        before, after = word[:start], word[start + len(core) :]
        valued = _VALUE.search(core) is not None and not _EITHER.fullmatch(core)
        if before or not valued:
            out += _close(open_run)
            open_run = []
        if not valued:
            out.append(Run(word, value=False))
            continue
        out.append(Run(before, value=False))
        open_run.append(core)
        if after:
            out += [*_close(open_run), Run(after, value=False)]
            open_run = []
    return out + _close(open_run)


def _close(parts: list[str]) -> list[Run]:
    """The value that the parts make, and the space that ended it."""
    if parts and parts[-1] == " ":
        return [Run("".join(parts[:-1]), value=True), Run(" ", value=False)]
    return [Run("".join(parts), value=True)] if parts else []
