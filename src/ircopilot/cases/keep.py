"""Until when an incident's evidence is kept: its date, carried to the locks of the vault. A date is only ever extended.

Nothing here removes anything, nor does anything else when a date has passed: see decision 27.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from ircopilot.stores.postgres import Tx, artifacts
from ircopilot.stores.postgres.cases import kept_until
from ircopilot.stores.vault import MissingObject
from ircopilot.stores.vault.protocol import Vault


def evidence_to_keep(tx: Tx, incident_id: str) -> tuple[datetime | None, list[str]]:
    """Until when the incident is kept, and the SHA-256 of its artifacts; (None, []) when nobody said a date.

    To be asked after the date, or the artifact, was committed: then one of two that come at the same time sees the other.
    """
    until = kept_until(tx, incident_id)
    return until, [] if until is None else [a.sha256 for a in artifacts.list_artifacts(tx, incident_id)]


def lock_evidence(vault: Vault, org_id: str, hashes: Iterable[str], until: datetime) -> list[str]:
    """Have the vault keep these at least until then; those whose lock ended before. May be called again.

    What another incident, or the bucket, keeps for longer stays so. Raises `UnreachableVault`.
    """
    locked = []
    for sha256 in hashes:
        with suppress(MissingObject):  # there is nothing left to lock, which verifying the artifact says
            lock = vault.lock_of(org_id, sha256).retain_until
            if lock is None or lock < until:
                vault.retain_until(org_id, sha256, until)
                locked.append(sha256)
    return locked


def note_kept(tx: Tx, incident_id: str, hashes: Iterable[str], until: datetime, actor: str) -> None:
    """Write into the chain of custody until when the vault keeps them now."""
    for sha256 in hashes:
        artifacts.record_custody(
            tx, incident_id, sha256, "retained", actor=actor, detail={"retain_until": until.isoformat()}
        )
