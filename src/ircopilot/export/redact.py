"""Values taken out of a report before it is rendered: each becomes a placeholder, the same in every format.

What is replaced: every text of the document and every name and value of its records, without regard to case, with
backslashes written once or twice; base64 that decodes to a redacted value, and percent-encoded text that holds one, go
as a whole. What stays: hashes and places of artifacts, ids, times, so that each citation can still be followed by who
holds the evidence.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from ircopilot.contracts.report import ReportDocument

_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_DEPTH = 2
UNNAMED = "REDACTED"
# Members of the document that name things of ours and no value of the evidence; records' own fields are no such members.
_OURS = frozenset((
    "schema", "id", "sha256", "parent_sha256", "artifact", "locator", "evidence", "kind", "type", "role", "section",
    "status", "level", "severity", "proposed_severity", "state", "tlp", "time", "time_recorded", "time_field", "start", "end", "first_seen",
    "last_seen", "digest", "rule_id", "tactics", "format", "mapping", "mapping_version", "media_type", "phase", "verb",
    "version", "unit", "started", "finished", "approved_at", "first_time", "last_time", "method",
))  # fmt: skip
# Lists of ids or names where they are lists of text; elsewhere lists of parts.
_IDS = frozenset(("entities", "techniques", "facts", "sections"))


def redact_document(document: ReportDocument, placeholders: Mapping[str, str]) -> ReportDocument:
    """The document with each value (key) replaced by its placeholder; without values, the document itself."""
    values = {_folded(value): shown for value, shown in placeholders.items() if value.strip()}
    if not values:
        return document
    redactor = _Redactor(values)
    plain = document.model_dump(mode="json", by_alias=True)
    events = {i: redactor.event(event) for i, event in plain.pop("events").items()}
    redacted = redactor.part(plain) | {"events": events}
    if redacted["edition"] is not None:
        redacted["edition"]["redacted"] = len(set(values.values()))
    return ReportDocument.model_validate(redacted)


def count_placeholders(document: ReportDocument, placeholders: Iterable[str]) -> Counter[str]:
    """In how many places of a redacted document, its records among them, each placeholder stands."""
    wanted = set(placeholders)
    found = re.findall(r"REDACTED-\d+", document.model_dump_json(by_alias=True)) if wanted else []
    return Counter(mark for mark in found if mark in wanted)


class _Redactor:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        longest = sorted(values, key=lambda value: (-len(value), value))
        self._pattern = re.compile("|".join(map(_pattern_of, longest)), re.IGNORECASE)

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        return {**self.part(event), "fields": self.everything(event["fields"])}

    def part(self, value: Any, name: str = "") -> Any:
        """A part of the document, its members of ours left alone."""
        if isinstance(value, dict):
            return {key: self.part(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            ours = name in _OURS or (name in _IDS and all(isinstance(item, str) for item in value))
            return value if ours else [self.part(item, name) for item in value]
        return self.text(value) if isinstance(value, str) and name not in _OURS else value

    def everything(self, value: Any) -> Any:
        """A record's field: names and values alike."""
        if isinstance(value, dict):
            return {self.text(key): self.everything(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.everything(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = self._values.get(str(value))
            return value if shown is None else shown
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        plain = self._pattern.sub(self._shown, text)
        plain = _BASE64.sub(lambda m: self._encoded(m[0]) or m[0], plain)
        if "%" in plain and (found := self._pattern.search(unquote(plain))):
            return self._shown(found)
        return plain

    def _shown(self, found: re.Match[str]) -> str:
        return self._values.get(_folded(found[0]), UNNAMED)

    def _encoded(self, run: str, depth: int = _DEPTH) -> str | None:
        """The placeholder of a value that a run of base64 hides."""
        bare = run.rstrip("=")
        try:
            raw = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            return None
        for encoding in ("utf-8", "utf-16-le"):
            inner = raw.decode(encoding, "ignore")
            if found := self._pattern.search(inner):
                return self._shown(found)
            if depth > 1:
                for nested in _BASE64.findall(inner):
                    if shown := self._encoded(nested, depth - 1):
                        return shown
        return None


def _folded(value: str) -> str:
    """Without regard to case, and to how often backslashes are written."""
    return re.sub(r"\\+", r"\\", value).lower()


def _pattern_of(value: str) -> str:
    """The value as a whole: no letter or digit goes on at its ends, and no address does."""
    escaped = re.escape(value).replace(r"\\", r"\\+")
    return rf"(?<![A-Za-z0-9_])(?<!\d\.){escaped}(?![A-Za-z0-9_])(?!\.\d)"
