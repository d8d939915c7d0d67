"""Citations: which records a document shows, in which order, and what is quoted of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ircopilot.contracts.report import CitedEvent, ReportDocument
from ircopilot.domain.claims import Claim
from ircopilot.domain.errors import ProblemError
from ircopilot.export.text import spoken_offset, value_text

GLYPHS = {"fact": "●", "inference": "◐", "unknown": "○", "rejected": "✕", "analyst": "□"}
LEGEND = (("●", "fact, verified"), ("◐", "inference"), ("○", "not known"), ("✕", "refused by the gate"))
OWN_WORD = ("□", "an analyst's own word, not held against the records")
# More citations than this at one sentence are noise on paper; report.json always holds all of them.
SHOWN_PER_HOLDER = 5

# What a responder looks at first in a record, whatever the source calls it (compared without case, `_`, `-`, `.`).
TELLING = (
    "EventID", "EventName", "Image", "CommandLine", "ParentImage", "SourceImage", "TargetImage", "GrantedAccess",
    "TargetFilename", "TargetObject", "Details", "ScriptBlockText", "ServiceName", "ImagePath", "User",
    "TargetUserName", "SubjectUserName", "IpAddress", "SourceIp", "DestinationIp", "DestinationPort", "QueryName",
    "id.orig_h", "id.resp_h", "id.resp_p", "query", "host", "uri", "method", "userIdentity.arn", "sourceIPAddress",
    "userAgent", "message", "text", "msg",
)  # fmt: skip
_FOLD = re.compile(r"[^a-z0-9]")


class MissingEvent(ProblemError):
    """The document cites an event that it does not hold."""

    type = "missing-event"
    status = 500
    title = "A cited event is missing from the report"


@dataclass(frozen=True, slots=True)
class Citation:
    """A record as a document shows it. `number` is 1-based in order of first mention."""

    number: int
    event_id: str
    event: CitedEvent
    artifact_name: str
    clock: str
    quoted: tuple[tuple[str, str], ...]
    left_out: int


def mark_of(claim: Claim) -> str:
    """The name of the claim's glyph: its kind, unless it is a person's own word."""
    return "analyst" if claim.status == "analyst" else claim.kind


def has_own_words(document: ReportDocument) -> bool:
    """True if any claim is a person's own word."""
    return any(claim.status == "analyst" for section in document.report.sections for claim in section.claims)


def shown(evidence: tuple[str, ...]) -> tuple[str, ...]:
    """The citations that a sentence prints: the first few, each once."""
    return tuple(dict.fromkeys(evidence))[:SHOWN_PER_HOLDER]


def cite(document: ReportDocument, quoted_fields: int = 8) -> dict[str, Citation]:
    """Every event that the document prints a citation of, by id, in order of first mention.

    Raises MissingEvent for an id that `document.events` does not hold.
    """
    names = {part.sha256: part.name for part in document.artifacts}
    words: dict[str, list[str]] = {}
    for text, evidence in _mentions(document):
        for event_id in shown(evidence):
            words.setdefault(event_id, []).append(text)
    citations = {}
    for number, (event_id, texts) in enumerate(words.items(), 1):
        event = document.events.get(event_id)
        if event is None:
            raise MissingEvent(f"event {event_id} is cited and not among the report's events")
        quoted = _quote(event, "\n".join(texts).lower(), quoted_fields)
        citations[event_id] = Citation(
            number=number,
            event_id=event_id,
            event=event,
            artifact_name=names.get(event.artifact, event.artifact),
            clock=spoken_offset(event.time - event.time_recorded),
            quoted=quoted,
            left_out=len(event.fields) - len(quoted),
        )
    return citations


def _mentions(document: ReportDocument) -> Iterator[tuple[str, tuple[str, ...]]]:
    for section in document.report.sections:
        yield from ((claim.text, claim.evidence) for claim in section.claims)
    yield from ((entry.summary, entry.evidence) for entry in document.timeline)
    yield from ((technique.why, technique.evidence) for technique in document.techniques)
    yield from ((indicator.value, indicator.evidence) for indicator in document.indicators)
    yield from ((action.why, action.evidence) for action in document.actions)


def _quote(event: CitedEvent, words: str, limit: int) -> tuple[tuple[str, str], ...]:
    """The fields that matter most, in the record's own order: those that the citing words name, then the telling."""
    filled = [(name, value_text(value)) for name, value in event.fields.items()]
    filled = [(name, value) for name, value in filled if value.strip() not in ("", "-", "null", "{}", "[]")]
    ranked = sorted(range(len(filled)), key=lambda i: (_rank(*filled[i], words), i))
    return tuple(filled[i] for i in sorted(ranked[:limit]))


def _rank(name: str, value: str, words: str) -> int:
    if len(value) > 3 and _last_part(value) in words:
        return 0
    return 1 + _TELLING_RANK.get(fold(name), _TELLING_RANK.get(fold(name.rsplit(".", 1)[-1]), len(TELLING)))


def _last_part(value: str) -> str:
    return re.split(r"[\\/]", value.lower())[-1] or value.lower()


def fold(name: str) -> str:
    """A field name without case and joints."""
    return _FOLD.sub("", name.lower())


_TELLING_RANK = {fold(name): i for i, name in reversed(list(enumerate(TELLING)))}


def numbers(citations: dict[str, Citation], evidence: tuple[str, ...]) -> tuple[list[int], int]:
    """The citation numbers to print after a sentence, and how many more it has."""
    ids = shown(evidence)
    return [citations[i].number for i in ids], len(set(evidence)) - len(ids)


def by_tactic(tactics: Iterable[str]) -> int:
    """Order of ATT&CK tactics along an intrusion, for sorting."""
    return min((TACTICS.index(t) for t in map(_tactic_key, tactics) if t in TACTICS), default=len(TACTICS))


def _tactic_key(tactic: str) -> str:
    return tactic.lower().replace(" ", "-").replace("_", "-")


# Enterprise tactics; v19 split defense evasion, older ids keep its name.
TACTICS = (
    "reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation",
    "defense-evasion", "stealth", "defense-impairment", "credential-access", "discovery", "lateral-movement",
    "collection", "command-and-control", "exfiltration", "impact",
)  # fmt: skip
