"""Routes of claims: look at, check while typing, add, edit through the gate, accept, reject, move, strike out, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from ircopilot.access.caller import Caller
from ircopilot.cases.errors import IncidentMerged
from ircopilot.cases.find import open_incident, seen_incident
from ircopilot.domain.claims import Basis, DraftClaim, Rejection
from ircopilot.domain.errors import PreconditionFailed, UnusableArgument
from ircopilot.domain.incident import Incident
from ircopilot.gateway.described import problems
from ircopilot.gateway.errors import PreconditionRequired
from ircopilot.gateway.etag import SeenVersion, show_tag
from ircopilot.gateway.gate import Gate, WithCaller, WithGate
from ircopilot.gateway.permit import needs
from ircopilot.gateway.reports.kept import GROUNDS
from ircopilot.gateway.reports.routes import Number
from ircopilot.gateway.reports.shapes import (
    Checked,
    ClaimEdit,
    ClaimOut,
    FaultOut,
    NewClaim,
    Place,
    Reason,
    Sentence,
    SentenceCheck,
)
from ircopilot.pipeline.cite import cite_events
from ircopilot.report import decide
from ircopilot.report.decide import Desk, open_desk
from ircopilot.report.errors import RefusedByGate, ReportFrozen, UneditableReport, UnknownClaim, UnknownReport
from ircopilot.report.ground import Ground, learn_records
from ircopilot.report.versions import find_report
from ircopilot.stores.events.store import EventStoreFailed
from ircopilot.stores.postgres import Tx, report_records, report_versions
from ircopilot.stores.postgres.errors import UnknownIncident
from ircopilot.stores.postgres.report_versions import ClaimRow

router = APIRouter(prefix="/v1/incidents/{key}/reports/{version}", tags=["reports"])
ClaimId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
_SEEN = (UnknownIncident, UnknownReport, UnknownClaim)
_EDITING = (*_SEEN, IncidentMerged, ReportFrozen, PreconditionFailed, PreconditionRequired)
_WORDING = (RefusedByGate, UneditableReport, EventStoreFailed)


@router.get(
    "/claims/{claim_id}",
    summary="Look at a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:read")],
    responses=problems(*_SEEN),
)
async def get_claim(
    key: str, version: Number, claim_id: ClaimId, gate: WithGate, caller: WithCaller, response: Response
) -> ClaimOut:
    """One claim as it stands, with its entity tag."""

    def work(tx: Tx) -> ClaimRow:
        incident = seen_incident(tx, caller, key)
        find_report(tx, GROUNDS, incident, version)
        found = report_versions.find_claim(tx, incident.incident_id, version, claim_id)
        if found is None:
            raise UnknownClaim(f"version {version} has no claim {claim_id}", "read the report again")
        return found

    return _told(await gate.in_tx(caller.org_id, work), response)


@router.post(
    "/check",
    summary="Check a sentence",
    response_model=Checked,
    dependencies=[needs("report:write")],
    responses=problems(*_SEEN, UneditableReport, EventStoreFailed),
)
async def check_sentence(
    key: str, version: Number, asked: SentenceCheck, gate: WithGate, caller: WithCaller
) -> Checked:  # fmt: skip
    """Hold a sentence against the records that it cites, as an edit would, and store nothing. For use while typing."""

    def work(tx: Tx) -> tuple[Incident, Ground, DraftClaim, tuple[str, ...]]:
        incident = seen_incident(tx, caller, key)
        found = find_report(tx, GROUNDS, incident, version)
        ground = GROUNDS.of(tx, incident.incident_id, found.basis)
        draft = _draft_to_check(tx, incident, version, asked)
        return incident, ground, draft, learn_records(tx, ground, incident.incident_id, draft.evidence)

    incident, ground, draft, missing = await gate.in_tx(caller.org_id, work)
    if missing:
        # What is only looked at is kept in memory, not in the report.
        stores = gate.stores.stores_for(caller.org_id)
        ground.learn(await gate.in_file_thread(lambda: cite_events(stores, incident, missing)))
    judged = ground.judge(draft, caller.label)
    if isinstance(judged, Rejection):
        faults = [FaultOut.of(fault) for fault in ground.faults(judged)]
        return Checked(passes=False, status=None, faults=faults)
    return Checked(passes=True, status=judged.status, faults=[])


@router.post(
    "/claims",
    summary="Add a claim",
    status_code=201,
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_SEEN, IncidentMerged, ReportFrozen, *_WORDING),
)
async def create_claim(
    key: str, version: Number, asked: NewClaim, gate: WithGate, caller: WithCaller, response: Response
) -> ClaimOut:
    """Add a sentence. It goes through the gate like a drafted one; any record of the incident may be cited."""
    draft = _draft(asked, asked.section)
    await _learn(gate, caller, key, version, draft.evidence)

    def work(desk: Desk) -> ClaimRow:
        return decide.add_claim(desk, draft, asked.after, own_word=asked.as_analyst_word)

    made = await _at_desk(gate, caller, key, version, work)
    response.headers["Location"] = f"/v1/incidents/{key}/reports/{version}/claims/{made.claim_id}"
    return _told(made, response)


@router.patch(
    "/claims/{claim_id}",
    summary="Edit a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING, *_WORDING),
)
async def edit_claim(
    key: str, version: Number, claim_id: ClaimId, asked: ClaimEdit, seen: SeenVersion, gate: WithGate,
    caller: WithCaller, response: Response,
) -> ClaimOut:  # fmt: skip
    """Say a claim otherwise. The gate checks it like a drafted one: 422 names what is wrong and where in the text."""
    await _learn(gate, caller, key, version, asked.evidence or ())

    def work(desk: Desk) -> ClaimRow:
        changes = _changes(desk, claim_id, asked)
        return decide.edit_claim(desk, claim_id, seen, changes, own_word=asked.as_analyst_word)

    return _told(await _at_desk(gate, caller, key, version, work), response)


@router.post(
    "/claims/{claim_id}/accept",
    summary="Accept a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING),
)
async def accept_claim(
    key: str, version: Number, claim_id: ClaimId, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ClaimOut:  # fmt: skip
    """The claim stands as it was drafted."""
    work = _deciding(decide.accept_claim, claim_id, seen)
    return _told(await _at_desk(gate, caller, key, version, work), response)


@router.post(
    "/claims/{claim_id}/reject",
    summary="Reject a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING),
)
async def reject_claim(
    key: str, version: Number, claim_id: ClaimId, asked: Reason, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ClaimOut:  # fmt: skip
    """The claim is not published; it stays to be seen, with the reason."""
    work = _deciding(decide.reject_claim, claim_id, seen, asked.reason)
    return _told(await _at_desk(gate, caller, key, version, work), response)


@router.post(
    "/claims/{claim_id}/undo",
    summary="Undo what was decided on a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING),
)
async def undo_claim(
    key: str, version: Number, claim_id: ClaimId, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ClaimOut:  # fmt: skip
    """The claim as it was drafted, nothing decided; one that was added and struck out stands again."""
    work = _deciding(decide.undo_decision, claim_id, seen)
    return _told(await _at_desk(gate, caller, key, version, work), response)


@router.post(
    "/claims/{claim_id}/move",
    summary="Move a claim within its section",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING),
)
async def move_claim(
    key: str, version: Number, claim_id: ClaimId, asked: Place, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ClaimOut:  # fmt: skip
    """Put the claim behind another of its section, or first."""
    work = _deciding(decide.move_claim, claim_id, seen, asked.after)
    return _told(await _at_desk(gate, caller, key, version, work), response)


@router.delete(
    "/claims/{claim_id}",
    summary="Strike out a claim",
    response_model=ClaimOut,
    dependencies=[needs("report:write")],
    responses=problems(*_EDITING),
)
async def delete_claim(
    key: str, version: Number, claim_id: ClaimId, seen: SeenVersion, gate: WithGate, caller: WithCaller,
    response: Response,
) -> ClaimOut:  # fmt: skip
    """Strike a claim out. It stays to be seen as struck out, and can be had back (`undo`)."""
    work = _deciding(decide.delete_claim, claim_id, seen)
    return _told(await _at_desk(gate, caller, key, version, work), response)


def _deciding(act: Callable[..., ClaimRow], *args: Any) -> Callable[[Desk], ClaimRow]:
    return lambda desk: act(desk, *args)


async def _at_desk(
    gate: Gate, caller: Caller, key: str, version: int, work: Callable[[Desk], ClaimRow]
) -> ClaimRow:  # fmt: skip
    def whole(tx: Tx) -> ClaimRow:
        return work(open_desk(tx, GROUNDS, caller, open_incident(tx, caller, key), version))

    return await gate.in_tx(caller.org_id, whole)


async def _learn(gate: Gate, caller: Caller, key: str, version: int, event_ids: tuple[str, ...]) -> None:
    """Read and keep the records of events that are cited for the first time; those the incident has not stay unknown."""

    def look(tx: Tx) -> tuple[Incident, Ground, tuple[str, ...]]:
        incident = open_incident(tx, caller, key)
        found = find_report(tx, GROUNDS, incident, version)
        ground = GROUNDS.of(tx, incident.incident_id, found.basis)
        # Also what a check has shown to the gate before: an event that is cited is kept with the report.
        kept = report_records.kept_records(tx, incident.incident_id, event_ids)
        learn_records(tx, ground, incident.incident_id, event_ids)
        return incident, ground, tuple(i for i in event_ids if i not in ground.records and i not in kept)

    incident, ground, missing = await gate.in_tx(caller.org_id, look)
    if not missing:
        return
    stores = gate.stores.stores_for(caller.org_id)
    records = await gate.in_file_thread(lambda: cite_events(stores, incident, missing))

    def keep(tx: Tx) -> None:
        rows = {i: record.model_dump(mode="json") for i, record in records.items()}
        report_records.keep_records(tx, incident.incident_id, rows)

    await gate.in_tx(caller.org_id, keep)
    ground.learn(records)


def _draft(asked: Sentence, section: str) -> DraftClaim:
    return DraftClaim(
        id="check", section=section, text=asked.text, kind=asked.kind, verb=asked.verb, subject=asked.subject,
        objects=asked.objects, host=asked.host, evidence=asked.evidence, basis=Basis(facts=asked.facts),
    )  # fmt: skip


def _draft_to_check(tx: Tx, incident: Incident, version: int, asked: SentenceCheck) -> DraftClaim:
    draft = _draft(asked, "check")
    if asked.claim is None:
        return draft
    row = report_versions.find_claim(tx, incident.incident_id, version, asked.claim)
    if row is None:
        raise UnknownClaim(f"version {version} has no claim {asked.claim}", "read the report again")
    given = {name: getattr(draft, name) for name in asked.model_fields_set & DraftClaim.model_fields.keys()}
    if "evidence" in given:
        given["time"] = None
    base = DraftClaim.model_validate(row.draft)
    basis = base.basis.model_copy(update={"facts": asked.facts} if "facts" in asked.model_fields_set else {})
    return base.model_copy(update=given | {"basis": basis})


def _changes(desk: Desk, claim_id: str, asked: ClaimEdit) -> dict[str, Any]:
    """The members of the draft that change. Raises `UnusableArgument` when nothing does, `UnknownClaim`."""
    names = asked.model_fields_set - {"as_analyst_word", "facts"}
    changes = {name: getattr(asked, name) for name in names if getattr(asked, name) is not None}
    if asked.facts is not None:
        basis = DraftClaim.model_validate(desk.claim(claim_id).draft).basis
        changes["basis"] = basis.model_copy(update={"facts": asked.facts})
    if "evidence" in changes:
        changes["time"] = None  # the time was that of the records cited before
    if not changes:
        raise UnusableArgument("nothing is to be changed", "send text, or what else is to be said otherwise")
    return changes


def _told(row: ClaimRow, response: Response) -> ClaimOut:
    show_tag(response, row.version)
    return ClaimOut.of(row)
