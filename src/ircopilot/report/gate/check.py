"""The gate: the only place where a drafted claim becomes a claim. Pure and deterministic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ircopilot.domain.claims import Claim, ClaimKind, DraftClaim, Drafter, Fact, Rejection, Report, Section
from ircopilot.report.gate.cited import CitedEvent, collapsed, plain
from ircopilot.report.gate.moments import TOLERANCE
from ircopilot.report.gate.occurrence import occurs
from ircopilot.report.gate.passages import blank, passage_mask
from ircopilot.report.gate.secrets import secret_reasons, shown_reasons, without_secrets
from ircopilot.report.gate.standing import role_reasons
from ircopilot.report.gate.support import Basis, value_reasons
from ircopilot.report.gate.wording import (
    hygiene_reasons,
    markup_reasons,
    negation_reasons,
    order_reasons,
    size_reasons,
    wording_reasons,
)

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
    by: str = "",
) -> Claim | Rejection:
    """The claim if every check passes, else the rejection with each reason.

    `cited` holds the events of this organisation and incident that may be cited, by id; `facts` the ledger;
    `technique_names` what may be named without standing in a record, id to name: techniques, and rules. A draft that
    cites no event and names facts cites the events of those facts. `by` names the person who worded it, if one did.
    """
    unfit = [*size_reasons(draft), *hygiene_reasons(draft.text)]
    if unfit:
        return Rejection(draft=draft, reasons=tuple(unfit))
    evidence = cited_by(draft, facts)
    reasons = _reasons(draft, evidence, cited, facts, technique_names or {})
    if reasons:
        return Rejection(draft=draft, reasons=tuple(reasons))
    return Claim(
        id=draft.id,
        section=draft.section,
        text=draft.text,
        kind=draft.kind,
        evidence=evidence,
        basis=draft.basis,
        status=_STATUS[draft.kind],
        by=by,
    )


def keep_as_word(
    draft: DraftClaim, cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact], by: str
) -> Claim | Rejection:
    """The sentence as a person's own word, marked as such: its values and acts are not held against the records.

    It must be a plain line of text, and what it cites must exist; a person may cite nothing.
    """
    reasons = [*size_reasons(draft), *hygiene_reasons(draft.text)]
    known = [cited[i] for i in draft.evidence if i in cited]
    reasons = reasons or [
        *_unknown_reasons(draft, draft.evidence, cited, facts), *markup_reasons(draft.text), *shown_reasons(draft.text, known)
    ]  # fmt: skip
    if reasons:
        return Rejection(draft=draft, reasons=tuple(reasons))
    return Claim(
        id=draft.id, section=draft.section, text=draft.text, kind=draft.kind,
        evidence=tuple(dict.fromkeys(draft.evidence)), basis=draft.basis, status="analyst", by=by,
    )  # fmt: skip


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
        rejected += [_for_reading(r, cited, facts) for r in results if isinstance(r, Rejection)]
        claims = tuple(r for r in results if isinstance(r, Claim))
        kept.append(Section(id=section.id, title=section.title, claims=claims))
    return Report(sections=tuple(kept), drafter=drafter, rejections=tuple(rejected), facts=dict(facts))


def _for_reading(rejection: Rejection, cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact]) -> Rejection:
    """The rejection without the secrets of the records that the draft cites: it is shown beside the report."""
    draft = rejection.draft
    text = without_secrets(draft.text, [cited[i] for i in cited_by(draft, facts) if i in cited])
    return (
        rejection
        if text == draft.text
        else Rejection(draft=draft.model_copy(update={"text": text}), reasons=rejection.reasons)
    )


def cited_by(draft: DraftClaim, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """The events that a draft cites: its own, else those of the facts that it names."""
    return tuple(dict.fromkeys(draft.evidence or _fact_evidence(draft, facts)))


def _fact_evidence(draft: DraftClaim, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    if draft.kind == "unknown":
        return ()
    return tuple(i for n in draft.basis.facts if n in facts for i in facts[n].evidence)


def _reasons(
    draft: DraftClaim,
    evidence: Sequence[str],
    cited: Mapping[str, CitedEvent],
    facts: Mapping[str, Fact],
    names: Mapping[str, str],
) -> list[str]:
    """Every reason to refuse the draft; empty if there is none."""
    known = [cited[i] for i in evidence if i in cited]
    named = [facts[n] for n in draft.basis.facts if n in facts]
    searches = draft.basis.searches if draft.kind == "unknown" else ()
    text = collapsed(draft.text)
    mask = passage_mask(text, known, names.values())
    own = blank(text, mask)
    return [
        *_citation_reasons(draft, evidence, cited, facts),
        *_act_reasons(draft, known),
        *value_reasons(text, mask, Basis(known, named, names, searches)),
        *secret_reasons(text, mask, known),
        *markup_reasons(own),
        *negation_reasons(draft, own),
        *wording_reasons(draft, own),
    ]


def _citation_reasons(
    draft: DraftClaim, evidence: Sequence[str], cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact]
) -> list[str]:
    reasons = _unknown_reasons(draft, evidence, cited, facts)
    if draft.kind != "unknown" and not evidence:
        reasons.append(f"a claim of kind {draft.kind} cites no event, and no fact that rests on events")
    return reasons


def _unknown_reasons(
    draft: DraftClaim, evidence: Sequence[str], cited: Mapping[str, CitedEvent], facts: Mapping[str, Fact]
) -> list[str]:
    """What is cited or named and does not exist."""
    reasons = [f"event {i!r} is not in this incident" for i in evidence if i not in cited]
    return reasons + [f"fact {n!r} is not in the ledger" for n in draft.basis.facts if n not in facts]


def _act_reasons(draft: DraftClaim, known: Sequence[CitedEvent]) -> list[str]:
    """Why subject, act, objects, time and place do not stand in the cited records."""
    reasons = []
    if draft.verb:
        reasons += [*role_reasons(draft.verb, draft.subject, draft.objects, known), *order_reasons(draft)]
    elif draft.subject or draft.objects:
        reasons.append("a subject or an object without an act")
    elif draft.kind == "fact" and not draft.basis.facts:
        reasons.append("a fact must state an act (verb) or name the facts that it counts")
    moment = draft.time
    if moment and not any(min(abs(e.time - moment), abs(e.time_recorded - moment)) <= TOLERANCE for e in known):
        reasons.append(f"no cited record is of {moment.isoformat()}")
    if draft.host and not any(occurs("token", plain(draft.host), e.content.wide) for e in known):
        reasons.append(f"no cited record names the host {draft.host!r}")
    return reasons
