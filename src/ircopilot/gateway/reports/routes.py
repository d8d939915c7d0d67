"""Routes of reports: versions, one whole, what differs, from draft to published, what was done, the policy."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.contracts.report import ReportState
from ircopilot.domain.errors import PreconditionFailed
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import InvalidCursor, PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import WithCaller, WithGate
from ircopilot.gateway.pages import cursor_of, read_cursor
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import GROUNDS, sendable
from ircopilot.gateway.reports.shapes import (
    ClaimChange,
    ClaimOut,
    Deed,
    Deeds,
    FactChange,
    FactOut,
    Note,
    PolicyChange,
    RefusedOut,
    ReportDiff,
    ReportOut,
    ReportPolicy,
    ReportSection,
    UnfitOut,
    VersionOut,
    Versions,
)
from ircopilot.report.compare import compare_ids, compare_versions, finding_ids
from ircopilot.report.errors import FourEyes, UnknownReport, WrongReportState
from ircopilot.report.versions import FOUR_EYES, find_report, list_reports, move_report, reopen_report
from ircopilot.stores.postgres import Tx, report_versions
from ircopilot.stores.postgres.errors import UnknownIncident

router = APIRouter(prefix="/v1", tags=["reports"])
Number = Annotated[int, Path(ge=1, le=1_000_000)]
Cursor = Annotated[str | None, Query(max_length=2000)]
Limit = Annotated[int, Query(ge=1, le=200)]
_MOVING = (
    UnknownIncident, UnknownReport, IncidentMerged, WrongReportState, PreconditionFailed, PreconditionRequired,
)  # fmt: skip


@router.get(
    "/incidents/{key}/reports",
    summary="List a report's versions",
    response_model=Versions,
    dependencies=[needs("report:read")],
    responses=problems(UnknownIncident, InvalidCursor),
)
async def list_report_versions(
    key: str, gate: WithGate, caller: WithCaller, cursor: Cursor = None, limit: Limit = 200
) -> Versions:
    """Versions, newest first: each run that drafted a report makes one, and each that is reopened."""
    below = None if cursor is None else read_cursor(cursor, int)[0]

    def work(tx: Tx) -> Versions:
        found = list_reports(tx, GROUNDS, seen_incident(tx, caller, key))
        rest = found if below is None else [version for version in found if version.number < below]
        after = cursor_of(rest[limit - 1].number) if len(rest) > limit else None
        return Versions(items=[VersionOut.of(v) for v in rest[:limit]], next=after)

    return await gate.in_tx(caller.org_id, work)


@router.get(
    "/incidents/{key}/reports/diff",
    summary="Compare two versions of a report",
    response_model=ReportDiff,
    dependencies=[needs("report:read")],
    responses=problems(UnknownIncident, UnknownReport),
)
async def compare_report_versions(
    key: str, gate: WithGate, caller: WithCaller, before: Annotated[int, Query(alias="from", ge=1, le=1_000_000)],
    after: Annotated[int, Query(alias="to", ge=1, le=1_000_000)],
) -> ReportDiff:  # fmt: skip
    """What differs between two versions. Claims are paired by their words, else by what they say, else by their records."""
    return await gate.in_tx(caller.org_id, _compare, caller, key, before, after)


@router.get(
    "/incidents/{key}/reports/{version}",
    summary="Look at a version of a report",
    response_model=ReportOut,
    dependencies=[needs("report:read")],
    responses=problems(UnknownIncident, UnknownReport),
)
async def get_report(key: str, version: Number, gate: WithGate, caller: WithCaller, response: Response) -> ReportOut:
    """Sections and claims with what was decided, what the gate refused, the figures, and decisions that fit no more."""
    found, row_version = await gate.in_tx(caller.org_id, _whole, caller, key, version)
    show_tag(response, row_version)
    return found


@router.get(
    "/incidents/{key}/reports/{version}/history",
    summary="List what was done to a report",
    response_model=Deeds,
    dependencies=[needs("report:read")],
    responses=problems(UnknownIncident, UnknownReport, InvalidCursor),
)
async def list_report_history(
    key: str, version: Number, gate: WithGate, caller: WithCaller, claim: str | None = None, cursor: Cursor = None,
    limit: Limit = 200,
) -> Deeds:  # fmt: skip
    """Who did what and when, oldest first: to the version, or to one of its claims."""
    after = 0 if cursor is None else read_cursor(cursor, int)[0]

    def work(tx: Tx) -> Deeds:
        incident = seen_incident(tx, caller, key)
        number = find_report(tx, GROUNDS, incident, version).number
        found = report_versions.acts_of(tx, incident.incident_id, number, claim, after, limit + 1)
        more = cursor_of(found[limit - 1].act_id) if len(found) > limit else None
        return Deeds(items=[Deed.of(act) for act in found[:limit]], next=more)

    return await gate.in_tx(caller.org_id, work)


@router.post(
    "/incidents/{key}/reports/{version}/submit",
    summary="Submit a report for review",
    response_model=VersionOut,
    dependencies=[needs("report:write")],
    responses=problems(*_MOVING),
)
async def submit_report(
    key: str, version: Number, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response,
    asked: Note | None = None,
) -> VersionOut:  # fmt: skip
    """From draft to review. It may still be edited there."""
    return await _moved(gate, caller, (key, version, seen, "in_review"), asked, response)


@router.post(
    "/incidents/{key}/reports/{version}/return",
    summary="Return a report to its editors",
    response_model=VersionOut,
    dependencies=[needs("report:write")],
    responses=problems(*_MOVING),
)
async def return_report(
    key: str, version: Number, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response,
    asked: Note | None = None,
) -> VersionOut:  # fmt: skip
    """From review back to draft."""
    return await _moved(gate, caller, (key, version, seen, "draft"), asked, response)


@router.post(
    "/incidents/{key}/reports/{version}/approve",
    summary="Approve a report",
    response_model=VersionOut,
    dependencies=[needs("report:approve")],
    responses=problems(*_MOVING, FourEyes),
)
async def approve_report(
    key: str, version: Number, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response,
    asked: Note | None = None,
) -> VersionOut:  # fmt: skip
    """From review to approved, which is frozen. Not by who alone edited it, unless the policy allows that."""
    return await _moved(gate, caller, (key, version, seen, "approved"), asked, response)


@router.post(
    "/incidents/{key}/reports/{version}/publish",
    summary="Publish a report",
    response_model=VersionOut,
    dependencies=[needs("report:approve")],
    responses=problems(*_MOVING),
)
async def publish_report(
    key: str, version: Number, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response,
    asked: Note | None = None,
) -> VersionOut:  # fmt: skip
    """From approved to published, for good."""
    return await _moved(gate, caller, (key, version, seen, "published"), asked, response)


@router.post(
    "/incidents/{key}/reports/{version}/reopen",
    summary="Reopen a report",
    status_code=201,
    response_model=VersionOut,
    dependencies=[needs("report:write")],
    responses=problems(UnknownIncident, UnknownReport, IncidentMerged, WrongReportState),
)
async def reopen_report_version(
    key: str, version: Number, gate: WithGate, caller: WithCaller, response: Response
) -> VersionOut:
    """A new draft with all that an approved or published version says; that one stays as it is."""

    def work(tx: Tx) -> report_versions.VersionRow:
        return reopen_report(tx, GROUNDS, caller, open_incident(tx, caller, key), version)

    made = await gate.in_tx(caller.org_id, work)
    response.headers["Location"] = f"/v1/incidents/{key}/reports/{made.number}"
    show_tag(response, made.version)
    return VersionOut.of(made)


@router.get(
    "/report-policy",
    summary="Read the policy of reports",
    response_model=ReportPolicy,
    dependencies=[needs("report:read")],
    responses=problems(),
)
async def get_report_policy(gate: WithGate, caller: WithCaller, response: Response) -> ReportPolicy:
    """What the organisation asks of reports: whether somebody else must approve them."""
    value, version = await gate.in_tx(caller.org_id, report_versions.read_policy, FOUR_EYES, True)
    show_tag(response, version)
    return ReportPolicy(four_eyes=value)


@router.put(
    "/report-policy",
    summary="Set the policy of reports",
    response_model=ReportPolicy,
    dependencies=[needs("org:write")],
    responses=problems(PreconditionFailed, PreconditionRequired),
)
async def set_report_policy(
    asked: PolicyChange, seen: SeenVersion, gate: WithGate, caller: WithCaller, response: Response
) -> ReportPolicy:
    """Decide whether who alone edited a report may approve it."""

    def work(tx: Tx) -> None:
        before, _ = report_versions.read_policy(tx, FOUR_EYES, True)
        if not report_versions.write_policy(tx, FOUR_EYES, asked.four_eyes, seen):
            raise PreconditionFailed("the policy was changed in the meantime", "read it again and send its ETag")
        record_act(tx, caller, "report.policy", "organisation", {FOUR_EYES: before}, {FOUR_EYES: asked.four_eyes})

    await gate.in_tx(caller.org_id, work)
    show_tag(response, seen + 1)
    return ReportPolicy(four_eyes=asked.four_eyes)


async def _moved(
    gate: WithGate, caller: Caller, wanted: tuple[str, int, int, ReportState], asked: Note | None, response: Response
) -> VersionOut:
    key, version, seen, to = wanted
    note = (asked.note if asked else None) or ""

    def work(tx: Tx) -> report_versions.VersionRow:
        return move_report(tx, GROUNDS, caller, open_incident(tx, caller, key), version, seen, to, note)

    moved = await gate.in_tx(caller.org_id, work)
    show_tag(response, moved.version)
    return VersionOut.of(moved)


def _whole(tx: Tx, caller: Caller, key: str, number: int) -> tuple[ReportOut, int]:
    incident = seen_incident(tx, caller, key)
    version = find_report(tx, GROUNDS, incident, number)
    ground = GROUNDS.of(tx, incident.incident_id, version.basis)
    rows = sorted(
        report_versions.claims_of(tx, incident.incident_id, number), key=lambda r: (r.position, r.claim_id)
    )  # fmt: skip
    document = ground.document
    sections = [
        ReportSection(id=s.id, title=s.title, claims=[ClaimOut.of(r) for r in rows if r.section == s.id])
        for s in document.report.sections
    ]
    refused = [RefusedOut(**sendable(r.model_dump())) for r in document.report.rejections]
    unfit = [UnfitOut(**sendable({n: u.get(n) for n in UnfitOut.model_fields})) for u in version.unfit]
    facts = {name: _fact(fact) for name, fact in document.facts.items()}
    out = ReportOut(
        **VersionOut.of(version).model_dump(), title=sendable(document.incident.title), start=document.incident.start,
        end=document.incident.end, editable=ground.editable and version.state in ("draft", "in_review"), sections=sections,
        refused=refused, facts=facts, not_carried=unfit,
    )  # fmt: skip
    return out, version.version


def _compare(tx: Tx, caller: Caller, key: str, before: int, after: int) -> ReportDiff:
    incident = seen_incident(tx, caller, key)
    old, new = (find_report(tx, GROUNDS, incident, number) for number in (before, after))
    grounds = [GROUNDS.of(tx, incident.incident_id, v.basis) for v in (old, new)]
    rows = [report_versions.claims_of(tx, incident.incident_id, v.number) for v in (old, new)]
    found = compare_versions(rows[0], rows[1], (grounds[0].facts, grounds[1].facts))
    ids = [finding_ids(g.document) for g in grounds]
    claims = [
        ClaimChange(
            change=change, section=(b or a).section, before=ClaimOut.of(a) if a else None, after=ClaimOut.of(b) if b else None  # type: ignore[union-attr]
        )
        for change, a, b in found.claims
    ]  # fmt: skip
    facts = [
        FactChange(name=name, before=_fact(a) if a else None, after=_fact(b) if b else None) for name, a, b in found.facts
    ]  # fmt: skip
    came = {noun: sendable(compare_ids(ids[0][noun], ids[1][noun])) for noun in ids[0]}
    return ReportDiff(from_version=before, to_version=after, same=found.same, claims=claims, facts=facts, **came)


def _fact(fact: Any) -> FactOut:
    return FactOut(**sendable(fact.model_dump()))
