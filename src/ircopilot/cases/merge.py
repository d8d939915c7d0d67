"""Merging incidents: the second goes on with all that the first had. No event is rewritten; custody tells of it."""

from __future__ import annotations

from datetime import datetime

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.cases.errors import WrongState
from ircopilot.cases.find import open_incident
from ircopilot.cases.ranks import rank_after
from ircopilot.domain.incident import Case
from ircopilot.stores.postgres import Tx, runs
from ircopilot.stores.postgres.actions import change_action, last_rank, list_actions, lock_board
from ircopilot.stores.postgres.cases import change_case
from ircopilot.stores.postgres.errors import RunInProgress
from ircopilot.stores.postgres.feed import tell_feed
from ircopilot.stores.postgres.merging import (
    link_evidence,
    move_comments,
    move_notes_and_uploads,
    tell_custody_of_merge,
)


def merge_case(tx: Tx, caller: Caller, key: str, into: str, note: str, now: datetime) -> tuple[Case, Case]:
    """Merge the incident `key` into the incident `into`; both as they are then.

    Raises `WrongState` for one that is merged into itself, into a closed one, or into one that more may know of;
    `RunInProgress` while a run of either is not over.
    """
    if key == into:
        raise WrongState(f"{key} is {into}", "name another incident to merge it into")
    # Always in the same order, so that two merges of the same incidents do not wait for each other.
    locked = {name: open_incident(tx, caller, name, lock=True) for name in sorted((key, into))}
    gone, kept = locked[key], locked[into]
    if kept.status == "closed":
        raise WrongState(f"{into} is closed", f"open it again first: POST /v1/incidents/{into}/reopen")
    if gone.restricted and not kept.restricted:
        raise WrongState(f"{key} is restricted and {into} is not", f"restrict {into} first")
    for case in (gone, kept):
        if open_ := runs.open_runs_of(tx, case.incident_id):
            raise RunInProgress(f"run {open_[0].run_id} of {case.key} goes on", "wait until it ends, or cancel it")
    _hand_over(tx, caller, gone, kept)
    closed = {
        "status": "closed", "closed_at": gone.closed_at or now, "close_reason": "merged", "close_note": note,
        "merged_into": kept.incident_id,
    }  # fmt: skip
    gone = change_case(tx, gone, closed)
    dates = [case.retain_until for case in (gone, kept) if case.retain_until]
    held = {"legal_hold": kept.legal_hold or gone.legal_hold, "retain_until": max(dates, default=None)}
    kept = change_case(tx, kept, held)
    told = {"by": caller.principal_id, "by_name": caller.name}
    # Neither of the two tells the other's key, which not everybody may know who may know the one.
    tell_feed(tx, gone.incident_id, "incident.merged", told | {"version": gone.version, "status": "closed"})
    tell_feed(tx, kept.incident_id, "incident.changed", told | {"version": kept.version, "changed": ["merged"]})
    record_act(tx, caller, "incident.merge", f"incident/{key}", {"status": locked[key].status}, {"into": into})
    return gone, kept


def _hand_over(tx: Tx, caller: Caller, gone: Case, kept: Case) -> None:
    link_evidence(tx, gone.incident_id, kept.incident_id)
    tell_custody_of_merge(
        tx, gone.incident_id, kept.incident_id, caller.name, {"from": gone.key, "into": kept.key}
    )  # fmt: skip
    move_notes_and_uploads(tx, gone.incident_id, kept.incident_id)
    move_comments(tx, gone.incident_id, kept.incident_id)
    for incident_id in sorted((gone.incident_id, kept.incident_id)):
        lock_board(tx, incident_id)
    for action in list_actions(tx, gone.incident_id):
        rank = rank_after(last_rank(tx, kept.incident_id, action.state))
        change_action(tx, action.action_id, {"incident_id": kept.incident_id, "rank": rank})
