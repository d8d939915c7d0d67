"""What the words of a claim must not do, whatever they speak of: hide characters, carry markup, deny or guess without basis."""

from __future__ import annotations

import re
import unicodedata

from ircopilot.domain.claims import DraftClaim
from ircopilot.report.gate.roles import VERBS

MAX_CLAIM = 2_000
MAX_OBJECTS = 64
MAX_EVIDENCE = 512

_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs", "Nd"))
_LOOKALIKES = frozenset("İı")
# Links and tags are refused even where a record holds them: nothing an attacker wrote may become one.
_MARKUP = (
    ("a link", re.compile(r"\]\s?\(\s?(?:[a-z][a-z0-9+.-]{1,20}:|//|www\.|/|#)", re.IGNORECASE)),
    ("a reference link", re.compile(r"\]\s?\[")),
    ("an image", re.compile(r"!\[")),
    ("a tag", re.compile(r"<\s?[/!?]?[a-z]", re.IGNORECASE)),
    ("a code fence", re.compile(r"```|~~~")),
    ("a code span", re.compile(r"`[^`]{1,2000}`")),
    ("emphasis", re.compile(r"\*\*[^*\s]|(?:^|\s)\*[^*\s][^*]{0,2000}\*(?:$|[\s.,;])")),
    ("a heading, list or quotation mark of Markdown", re.compile(r"^\s{0,3}(?:#{1,6}\s|[-*+>]\s|\d{1,3}[.)]\s)")),
)
_QUOTATION = re.compile(r'“[^“”]{1,4000}”|"[^"]{1,4000}"')
_TECHNICAL = re.compile(r"\S*[\\/_@=:.]\S*\w|\w+(?:-\w+)+")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|nowhere|cannot|without|absent|absence|lacks?|zero)\b|n[’']t\b",
    re.IGNORECASE,
)
# What an unknown claim says is missing, and what an inference may concede: no negation about the evidence.
_MISSING = re.compile(
    r"\b(?:is|are|was|were|remains?) (?:not known|unknown|unclear|open)\b|\b(?:not|never) (?:recorded|logged|collected|captured|"
    r"covered|included|given|available|in the evidence|part of the evidence|visible|known)\b|\bcannot be (?:told|said|known|determined|"
    r"established|confirmed|ruled out|excluded|seen|read)\b|\bcould not be (?:read|determined|established|confirmed|decoded|parsed)\b|"
    r"\b(?:does|do|did) not (?:show|tell|say|cover|reach|hold|include|record|contain)\b|\b(?:is|are) missing\b|"
    r"\bholds? no\b|\bno (?:record|records|log|logs|evidence|source) (?:of|from|for|about|covers?|shows?)\b|\bunknown\b",
    re.IGNORECASE,
)
_CONCESSION = re.compile(
    r"\b(?:does|do) not prove\b|\bis not proof\b|\bnot proven\b|\bcannot be (?:ruled out|excluded)\b|"
    r"\bnot only\b|\bneed not\b",
    re.IGNORECASE,
)
_HEDGES = re.compile(
    r"\b(?:probably|possibly|perhaps|maybe|likely|presumably|apparently|seemingly|might|may have|could have|appears? to|"
    r"seems?|suggests?|suspected|supposedly)\b",
    re.IGNORECASE,
)


def hygiene_reasons(text: str) -> list[str]:
    """Why the text is no plain single line of visible characters; empty if it is."""
    reasons = [f"character U+{ord(c):04X} is not allowed" for c in sorted(set(text)) if _disguised(c)]
    reasons += [f"the text carries {what}" for what, pattern in _MARKUP if pattern.search(text)]
    if not text.strip():
        reasons.append("the text is empty")
    if len(text) > MAX_CLAIM:
        reasons.append(f"the text is longer than {MAX_CLAIM} characters")
    return reasons


def size_reasons(draft: DraftClaim) -> list[str]:
    """Why a draft is too large to be checked."""
    reasons = []
    if len(draft.objects) > MAX_OBJECTS:
        reasons.append(f"more than {MAX_OBJECTS} objects")
    if len(draft.evidence) > MAX_EVIDENCE:
        reasons.append(f"more than {MAX_EVIDENCE} cited events")
    return reasons


def _disguised(c: str) -> bool:
    """Unseen characters, and letters or digits that only look like plain ones."""
    if c.isascii():
        return not c.isprintable()
    if unicodedata.category(c) in _UNSEEN or c in _LOOKALIKES:
        return True
    return any(x.isascii() and x.isalnum() for x in unicodedata.normalize("NFKC", c))


def negation_reasons(draft: DraftClaim) -> list[str]:
    """Why a denial, or an unknown, has no basis; empty if it has."""
    words = _TECHNICAL.sub(" ", _QUOTATION.sub(" ", draft.text))
    searched = any(s.found == 0 for s in draft.basis.searches)
    bare = words
    if draft.kind == "unknown":
        bare = _MISSING.sub(" ", words)
        if not searched and bare == words:
            return ["an unknown must name a search that found nothing, or say what is missing"]
    elif draft.kind == "inference":
        bare = _CONCESSION.sub(" ", words)
    denial = _NEGATION.search(bare)
    if denial and not searched:
        return [f"{denial.group()!r} denies something without a search that found nothing"]
    return []


def wording_reasons(draft: DraftClaim) -> list[str]:
    """Why the words say another act than the typed one, or guess where a fact is claimed."""
    words = _QUOTATION.sub(" ", draft.text)
    reasons = []
    if draft.kind == "fact" and (hedge := _HEDGES.search(words)):
        reasons.append(f"{hedge.group()!r} guesses, but the claim is a fact")
    if draft.verb in VERBS and VERBS[draft.verb].words:
        low = f"{words.lower()} "
        if not any(w in low for w in VERBS[draft.verb].words):
            other = sorted(v for v, entry in VERBS.items() if any(f" {w}" in low for w in entry.words if len(w) > 6))
            if other:
                reasons.append(f"the act is {draft.verb!r}, but the words say {' or '.join(map(repr, other[:3]))}")
    return reasons
