"""What people do with the claims of a report: accept, reject, edit, add, move and strike them out, each noted and audited."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.domain.claims import Claim, DraftClaim, Rejection
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.incident import Incident
from ircopilot.report.carry import STEP
from ircopilot.report.errors import RefusedByGate, UnknownClaim
from ircopilot.report.ground import Ground, Grounds
from ircopilot.report.versions import editable_report, note_act, target_of
from ircopilot.stores.postgres import Tx, report_versions
from ircopilot.stores.postgres.report_versions import ClaimRow

CHANGED = ("the claim was changed in the meantime", "read it again and send its ETag")


@dataclass(frozen=True, slots=True)
class Desk:
    """An open version in somebody's hands, within one transaction. Made by `open_desk`."""

    tx: Tx
    caller: Caller
    incident: Incident
    number: int
    ground: Ground

    def claim(self, claim_id: str, seen: int | None = None) -> ClaimRow:
        """A claim, as the caller has seen it. Raises `UnknownClaim`, `PreconditionFailed`."""
        found = report_versions.find_claim(self.tx, self.incident.incident_id, self.number, claim_id)
        if found is None:
            raise UnknownClaim(f"version {self.number} has no claim {claim_id[:100]}", "read the report again")
        if seen is not None and found.version != seen:
            raise PreconditionFailed(*CHANGED)
        return found


def open_desk(tx: Tx, grounds: Grounds, caller: Caller, incident: Incident, number: int) -> Desk:
    """A version to be edited. Raises `UnknownReport`, `ReportFrozen`."""
    _, ground = editable_report(tx, grounds, incident, number)
    return Desk(tx, caller, incident, number, ground)


def accept_claim(desk: Desk, claim_id: str, seen: int) -> ClaimRow:
    """The claim stands as it is."""
    row = desk.claim(claim_id, seen)
    if row.decision in ("edited", "added"):
        raise UnusableArgument("a sentence of a person is accepted already", "undo the edit to accept the draft")
    return _decide(desk, row, "accept", {"decision": "accepted", "reason": None})


def reject_claim(desk: Desk, claim_id: str, seen: int, reason: str) -> ClaimRow:
    """The claim is not published, and stays to be seen with the reason."""
    return _decide(desk, desk.claim(claim_id, seen), "reject", {"decision": "rejected", "reason": reason})


def delete_claim(desk: Desk, claim_id: str, seen: int) -> ClaimRow:
    """Strike the claim out; its row stays."""
    return _decide(desk, desk.claim(claim_id, seen), "delete", {"decision": "deleted", "reason": None})


def undo_decision(desk: Desk, claim_id: str, seen: int) -> ClaimRow:
    """The claim as it was drafted; one that a person added stands again as that person said it."""
    row = desk.claim(claim_id, seen)
    if row.drafted is None:
        return _decide(desk, row, "undo", {"decision": "added", "reason": None})
    back = {"claim": row.drafted["claim"], "draft": row.drafted["draft"]}
    return _decide(desk, row, "undo", {"decision": "none", "reason": None, **back})


def edit_claim(desk: Desk, claim_id: str, seen: int, changes: dict[str, Any], *, own_word: bool = False) -> ClaimRow:
    """Say the claim otherwise: `changes` are members of `DraftClaim`. Raises `RefusedByGate`."""
    row = desk.claim(claim_id, seen)
    draft = DraftClaim.model_validate({**row.draft, **changes, "id": row.claim_id, "section": row.section})
    claim = judged(desk, draft, own_word=own_word)
    kept = {"claim": claim.model_dump(mode="json"), "draft": draft.model_dump(mode="json"), "reason": None}
    return _decide(desk, row, "edit", {"decision": "added" if row.drafted is None else "edited", **kept})


def add_claim(desk: Desk, draft: DraftClaim, after: str | None, *, own_word: bool = False) -> ClaimRow:
    """One more claim, behind another of its section or at the end. Raises `RefusedByGate`, `UnusableArgument`."""
    if draft.section not in {section.id for section in desk.ground.document.report.sections}:
        raise UnusableArgument(f"the report has no section {draft.section[:100]}", "see its sections")
    draft = draft.model_copy(update={"id": f"own-{secrets.token_hex(6)}"})
    claim = judged(desk, draft, own_word=own_word)
    row = ClaimRow(
        claim_id=draft.id, section=draft.section, position=_place(desk, draft.section, after), drafted=None,
        claim=claim.model_dump(mode="json"), draft=draft.model_dump(mode="json"), decision="added",
        decided_by=desk.caller.label, decided_by_id=desk.caller.principal_id,
    )  # fmt: skip
    report_versions.add_claim(desk.tx, desk.incident.incident_id, desk.number, row)
    after_it = {"text": claim.text, "status": claim.status, "section": draft.section}
    _note(desk, "add", draft.id, None, after_it)
    return desk.claim(draft.id)


def move_claim(desk: Desk, claim_id: str, seen: int, after: str | None) -> ClaimRow:
    """Put the claim behind another of its section, or first."""
    row = desk.claim(claim_id, seen)
    if after == claim_id:
        raise UnusableArgument("a claim does not stand behind itself", "name another claim")
    position = _place(desk, row.section, after or "", without=claim_id)
    _write(desk, row, {"position": position})
    _note(desk, "move", claim_id, None, {"after": after})
    return desk.claim(claim_id)


def judged(desk: Desk, draft: DraftClaim, *, own_word: bool) -> Claim:
    """A person's sentence as the gate lets it through. Raises `RefusedByGate`, with what is wrong where."""
    found = desk.ground.judge(draft, desk.caller.label, own_word=own_word)
    if isinstance(found, Rejection):
        raise RefusedByGate(desk.ground.faults(found), "mend it, cite other records, or send as_analyst_word: true")
    return found


def _decide(desk: Desk, row: ClaimRow, act: str, values: dict[str, Any]) -> ClaimRow:
    undone = act == "undo" and values["decision"] == "none"
    who = {
        "decided_by": None if undone else desk.caller.label,
        "decided_by_id": None if undone else desk.caller.principal_id,
    }
    _write(desk, row, {**values, **who})
    said = {"text": row.claim["text"], "decision": row.decision}
    claim = values.get("claim", row.claim)
    now = {"text": claim["text"], "status": claim["status"], "decision": values["decision"], "reason": values["reason"]}
    _note(desk, act, row.claim_id, said, now)
    return desk.claim(row.claim_id)


def _write(desk: Desk, row: ClaimRow, values: dict[str, Any]) -> None:
    where = (desk.tx, desk.incident.incident_id, desk.number, row.claim_id)
    if not report_versions.change_claim(*where, row.version, values):
        raise PreconditionFailed(*CHANGED)


def _note(desk: Desk, act: str, claim_id: str, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    note_act(desk.tx, desk.caller, desk.incident, desk.number, act, claim_id, {"before": before, "after": after})
    record_act(desk.tx, desk.caller, f"claim.{act}", target_of(desk.incident, desk.number, claim_id), before, after)


def _place(desk: Desk, section: str, after: str | None, without: str = "") -> int:
    """A position behind the claim `after` of the section: None is the end, "" the beginning. Raises `UnknownClaim`."""
    rows = report_versions.claims_of(desk.tx, desk.incident.incident_id, desk.number)
    line = [row for row in rows if row.section == section and row.claim_id != without]
    if after is None or not line:
        return (line[-1].position if line else 0) + STEP
    at = 0 if after == "" else 1 + next((n for n, row in enumerate(line) if row.claim_id == after), -2)
    if at < 0:
        raise UnknownClaim(f"section {section} has no claim {after[:100]}", "name a claim of the same section")
    low = line[at - 1].position if at else 0
    if at == len(line):
        return low + STEP
    if line[at].position - low < 2:
        _spread(desk, line)
        return _place(desk, section, after, without)
    return (low + line[at].position) // 2


def _spread(desk: Desk, line: list[ClaimRow]) -> None:
    """Make room between the claims of a section again; their versions stay, for nobody sees positions."""
    report_versions.set_positions(
        desk.tx, desk.incident.incident_id, desk.number, {row.claim_id: STEP * n for n, row in enumerate(line, 1)}
    )
