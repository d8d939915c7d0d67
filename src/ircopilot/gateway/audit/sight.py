"""The audit log as its reader may see it: entries of restricted incidents without what names these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ircopilot.access.caller import Caller
from ircopilot.cases.find import viewer_of
from ircopilot.domain.audit import AuditEntry
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.audit import AuditFilter
from ircopilot.stores.postgres.audit_sight import hidden_entries

HIDDEN = "restricted"


def seen_entries(
    tx: Tx, caller: Caller, wanted: AuditFilter, found: Sequence[AuditEntry]
) -> tuple[list[AuditEntry], int | None]:
    """What was found, as the caller may see it, and the number of the last of it.

    What is hidden has number, time, actor, act and hashes, so that the chain can be followed; a search for a target
    does not find it, for that would tell that there is one.
    """
    hidden = hidden_entries(tx, viewer_of(caller), found)
    shown = [_masked(entry) if entry.seq in hidden else entry for entry in found]
    if wanted.target is not None:
        shown = [entry for entry in shown if entry.seq not in hidden]
    return shown, found[-1].seq if found else None


def _masked(entry: AuditEntry) -> AuditEntry:
    return replace(entry, did=replace(entry.did, target=HIDDEN, before=None, after=None))
