"""What the words of a claim must not do: hide characters, carry markup, deny or guess without basis."""

from __future__ import annotations

import re
import unicodedata

from ircopilot.domain.claims import DraftClaim
from ircopilot.report.gate.cited import plain
from ircopilot.report.gate.roles import VERBS

MAX_CLAIM = 4_000
MAX_OBJECTS = 64
MAX_EVIDENCE = 512

_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp", "Zs", "Nd"))
_LOOKALIKES = frozenset("İı")
# Refused even where a record holds them: nothing that an attacker wrote may become a link or an image.
_LINKS = (
    ("a link", re.compile(r"\]\s?\(\s?(?:[a-z][a-z0-9+.-]{1,20}:|//|www\.|/|#)", re.IGNORECASE)),
    ("an image", re.compile(r"!\[")),
)
_MARKUP = (
    ("a reference link", re.compile(r"\]\[")),
    ("a tag", re.compile(r"<[/!?]?[a-z]", re.IGNORECASE)),
    ("a code fence", re.compile(r"```|~~~")),
    ("a code span", re.compile(r"`[^`]+`")),
    ("emphasis", re.compile(r"\*\*[^*\s]")),
    ("a heading, list or quotation mark of Markdown", re.compile(r"^\s{0,3}(?:#{1,6}\s|[-*+>]\s|\d{1,3}[.)]\s)")),
)
_QUOTATION = re.compile(r'“[^“”]+”|"[^"]+"')
_TECHNICAL = frozenset("\\_@=:.0123456789")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|nowhere|cannot|without|absent|absence|lacks?|zero)\b|n[’']t\b",
    re.IGNORECASE,
)
# What an unknown claim says is missing, and what an inference may concede: no denial about what happened.
_MISSING = re.compile(
    "|".join(
        (
            r"\b(?:is|are|was|were|remains?) (?:not known|unknown|unclear|open|missing)\b",
            r"\b(?:not|never) (?:recorded|logged|collected|captured|covered|included|given)\b",
            r"\b(?:not|never) (?:available|visible|known)\b",
            r"\bnot (?:in|part of) the evidence\b|\bnot (?:what|which|who|how|when|where|whether)\b",
            r"\bcannot be (?:told|said|known|determined|established|confirmed|ruled out|excluded|seen|read)\b",
            r"\bcould not be (?:read|determined|established|confirmed|decoded|parsed)\b",
            r"\b(?:does|do|did) not (?:show|tell|say|cover|reach|hold|include|record|contain)\b",
            r"\bholds? no\b|\bunknown\b",
            r"\bno (?:records?|logs?|evidence|sources?) (?:of|from|for|about|covers?|shows?)\b",
        )
    ),
    re.IGNORECASE,
)
_CONCESSION = re.compile(
    r"\bdo(?:es)? not (?:prove|need)\b|\bis not (?:proof|proven|how)\b|\bnot only\b|"
    r"\bcannot be (?:ruled out|excluded)\b",
    re.IGNORECASE,
)
_HEDGES = re.compile(
    r"\b(?:probably|possibly|perhaps|maybe|likely|presumably|apparently|seemingly|might|may have|could have|appears? to|"
    r"seems?|suggests?|suspected|supposedly)\b",
    re.IGNORECASE,
)
# Words that state an act: a claim that is typed as no act, or as another one, must not use them.
_ACT_WORDS = frozenset(
    (
        *("accessed", "cleared", "connected", "contacted", "created", "deleted", "disabled", "downloaded", "dropped"),
        *("elevated", "encrypted", "erased", "executed", "exfiltrated", "impersonated", "injected", "installed"),
        *("launched", "removed", "resolved", "scheduled", "spawned", "started", "stole", "transferred", "uploaded"),
    )
)


def hygiene_reasons(text: str) -> list[str]:
    """Why the text is no plain single line of visible characters, or could become a link; empty if it is fit."""
    reasons = [f"character U+{ord(c):04X} is not allowed" for c in sorted(set(text)) if _disguised(c)]
    reasons += [f"the text carries {what}" for what, pattern in _LINKS if pattern.search(text)]
    if not text.strip():
        reasons.append("the text is empty")
    if len(text) > MAX_CLAIM:
        reasons.append(f"the text is longer than {MAX_CLAIM} characters")
    return reasons


def size_reasons(draft: DraftClaim) -> list[str]:
    """Why a draft is too large to be checked; empty if it is not."""
    sizes = (("objects", len(draft.objects), MAX_OBJECTS), ("cited events", len(draft.evidence), MAX_EVIDENCE))
    return [f"more than {limit} {what}" for what, size, limit in sizes if size > limit]


def markup_reasons(own: str) -> list[str]:
    """Markup in the claim's own words (`own`: the text with the record's passages blanked)."""
    return [f"the text carries {what}" for what, pattern in _MARKUP if pattern.search(own)]


def negation_reasons(draft: DraftClaim, own: str) -> list[str]:
    """Why a denial, or an unknown, has no basis; empty if it has."""
    words = _prose(own)
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


def wording_reasons(draft: DraftClaim, own: str) -> list[str]:
    """Why the words say another act than the typed one, or guess where a fact is claimed."""
    words = _prose(own)
    reasons = []
    if draft.kind == "fact" and (hedge := _HEDGES.search(words)):
        reasons.append(f"{hedge.group()!r} guesses, but the claim is a fact")
    low = f"{words.lower()} "
    own_words = VERBS[draft.verb].words if draft.verb in VERBS else ()
    stated = sorted(_ACT_WORDS & {w.strip(".,;:()") for w in low.split()})
    untyped = draft.kind == "fact" and not own_words
    if stated and (untyped or (own_words and not any(w in low for w in own_words))):
        typed = f"the act is typed as {draft.verb!r}" if draft.verb else "no act is typed"
        reasons.append(f"{typed}, but the words say {', '.join(map(repr, stated[:3]))}")
    return reasons


def _disguised(c: str) -> bool:
    """Unseen characters, and letters or digits that only look like plain ones."""
    if c.isascii():
        return not c.isprintable()
    if unicodedata.category(c) in _UNSEEN or c in _LOOKALIKES:
        return True
    return any(x.isascii() and x.isalnum() for x in unicodedata.normalize("NFKC", c))


def _prose(own: str) -> str:
    """The words that are neither quoted nor a name of something (paths, addresses, options)."""
    words = _QUOTATION.sub(" ", own).split(" ")
    return " ".join(w for w in words if w and not (_TECHNICAL & set(w[:-1]) or w[0] in "-/"))


_LEADS_TO_SUBJECT = frozenset(("by", "from", "of", "on", "in", "for", "with", "at", "under", "inside"))


def order_reasons(draft: DraftClaim) -> list[str]:
    """Why the words may turn subject and object round: the object comes first, and no `by` leads to the subject."""
    text = plain(draft.text)
    subject = _mention(draft.subject, text)
    objects = [at for at in (_mention(o, text) for o in draft.objects) if at >= 0]
    if draft.subject and subject < 0 and not objects:
        return ["the text names neither the subject nor an object of the act"]
    # A shell that starts its like has the same name; then the order says nothing.
    if subject < 0 or not objects or subject <= min(objects):
        return []
    words = [w.strip("(“\"',") for w in text[:subject].split()[-3:]]
    if _LEADS_TO_SUBJECT & set(words):
        return []
    return [f"the text names {draft.objects[0]!r} before {draft.subject!r}, as if it were the subject"]


def _mention(value: str, text: str) -> int:
    """Where the text first names the value, whole or by its last part (file, user) or first (host, address); else -1."""
    whole = plain(value).strip()
    short = whole.replace("/", "\\").rpartition("\\")[2]
    for form in (whole, short, whole.partition(":")[0], whole.partition(".")[0]):
        at = text.find(form) if len(form) > 1 else -1
        if at >= 0:
            return at
    return -1
