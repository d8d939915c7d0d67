"""Decisions of analysts, carried from one version of a report to the next: where the claim still stands, or is said anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ircopilot.domain.claims import Claim, DraftClaim, Rejection
from ircopilot.report.ground import Ground
from ircopilot.stores.postgres.report_versions import ClaimRow

STEP = 1 << 20  # between the positions of neighbours: room for twenty moves into the same gap
Unfit = dict[str, Any]


@dataclass(slots=True)
class Carried:
    """The claims of a new version, and the decisions that fit none of them, each with the reason."""

    claims: dict[str, ClaimRow]
    unfit: list[Unfit] = field(default_factory=list)


def drafted_claims(ground: Ground) -> dict[str, ClaimRow]:
    """The claims as the drafter made them, nothing decided, by id."""
    return {
        claim.id: _drafted(ground, claim, STEP * place)
        for section in ground.document.report.sections
        for place, claim in enumerate(section.claims, 1)
    }


def _drafted(ground: Ground, claim: Claim, position: int) -> ClaimRow:
    said, draft = _plain(claim), _plain(ground.drafts.get(claim.id) or draft_of(claim))
    return ClaimRow(
        claim_id=claim.id, section=claim.section, position=position, drafted={"claim": said, "draft": draft},
        claim=said, draft=draft,
    )  # fmt: skip


def draft_of(claim: Claim) -> DraftClaim:
    """A claim as a draft again; the act that it is typed as is not known from the claim alone."""
    return DraftClaim(
        id=claim.id, section=claim.section, text=claim.text, kind=claim.kind, evidence=claim.evidence, basis=claim.basis
    )


def carry_decisions(ground: Ground, old: Sequence[ClaimRow]) -> Carried:
    """The new version's claims with what was decided on the old ones.

    A claim is found again by its words within its section, else by what it says underneath: subject, act, objects, place
    and time. An accepted one must have the same words; an edited or added one must pass the gate once more, on the
    new records.
    """
    carried = Carried(drafted_claims(ground))
    places = _Places(carried.claims.values())
    for row in old:
        if row.decision == "none" or (row.decision == "deleted" and row.drafted is None):
            continue
        reason, at = _carry(ground, carried, places, row)
        if reason:
            carried.unfit.append(_unfit(row, reason, at))
    return carried


def _carry(ground: Ground, carried: Carried, places: _Places, row: ClaimRow) -> tuple[str, str | None]:
    """Carry one decision: ("", id), else why not, and the claim that now says it, if one does."""
    if row.decision == "added" or row.drafted is None:
        return _carry_added(ground, carried, row), None
    found = places.find(row)
    if found is None:
        return "the sentence is not drafted any more", None
    new = carried.claims[found]
    if new.decision != "none":
        return "another decision stands on the sentence that says this now", found
    decided = _decided(row)
    if row.decision == "accepted" and new.claim["text"] != row.drafted["claim"]["text"]:
        return "the sentence has other words now: accept it again", found
    if row.decision == "edited":
        judged = _again(ground, row, {"id": found, "section": new.section, "time": new.draft["time"]})
        if isinstance(judged, str):
            return judged, found
        claim, draft = judged
        decided |= {"claim": _plain(claim), "draft": _plain(draft)}
    carried.claims[found] = new.model_copy(update=decided)
    return "", found


def _carry_added(ground: Ground, carried: Carried, row: ClaimRow) -> str:
    if row.section not in {section.id for section in ground.document.report.sections}:
        return "the report has no such section any more"
    judged = _again(ground, row, {})
    if isinstance(judged, str):
        return judged
    claim, draft = judged
    last = max((c.position for c in carried.claims.values() if c.section == row.section), default=0)
    update = {"claim": _plain(claim), "draft": _plain(draft), "position": last + STEP, "version": 1}
    carried.claims[row.claim_id] = row.model_copy(update=update)
    return ""


def _again(ground: Ground, row: ClaimRow, anew: Mapping[str, Any]) -> tuple[Claim, DraftClaim] | str:
    """A person's sentence through the gate once more; what the gate says if it refuses."""
    draft = DraftClaim.model_validate({**row.draft, **anew})
    own_word = row.claim.get("status") == "analyst"
    judged = ground.judge(draft, str(row.claim.get("by", "")), own_word=own_word)
    return "; ".join(judged.reasons) if isinstance(judged, Rejection) else (judged, draft)


class _Places:
    """Where a claim is found again."""

    def __init__(self, claims: Iterable[ClaimRow]) -> None:
        self._by_words: dict[tuple[str, str], str] = {}
        self._by_meaning: dict[tuple[Any, ...], str] = {}
        for row in claims:
            self._by_words.setdefault((row.section, row.claim["text"]), row.claim_id)
            if meaning := _meaning(row.draft):
                self._by_meaning.setdefault(meaning, row.claim_id)

    def find(self, old: ClaimRow) -> str | None:
        assert old.drafted is not None
        found = self._by_words.get((old.section, old.drafted["claim"]["text"]))
        return found or self._by_meaning.get(_meaning(old.drafted["draft"]) or ())


def _meaning(draft: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What a claim says underneath, if that is enough to tell it from others: an act of somebody, or facts that it counts."""
    typed = (draft["section"], draft["kind"], draft["verb"])
    if draft["subject"] or draft["objects"]:
        return (*typed, draft["subject"], tuple(draft["objects"]), draft["host"], draft["time"])
    facts = tuple(draft["basis"]["facts"])
    return (*typed, facts) if facts else None


def _decided(row: ClaimRow) -> dict[str, Any]:
    names = ("decision", "reason", "decided_by", "decided_by_id", "decided_at")
    return {name: getattr(row, name) for name in names}


def _unfit(row: ClaimRow, reason: str, at: str | None) -> Unfit:
    return {
        "claim_id": row.claim_id, "section": row.section, "text": row.claim["text"], "decision": row.decision,
        "reason": row.reason, "decided_by": row.decided_by, "why": reason, "now": at,
        "drafted": None if row.drafted is None else row.drafted["claim"]["text"],
    }  # fmt: skip


def _plain(part: Claim | DraftClaim) -> dict[str, Any]:
    return part.model_dump(mode="json")
