"""Whole-value search: a value occurs in a text only where it is not a part of a longer one. Linear, no patterns."""

from __future__ import annotations

# Per kind: characters (besides letters, digits and `_`) that make the value a part of a longer one, before and after it,
# and whether a dot with a letter or digit behind it does so too.
_EDGES: dict[str, tuple[str, str, bool]] = {
    "run": (".~$#-", "~$#-", True),
    "colons": (":.", ":", True),
    "hex": ("", "", False),
    "path": ("-.~$#", "~$#-", True),
    "token": ("-", "-", False),
    "quoted": ("", "", False),
}


def occurs(kind: str, value: str, text: str, cut: bool = False) -> bool:
    """True if `text` holds `value` whole; both normalised alike. With `cut`, the value may go on in the text.

    `kind` is run (dotted names and addresses), colons, hex, path, token or quoted.
    """
    before, after, dot = _EDGES[kind]
    want = value.lower()
    at = text.find(want) if want else -1
    while at >= 0:
        end = at + len(want)
        if _free_before(text, at, want, before) and (cut or _free_after(text, end, want, after, dot)):
            return True
        at = text.find(want, at + 1)
    return False


def _word(c: str) -> bool:
    return c.isalnum() or c == "_"


def _free_before(text: str, at: int, want: str, before: str) -> bool:
    if at == 0 or not (_word(want[0]) or want[0] in before or want[0] in "/\\"):
        return True
    return not _word(text[at - 1]) and text[at - 1] not in before


def _free_after(text: str, end: int, want: str, after: str, dot: bool) -> bool:
    if end == len(text) or not (_word(want[-1]) or want[-1] in after):
        return True
    if _word(text[end]) or text[end] in after:
        return False
    return not (dot and text[end] == "." and end + 1 < len(text) and _word(text[end + 1]))


def quotes(want: str, text: str) -> bool:
    """True if a line of the text holds the quotation; parts around an ellipsis must follow each other in that line."""
    parts = [p.strip() for p in want.replace("...", "…").split("…")]
    return any(parts) and any(_in_order(parts, line) for line in text.split("\n"))


def _in_order(parts: list[str], line: str) -> bool:
    at = 0
    for n, part in enumerate(parts):
        at = _find_whole(part, line, at, first=n == 0, last=n == len(parts) - 1)
        if at < 0:
            return False
    return True


def _find_whole(part: str, line: str, at: int, first: bool, last: bool) -> int:
    """Where `part` ends in the line, from `at` on; the quotation's own ends must not cut a word. -1 if nowhere."""
    found = line.find(part, at)
    while found >= 0:
        end = found + len(part)
        if not (first and _cuts(line, found)) and not (last and _cuts(line, end)):
            return end
        found = line.find(part, found + 1)
    return -1


def _cuts(line: str, at: int) -> bool:
    """True if a word runs across this place."""
    return 0 < at < len(line) and _word(line[at - 1]) and _word(line[at])
