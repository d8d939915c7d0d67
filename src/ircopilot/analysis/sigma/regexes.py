"""Linear-time regexes for patterns that come from rule files: RE2 only, never Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 10_000
# An escape with what belongs to it, a class, or a count.
PIECE = re.compile(
    r"\\(?:x\{[^}]*\}|x..|[pP]\{[^}]*\}|[pP].|[0-7]+|.)|\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]|\{[0-9,]*\}", re.DOTALL
)


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 32 << 20
    return options


@lru_cache(maxsize=4096)
def compile_regex(pattern: str) -> Any:
    """The compiled pattern. Raises ValueError when RE2 refuses it (look-around, back-references, size)."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern has {len(pattern)} characters, at most {MAX_PATTERN} are taken")
    try:
        return re2.compile(pattern, options=_options())
    except re2.error as error:
        reason = error.args[0] if error.args else "RE2 refuses the pattern"
        raise ValueError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from error


def required_literal(pattern: str) -> str:
    """A literal that every match holds, apart from case, folded; empty when none is plain to see.

    Only what stands outside groups, classes and alternatives counts. Compare it with a text folded alike.
    """
    body = re.sub(r"^\(\?[ims]+\)", "", pattern)
    if "(?" in body.replace("(?:", "") or "\\Q" in body:
        return ""
    runs, depth, at = [""], 0, 0
    while at < len(body):
        token = PIECE.match(body, at)
        text = token.group() if token else body[at]
        at += len(text)
        if text == "|" and depth == 0:
            return ""
        depth += (text == "(") - (text == ")")
        if depth or text == ")":
            runs.append("")
        elif text in ("*", "?") or text[0] == "{":
            runs[-1] = runs[-1][:-1]
            runs.append("")
        elif text[0] == "\\" and not text[1].isalnum():
            runs[-1] += text[1]
        elif len(text) > 1 or text in ".+^$":
            runs.append("")
        else:
            runs[-1] += text
    return max((run.casefold() for run in runs), key=len)
