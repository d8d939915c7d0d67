"""The gate: the only place where a drafted claim becomes a claim. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ircopilot.domain.claims import Claim, ClaimKind, DraftClaim, Drafter, Fact, Rejection, Report, Section
from ircopilot.domain.values import one_backslash
from ircopilot.report.gate.cited import CitedEvent, plain
from ircopilot.report.gate.occurrence import occurs
from ircopilot.report.gate.standing import role_reasons
from ircopilot.report.gate.support import TIME_TOLERANCE, Basis, value_reasons
from ircopilot.report.gate.wording import hygiene_reasons, negation_reasons, size_reasons, wording_reasons

_STATUS: Mapping[ClaimKind, Literal["verified", "inferred", "unknown"]] = {
    "fact": "verified",
    "inference": "inferred",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class DraftSection:
    """A section as drafted."""

    id: str
    title: str
    drafts: tuple[DraftClaim, ...]


def check_claim(
    draft: DraftClaim,
    cited: Mapping[str, CitedEvent],
    facts: Mapping[str, Fact],
    technique_names: Mapping[str, str] | None = None,
) -> Claim | Rejection:
    """The claim if every check passes, else the rejection with each reason.

    `cited` holds the events of this organisation and incident that may be cited, by id; `facts` the ledger;
    `technique_names` the techniques that may be named, id to name. A draft that cites no event and names facts
    cites the events of those facts.
    """
    early = [*size_reasons(draft), *hygiene_reasons(draft.text)]
    if early:
        return Rejection(draft=draft, reasons=tuple(early))
    evidence = draft.evidence or _fact_evidence(draft, facts)
    known = [cited[i] for i in evidence if i in cited]
    named = [facts[n] for n in draft.basis.facts if n in facts]
    searches = draft.basis.searches if draft.kind == "unknown" else ()
    reasons = [
        *_citation_reasons(draft, evidence, cited, facts),
        *_role_reasons(draft, known),
        *value_reasons(draft.text, Basis(known, named, technique_names or {}, searches)),
        *negation_reasons(draft),
        *wording_reasons(draft),
    ]
    if reasons:
        return Rejection(draft=draft, reasons=tuple(reasons))
    return Claim(
        id=draft.id,
        section=draft.section,
        text=draft.text,
        kind=draft.kind,
        evidence=tuple(dict.fromkeys(evidence)),
        basis=draft.basis,
        status=_STATUS[draft.kind],
    )


def gate_report(
    sections: Sequence[DraftSection],
    cited: Mapping[str, CitedEvent],
    facts: Mapping[str, Fact],
    technique_names: Mapping[str, str],
    drafter: Drafter,
) -> Report:
    """The report of what passes the gate, in the order drafted; what fails stands in `rejections`."""
    kept: list[Section] = []
    rejected: list[Rejection] = []
    for section in sections:
        results = [check_claim(d, cited, facts, technique_names) for d in section.drafts]
        rejected += [r for r in results if isinstance(r, Rejection)]
        kept.append(
            Section(id=section.id, title=section.title, claims=tuple(r for r in results if isinstance(r, Claim)))
        )
    return Report(sections=tuple(kept), drafter=drafter, rejections=tuple(rejected), facts=dict(facts))


def _fact_evidence(draft: DraftClaim, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    if draft.kind == "unknown":
        return ()
    return tuple(dict.fromkeys(i for n in draft.basis.facts if n in facts for i in facts[n].evidence))


def _citation_reasons(
    draft: DraftClaim, evidence: Sequence[str], cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact]
) -> list[str]:
    reasons = [f"event {i!r} is not in this incident" for i in evidence if i not in cited]
    reasons += [f"fact {n!r} is not in the ledger" for n in draft.basis.facts if n not in facts]
    if draft.kind != "unknown" and not evidence:
        reasons.append(f"a claim of kind {draft.kind} cites no event, and no fact that rests on events")
    return reasons


def _role_reasons(draft: DraftClaim, known: Sequence[CitedEvent]) -> list[str]:
    """Why subject, act, objects, time and place do not stand in the cited records."""
    reasons = []
    if draft.verb:
        reasons += role_reasons(draft.verb, draft.subject, draft.objects, known)
        reasons += _order_reasons(draft)
    elif draft.subject or draft.objects:
        reasons.append("a subject or an object without an act")
    elif draft.kind == "fact" and not draft.basis.facts:
        reasons.append("a fact must state an act (verb) or name the facts that it counts")
    if draft.time is not None:
        moment = draft.time
        if not any(min(abs(e.time - moment), abs(e.time_recorded - moment)) <= TIME_TOLERANCE for e in known):
            reasons.append(f"no cited record is of {moment.isoformat()}")
    if draft.host and not any(occurs("token", plain(draft.host), e.content.wide) for e in known):
        reasons.append(f"no cited record names the host {draft.host!r}")
    return reasons


_BY = frozenset(("by", "from", "of", "on", "in", "for", "with", "at", "under"))


def _order_reasons(draft: DraftClaim) -> list[str]:
    """Why the words may turn subject and object round: the object is named first, and no `by` leads to the subject."""
    text = plain(one_backslash(draft.text))
    subject = _mention(draft.subject, text)
    objects = [at for at in (_mention(o, text) for o in draft.objects) if at >= 0]
    if draft.subject and subject < 0 and not objects:
        return ["the text names neither the subject nor an object of the act"]
    if subject < 0 or not objects or subject < min(objects):
        return []
    words = [w.strip("(“\"',") for w in text[:subject].split()[-3:]]
    return (
        []
        if _BY & set(words)
        else [f"the text names {draft.objects[0]!r} before {draft.subject!r}, as if it were the subject"]
    )


def _mention(value: str, text: str) -> int:
    """Where the text first names the value, whole or by its last part (file name, user) or first (host, address); -1 if nowhere."""
    whole = plain(value).strip()
    short = whole.replace("/", "\\").rpartition("\\")[2]
    for form in (whole, short, whole.partition(":")[0], whole.partition(".")[0]):
        at = text.find(form) if len(form) > 1 else -1
        if at >= 0:
            return at
    return -1
