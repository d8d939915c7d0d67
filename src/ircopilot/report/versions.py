"""Versions of a report: one for each report that a run drafted, and one for each that was reopened.

draft → in review → approved → published. What is approved or published is frozen; reopening it makes a new draft.
"""

from __future__ import annotations

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.contracts.report import ReportState
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.domain.incident import Incident
from ircopilot.report.carry import carry_decisions, drafted_claims
from ircopilot.report.errors import FourEyes, ReportFrozen, UnknownReport, WrongReportState
from ircopilot.report.ground import Ground, Grounds, learn_records
from ircopilot.stores.postgres import Tx, report_versions, results
from ircopilot.stores.postgres.feed import tell_feed
from ircopilot.stores.postgres.report_versions import ClaimRow, VersionRow

FOUR_EYES = "four-eyes"
EDITING = frozenset({"accept", "reject", "edit", "add", "delete", "undo", "move"})
# From which state each is reached.
STEPS: dict[ReportState, tuple[ReportState, ...]] = {
    "draft": ("in_review",), "in_review": ("draft",), "approved": ("in_review",), "published": ("approved",),
}  # fmt: skip


def list_reports(tx: Tx, grounds: Grounds, incident: Incident) -> list[VersionRow]:
    """All versions, newest first; a report that a run has drafted since gets its version now."""
    _open_fresh(tx, grounds, incident.incident_id)
    return report_versions.list_versions(tx, incident.incident_id)


def find_report(tx: Tx, grounds: Grounds, incident: Incident, number: int | None, *, lock: bool = False) -> VersionRow:
    """One version, or the newest. Raises `UnknownReport`."""
    _open_fresh(tx, grounds, incident.incident_id)
    if number is None:
        found = report_versions.list_versions(tx, incident.incident_id)
        if not found:
            raise UnknownReport(f"{incident.key} has no report yet", "start a run: POST /v1/incidents/KEY/runs")
        number = found[0].number
    version = report_versions.find_version(tx, incident.incident_id, number, lock=lock)
    if version is None:
        raise UnknownReport(f"{incident.key} has no report {number}", f"list them: GET /v1/incidents/{incident.key}/reports")  # fmt: skip
    return version


def editable_report(tx: Tx, grounds: Grounds, incident: Incident, number: int) -> tuple[VersionRow, Ground]:
    """A version that may be edited, its row locked, and its ground. Raises `UnknownReport`, `ReportFrozen`."""
    version = find_report(tx, grounds, incident, number, lock=True)
    if version.state not in ("draft", "in_review"):
        raise ReportFrozen(f"version {number} is {version.state}", "reopen it: POST …/reports/VERSION/reopen")
    return version, grounds.of(tx, incident.incident_id, version.basis)


def move_report(
    tx: Tx,
    grounds: Grounds,
    caller: Caller,
    incident: Incident,
    number: int,
    seen: int,
    to: ReportState,
    note: str = "",
) -> VersionRow:
    """Move a version to another state. Raises `UnknownReport`, `WrongReportState`, `FourEyes`, `PreconditionFailed`."""
    version = find_report(tx, grounds, incident, number, lock=True)
    if version.version != seen:
        raise PreconditionFailed("the report's state was changed in the meantime", "read it again and send its ETag")
    if version.state not in STEPS[to]:
        raise WrongReportState(f"version {number} is {version.state}, which does not lead to {to}", "see docs/api.md")
    if to == "approved":
        _check_four_eyes(tx, caller, incident.incident_id, number)
    if not report_versions.set_state(tx, incident.incident_id, number, seen, to):
        raise PreconditionFailed("the report's state was changed in the meantime", "read it again and send its ETag")
    note_act(tx, caller, incident, number, to, detail={"from": version.state, "to": to, "note": note})
    record_act(tx, caller, f"report.{to}", target_of(incident, number), {"state": version.state}, {"state": to, "note": note})  # fmt: skip
    return find_report(tx, grounds, incident, number)


def reopen_report(tx: Tx, grounds: Grounds, caller: Caller, incident: Incident, number: int) -> VersionRow:
    """A new draft with all that an approved or published version says. Raises `UnknownReport`, `WrongReportState`."""
    old = find_report(tx, grounds, incident, number)
    if old.state not in ("approved", "published"):
        raise WrongReportState(f"version {number} is {old.state}: edit it as it is", "see docs/api.md")
    report_versions.lock_reports(tx, incident.incident_id)
    made = report_versions.add_version(
        tx, incident.incident_id, basis=old.basis, run_id=old.run_id, parent=number, origin="reopened", unfit=old.unfit,
        claims=report_versions.claims_of(tx, incident.incident_id, number),
    )  # fmt: skip
    note_act(tx, caller, incident, made, "reopened", detail={"of": number})
    record_act(tx, caller, "report.reopen", target_of(incident, number), None, {"version": made})
    return find_report(tx, grounds, incident, made)


def editors_of(tx: Tx, incident_id: str, number: int) -> dict[str, str]:
    """Who edited the version, or decided what it took over from the one before: names by id."""
    found = {c.decided_by_id: c.decided_by or "" for c in report_versions.claims_of(tx, incident_id, number)}
    found |= {a.by_id: a.by for a in report_versions.acts_of(tx, incident_id, number) if a.act in EDITING}
    return {who: name for who, name in found.items() if who}


def hands_of(tx: Tx, incident_id: str, number: int) -> set[str]:
    """Ids of those who edited this version itself; what it took over from the one before is not theirs."""
    return {a.by_id for a in report_versions.acts_of(tx, incident_id, number) if a.act in EDITING}


def approval_of(tx: Tx, incident_id: str, number: int) -> report_versions.ActRow | None:
    """Who approved the version, and when."""
    acts = [a for a in report_versions.acts_of(tx, incident_id, number) if a.act == "approved"]
    return acts[-1] if acts else None


def note_act(
    tx: Tx, caller: Caller, incident: Incident, number: int, act: str, claim_id: str | None = None,
    detail: dict[str, object] | None = None,
) -> None:  # fmt: skip
    """Note what the caller did to a version, and tell whoever has it open."""
    report_versions.add_act(
        tx, incident.incident_id, number, claim_id=claim_id, act=act, by=caller.label, by_id=caller.principal_id,
        detail=detail or {},
    )  # fmt: skip
    told = {"by": caller.label, "report": number, "claim": claim_id, "act": act}
    tell_feed(tx, incident.incident_id, "report.changed", told)


def target_of(incident: Incident, number: int, claim_id: str = "") -> str:
    """How the audit log names a version, or one of its claims."""
    return f"incident/{incident.key}/report/{number}" + (f"/claim/{claim_id}" if claim_id else "")


def _open_fresh(tx: Tx, grounds: Grounds, incident_id: str) -> None:
    """Give each drafted report that has none its version, with the decisions on the newest version before it."""
    if not results.result_numbers(tx, incident_id, "report", report_versions.newest_basis(tx, incident_id)):
        return
    report_versions.lock_reports(tx, incident_id)
    # Again, now that nobody else makes versions.
    for basis in results.result_numbers(tx, incident_id, "report", report_versions.newest_basis(tx, incident_id)):
        ground = grounds.of(tx, incident_id, basis)
        before = next(iter(report_versions.list_versions(tx, incident_id)), None)
        old = report_versions.claims_of(tx, incident_id, before.number) if before else []
        claims, unfit = _carried(tx, ground, incident_id, old)
        report_versions.add_version(
            tx, incident_id, basis=basis, run_id=ground.run_id, parent=before.number if before else None, origin="run",
            unfit=unfit, claims=claims,
        )  # fmt: skip


def _carried(
    tx: Tx, ground: Ground, incident_id: str, old: list[ClaimRow]
) -> tuple[list[ClaimRow], list[dict[str, object]]]:
    if not ground.editable or all(row.decision == "none" for row in old):
        return list(drafted_claims(ground).values()), []
    learn_records(tx, ground, incident_id, tuple(i for row in old for i in row.draft.get("evidence", ())))
    carried = carry_decisions(ground, old)
    return list(carried.claims.values()), carried.unfit


def _check_four_eyes(tx: Tx, caller: Caller, incident_id: str, number: int) -> None:
    needed, _ = report_versions.read_policy(tx, FOUR_EYES, True)
    if needed and hands_of(tx, incident_id, number) == {caller.principal_id}:
        raise FourEyes(f"{caller.label} alone edited version {number}", "ask a colleague to approve it")
