"""Names that strangers give to files: reduced to what can be shown and cannot lead anywhere."""

from __future__ import annotations

import unicodedata

MOST_BYTES = 1024
_SEPARATORS = str.maketrans({"\\": "/"})


def safe_name(given: str, otherwise: str = "upload") -> str:
    """A relative path of visible characters, at most 1,024 bytes, made of whatever was given; never empty.

    Control and invisible characters (line ends, bidirectional overrides) are left out, and so are the parts that lead
    out of a folder: drive letters, `..`, `~`, a leading `/`.
    """
    visible = "".join(sign for sign in given.translate(_SEPARATORS) if unicodedata.category(sign)[0] != "C")
    parts = [part.strip() for part in unicodedata.normalize("NFC", visible).split("/")]
    kept = [part for part in parts if part.strip(".~ ")]
    if kept and len(kept[0]) == 2 and kept[0][1] == ":":
        kept = kept[1:]
    kept = [part.replace(":", "_") if at == 0 else part for at, part in enumerate(kept)]
    if kept and kept[0].startswith("~"):
        kept[0] = kept[0].lstrip("~") or otherwise
    name = "/".join(kept)
    while len(name.encode()) > MOST_BYTES:
        _, slash, rest = name.partition("/")
        # Folders go first: the file's own name says the most, its end the kind.
        name = rest if slash else name.encode()[-MOST_BYTES:].decode("utf-8", "ignore")
    return name or otherwise
