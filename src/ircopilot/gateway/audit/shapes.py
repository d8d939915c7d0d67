"""The audit log as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, Field

from ircopilot.domain.audit import AuditEntry, Checkpoint
from ircopilot.gateway.audit.sight import HIDDEN
from ircopilot.gateway.shapes import shown

_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ACTOR = {"kind": "user", "id": "0d9c1f5e-3b67-5a44-9a51-0c1d2e3f4a5b", "label": "mira.solberg@hollowbrook.example"}
_ENTRY = {
    "seq": 42, "at": "2026-03-10T10:00:00.000000Z", "actor": _ACTOR, "address": "192.0.2.17",
    "request_id": "9f86d081884c7d65", "act": "incident.close", "target": "incident/INC-7",
    "before": {"status": "recovery"}, "after": {"status": "closed"}, "prev_hash": _HASH, "hash": _HASH,
}  # fmt: skip
_CHECKPOINT = {
    "number": 3, "seq": 42, "hash": _HASH, "at": "2026-03-10T10:01:00Z", "key_id": "1f2e3d4c5b6a7988",
    "prev_signature": "5d2f…", "signature": "a81c…",
}  # fmt: skip


class Actor(BaseModel):
    """Who did it: a `user` or a `key`, as it was called then."""

    model_config = shown(_ACTOR)

    kind: str
    id: str
    label: str


class AuditEntryOut(BaseModel):
    """One entry. docs/audit.md says how `hash` is made."""

    model_config = shown(_ENTRY)

    seq: int = Field(description="Counts from 1, without gaps.")
    at: datetime
    actor: Actor
    address: str
    request_id: str
    act: str = Field(description="`noun.verb`.")
    target: str
    before: Any = Field(description="What was, if something was changed.")
    after: Any = Field(description="What is since.")
    prev_hash: str
    hash: str
    restricted: bool = Field(default=False, description="It tells of an incident that the reader may not know of.")

    @classmethod
    def of(cls, entry: AuditEntry) -> AuditEntryOut:
        """Of a stored entry, as `sight` shows it."""
        did = entry.did
        return cls(
            seq=entry.seq, at=entry.at, actor=Actor(kind=did.actor_kind, id=did.actor_id, label=did.actor_label),
            address=did.address, request_id=did.request_id, act=did.act, target=did.target, before=_value(did.before),
            after=_value(did.after), prev_hash=entry.prev_hash, hash=entry.hash, restricted=did.target == HIDDEN,
        )  # fmt: skip


class AuditPage(BaseModel):
    """Entries, newest first."""

    model_config = shown({"items": [_ENTRY], "next": "WzQyXQ"})

    items: list[AuditEntryOut]
    next: str | None = None


class CheckpointOut(BaseModel):
    """Says, signed by a key that the database does not hold, that entry `seq` had that hash."""

    model_config = shown(_CHECKPOINT)

    number: int
    seq: int
    hash: str
    at: datetime
    key_id: str
    prev_signature: str
    signature: str

    @classmethod
    def of(cls, point: Checkpoint) -> CheckpointOut:
        """Of a stored checkpoint."""
        return cls(**{name: getattr(point, name) for name in cls.model_fields})


class Checkpoints(BaseModel):
    """Checkpoints, oldest first."""

    model_config = shown({"items": [_CHECKPOINT]})

    items: list[CheckpointOut]


def _value(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
