"""Signing the audit log: one checkpoint per organisation, after so many entries or so much time; a copy goes to a file."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from ircopilot.access.audit_keys import AuditSigner
from ircopilot.domain.audit import Checkpoint, time_text
from ircopilot.stores.postgres import Database, Tx
from ircopilot.stores.postgres import audit as rows

# Whichever comes first.
EVERY = 100
AGE = timedelta(minutes=1)


def sign_due_logs(
    database: Database, signer: AuditSigner, copies: Path | None, every: int = EVERY, age: timedelta = AGE
) -> list[Checkpoint]:  # fmt: skip
    """Sign what is due in all organisations. `copies` is a file outside of the database that each checkpoint is added to."""
    made = []
    for org_id in rows.unsigned_logs(database, every, age):
        with database.tenant(org_id) as tx:
            point = sign_log(tx, signer, datetime.now(UTC))
        if point is not None:
            made.append(point)
            # After the commit: a copy of what was never committed would look like a checkpoint taken out.
            if copies is not None:
                keep_copy(copies, point)
    return made


def sign_log(tx: Tx, signer: AuditSigner, now: datetime) -> Checkpoint | None:
    """A checkpoint over the organisation's newest entry; None when it is signed already."""
    head = rows.audit_head(tx, lock=True)
    if head is None or head.seq <= head.signed_seq:
        return None
    before = rows.last_checkpoint(tx)
    number, previous = (1, "") if before is None else (before.number + 1, before.signature)
    point = signer.sign(Checkpoint(tx.org_id, number, head.seq, head.hash, now, "", previous))
    rows.add_checkpoint(tx, point)
    return point


def keep_copy(path: Path, point: Checkpoint) -> None:
    """Add the checkpoint to a file of JSON lines, on the disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(orjson.dumps(checkpoint_document(point), option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())


def read_copies(path: Path, org_id: str) -> list[Checkpoint]:
    """The organisation's checkpoints in such a file; a line that cannot be read is passed over, for a crash may leave one."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            told = orjson.loads(line)
            if told["org_id"] == org_id:
                found.append(Checkpoint(**{**told, "at": datetime.fromisoformat(told["at"])}))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def checkpoint_document(point: Checkpoint) -> dict[str, Any]:
    """As JSON."""
    return {name: getattr(point, name) for name in Checkpoint.__dataclass_fields__} | {"at": time_text(point.at)}
