"""Evidence is text that an attacker may have written: how it is shown without doing anything."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime, timedelta

from pydantic import JsonValue

from ircopilot.domain.evidence import Clock
from ircopilot.export.report_json import rfc3339

# Letters and symbols that draw nothing although Unicode calls them printable.
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_NAMED = {"\n": "⏎", "\r": "␍", "\t": "⇥"}


def visible(text: str) -> str:
    """The text on one line, with every control, bidi, zero-width and unassigned character shown as a sign.

    `\\n` becomes ⏎, other C0 controls become their Unicode picture (U+2400…), the rest `⟦U+202E⟧`.
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_sign, text))


def _sign(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code in _BLANK or unicodedata.category(char) in _INVISIBLE_CATEGORIES:
        return f"⟦U+{code:04X}⟧"
    return char


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; what is left out is counted: `abc…(+120)`."""
    return text if len(text) <= limit else f"{text[:limit]}…(+{len(text) - limit})"


def value_text(value: JsonValue) -> str:
    """A field's value as text: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def spoken_time(time: datetime) -> str:
    """`2026-03-04 05:06:07.89 UTC`."""
    return rfc3339(time).replace("T", " ").removesuffix("Z") + " UTC"


def activity_label(severity: str) -> str:
    """What the time from the first act to the last is called: of a low severity, what was found can be ordinary work."""
    return "Flagged activity" if severity == "low" else "Malicious activity"


def spoken_offset(offset: timedelta) -> str:
    """`+19 h`, `−36 s`, `+1 d 2 h 3 s`; empty when nothing was corrected (less than a millisecond)."""
    ms = round(abs(offset) / timedelta(milliseconds=1))
    if not ms:
        return ""
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        # 19 h is how a wrong zone is spoken of; days begin where hours stop being readable.
        if unit == "d" and ms < 2 * size:
            continue
        count, ms = divmod(ms, size)
        parts += [f"{count} {unit}"] if count else []
    if ms:
        parts.append(f"{ms / 1000:.3f}".rstrip("0").rstrip(".") + " s")
    return ("+" if offset > timedelta(0) else "−") + " ".join(parts)


def spoken_clock(clock: Clock | None) -> str:
    """The correction of an artifact's clock with its exceptions, `+19 h; it01 +7 h from …`; empty if as recorded."""
    if clock is None or (clock.method == "as-recorded" and not clock.steps):
        return ""
    parts = [spoken_offset(timedelta(seconds=clock.offset_s)) or "±0 s"]
    for step in clock.steps[:3]:
        offset = spoken_offset(timedelta(seconds=step.offset_s)) or "±0 s"
        parts.append(f"{visible(step.host) + ' ' if step.host else ''}{offset} from {spoken_time(step.since)}")
    more = len(clock.steps) - 3
    return "; ".join(parts) + (f"; and {spoken_count(more, 'change')} more" if more > 0 else "")


def spoken_size(size: int) -> str:
    """`1.4 MB`: decimal units, three digits."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def spoken_count(count: int, one: str, many: str = "") -> str:
    """`1 record`, `12,034 records`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
