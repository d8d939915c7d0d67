"""Verifying an organisation's audit log: every changed, missing, added or reordered entry is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ircopilot.access.audit_keys import PublicKey, is_signed_by, key_id_of
from ircopilot.domain.audit import AuditEntry, Checkpoint, entry_hash
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres import audit as rows
from ircopilot.stores.postgres.audit import AuditHead

_MOST = 1000  # findings that are kept; the first says it all


@dataclass(slots=True)
class Verified:
    """What was looked at, and what is wrong: one sentence for each thing, none when the log holds."""

    org_id: str
    entries: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def say(self, finding: str) -> None:
        """Note something wrong."""
        if len(self.findings) < _MOST:
            self.findings.append(finding)


def verify_log(
    database: Database, org_id: str, keys: Iterable[PublicKey], copies: Iterable[Checkpoint] = ()
) -> Verified:
    """Look at every entry and checkpoint of the organisation. `copies` are checkpoints kept outside of the database.

    What happened after the newest checkpoint is chained but not signed: who can rewrite the database can rewrite that.
    """
    found = Verified(org_id)
    with database.tenant(org_id) as tx:
        head, points = rows.audit_head(tx), rows.list_checkpoints(tx)
    signed = _check_checkpoints(found, points, list(copies), {key_id_of(key): key for key in keys})
    last = _check_entries(found, rows.all_entries(database, org_id), signed, head)
    newest = max(signed, default=0)
    if newest > last:
        found.say(f"entries {last + 1} to {newest} are missing: a checkpoint of {newest} was signed")
    if head is None:
        if last or points:
            found.say("the head of the log is missing")
    elif head.seq > max(last, newest):
        found.say(f"entries {max(last, newest) + 1} to {head.seq} are missing: the head names {head.seq}")
    found.unsigned = max(0, last - newest)
    return found


def _check_entries(
    found: Verified, entries: Iterable[AuditEntry], signed: Mapping[int, set[str]], head: AuditHead | None
) -> int:
    """Follow the chain; the number of the newest entry. Those beyond the head came while we looked."""
    expected, previous = 1, ""
    for entry in entries:
        found.entries += 1
        if entry.seq > expected:
            missing = (
                f"entry {expected} is" if entry.seq == expected + 1 else f"entries {expected} to {entry.seq - 1} are"
            )
            found.say(f"{missing} missing")
        elif entry.prev_hash != previous:
            found.say(
                f"entry {entry.seq} does not follow entry {entry.seq - 1}: one of them was exchanged or rewritten"
            )
        if entry.hash != entry_hash(entry.org_id, entry.seq, entry.at, entry.did, entry.prev_hash):
            found.say(f"entry {entry.seq} ({entry.did.act} by {entry.did.actor_label}) was changed")
        if any(entry.hash != hash_ for hash_ in signed.get(entry.seq, ())):
            found.say(f"entry {entry.seq} is not the one that a checkpoint signed: what leads to it was rewritten")
        if head is not None and entry.seq == head.seq and entry.hash != head.hash:
            found.say(f"entry {entry.seq} is not the one that the head of the log names")
        expected, previous = entry.seq + 1, entry.hash
    return expected - 1


def _check_checkpoints(
    found: Verified, points: list[Checkpoint], copies: list[Checkpoint], keys: Mapping[str, PublicKey]
) -> dict[int, set[str]]:  # fmt: skip
    """What was truly signed: hashes by entry."""
    signed: dict[int, set[str]] = {}
    previous = ""
    for number, point in enumerate(points, 1):
        found.checkpoints += 1
        if point.number != number or point.prev_signature != previous:
            found.say(f"checkpoint {point.number} does not follow the one before: one is missing or was exchanged")
        previous = point.signature
    stored = {point.signature for point in points}
    for point in copies:
        if point.signature not in stored and _is_good(point, keys):
            found.say(f"checkpoint {point.number} (entry {point.seq}) was taken out of the database; a copy has it")
    for point in (*points, *copies):
        if point.key_id not in keys:
            found.say(f"checkpoint {point.number} is signed by the unknown key {point.key_id}")
        elif not _is_good(point, keys):
            found.say(f"checkpoint {point.number} (entry {point.seq}) was changed: its signature is wrong")
        else:
            signed.setdefault(point.seq, set()).add(point.hash)
    return signed


def _is_good(point: Checkpoint, keys: Mapping[str, PublicKey]) -> bool:
    return point.key_id in keys and is_signed_by(keys[point.key_id], point)
