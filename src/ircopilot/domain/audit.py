"""Entries of the audit log, how they are chained, and the checkpoints that sign the chain.

An entry's hash is the SHA-256, in lower-case hex, of one line of JSON in UTF-8: an array without spaces of
`"ircopilot/audit/1"`, organisation, number, time (UTC, `2026-03-10T10:00:00.000000Z`), the actor's kind, id and label,
address, request id, act, target, before, after, and the hash of the entry before it (`""` for the first). `before` and
`after` are JSON texts, so strings here, or null. Strings are escaped as RFC 8259 demands and no further.

A checkpoint's signature is Ed25519 (RFC 8032), in hex, over the line of JSON `["ircopilot/audit-checkpoint/1",
organisation, number, seq, hash, time, key id, signature of the checkpoint before]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

_ENTRY, _CHECKPOINT = "ircopilot/audit/1", "ircopilot/audit-checkpoint/1"
# Members of `before` and `after` that are secrets by their names are never written, whoever passes them.
_SECRET = frozenset({"password", "secret", "token", "key_text", "recovery_codes", "totp_secret", "client_secret"})
HIDDEN = "(not written down)"


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did, before it has its place in the log. `before` and `after` are canonical JSON texts."""

    actor_kind: str
    actor_id: str
    actor_label: str
    address: str
    request_id: str
    act: str
    target: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act in its place: `seq` counts from 1 without gaps in each organisation."""

    org_id: str
    seq: int
    at: datetime
    did: Act
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Says, signed, that entry `seq` had that hash; `number` counts from 1 in each organisation."""

    org_id: str
    number: int
    seq: int
    hash: str
    at: datetime
    key_id: str
    prev_signature: str
    signature: str = ""


def chain_entry(org_id: str, seq: int, at: datetime, did: Act, prev_hash: str) -> AuditEntry:
    """The entry with its hash."""
    return AuditEntry(org_id, seq, at, did, prev_hash, entry_hash(org_id, seq, at, did, prev_hash))


def entry_hash(org_id: str, seq: int, at: datetime, did: Act, prev_hash: str) -> str:
    """SHA-256 as the module says."""
    line = [
        _ENTRY, org_id, seq, time_text(at), did.actor_kind, did.actor_id, did.actor_label, did.address, did.request_id,
        did.act, did.target, did.before, did.after, prev_hash,
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(line)).hexdigest()


def checkpoint_bytes(point: Checkpoint) -> bytes:
    """What a checkpoint's signature is over."""
    return orjson.dumps([
        _CHECKPOINT, point.org_id, point.number, point.seq, point.hash, time_text(point.at), point.key_id,
        point.prev_signature,
    ])  # fmt: skip


def canonical_json(value: Mapping[str, Any] | None) -> str | None:
    """One JSON text for equal values: members sorted, no spaces, times in UTC; secrets by name are left out."""
    if value is None:
        return None
    options = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(_plain(value), default=str, option=options).decode()


def time_text(at: datetime) -> str:
    """UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if str(name).lower() in _SECRET and member is not None else _plain(member)
            for name, member in value.items()
        }
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(member) for member in value)
    if isinstance(value, (list, tuple)):
        return [_plain(member) for member in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
