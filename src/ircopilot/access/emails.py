"""E-mail addresses as names of accounts."""

from __future__ import annotations

import re
import unicodedata

from ircopilot.domain.errors import UnusableArgument

_SHAPE = re.compile(r"[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]]{1,64}@[^@\s\x00-\x1f\x7f<>\"(),:;\\\[\]]{1,189}")


def normal_email(text: str) -> str:
    """The form in which addresses are compared: NFKC, lower case. Raises `UnusableArgument` for what is no address."""
    found = unicodedata.normalize("NFKC", text).strip().casefold()
    if _SHAPE.fullmatch(found) is None or any(unicodedata.category(c).startswith("C") for c in found):
        raise UnusableArgument("that is no e-mail address", "write it like name@example.org")
    return found
