"""An organisation's encryption key: rotated, wrapped anew, destroyed. Destroying it is how an organisation is erased."""

from __future__ import annotations

from collections.abc import Iterator

from ircopilot.access.errors import EvidenceHeld
from ircopilot.access.organisations import named_organisation
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.artifacts import all_artifact_hashes
from ircopilot.stores.postgres.cases import held_cases, kept_cases
from ircopilot.stores.vault.protocol import RewrapStep


def rotate_key(stores: StoreSet, org: str) -> None:
    """From now on new evidence is wrapped under a new version of the key. Raises `UnknownOrganisation`."""
    org_id = named_organisation(stores.database, org).org_id
    stores.stores_for(org_id).vault.keys.rotate(org_id)


def rewrap_key(stores: StoreSet, org: str) -> Iterator[RewrapStep]:
    """Wrap the organisation's keys anew under the key service's present version, step by step.

    May be stopped after any step and called again: it goes on with what is left. Raises `UnknownOrganisation`.
    """
    org_id = named_organisation(stores.database, org).org_id
    yield from stores.stores_for(org_id).vault.keys.rewrap(org_id)


def destroy_key(stores: StoreSet, org: str) -> int:
    """Make all evidence and exports of the organisation unreadable for ever; returns how many artifacts that are.

    Raises `EvidenceHeld` while a legal hold lies on one of them or on an incident, or an incident is kept until a day
    to come, and `UnknownOrganisation`.
    """
    org_id = named_organisation(stores.database, org).org_id
    vault = stores.stores_for(org_id).vault
    with stores.database.tenant(org_id) as tx:
        hashes, cases, kept = all_artifact_hashes(tx), held_cases(tx), kept_cases(tx)
    if cases:
        raise EvidenceHeld(
            f"a legal hold lies on {len(cases)} incidents, the first is {cases[0]}", "lift the holds first, if you may"
        )
    if kept:
        last, until = next(iter(kept.items()))
        raise EvidenceHeld(
            f"{len(kept)} incidents are to be kept, the last until {until.isoformat()}: {last}", "wait until that day"
        )
    held = [sha for sha in hashes if vault.exists(org_id, sha) and vault.lock_of(org_id, sha).legal_hold]
    if held:
        raise EvidenceHeld(
            f"a legal hold lies on {len(held)} artifacts, the first is {held[0]}", "lift the holds first, if you may"
        )
    vault.keys.destroy(org_id)
    return len(hashes)
