"""Identifiers: deterministic, so that the same evidence gives the same report."""

from __future__ import annotations

import hashlib
import secrets
import uuid

NAMESPACE = uuid.UUID("6f0c6a5e-6a86-5a3c-9b0e-5f2f6f1f6f01")
LOCAL_ORG = str(uuid.uuid5(NAMESPACE, "org:local"))


def event_id(artifact_sha256: str, locator: str) -> str:
    """First 16 bytes, as 32 lower-case hex digits, of SHA-256(artifact_sha256 ‖ 0x00 ‖ locator).

    `EVENT_ID_SQL` is the same formula in ClickHouse; `tests/domain/vectors.json` pins both.
    """
    return hashlib.sha256(artifact_sha256.encode() + b"\0" + locator.encode()).digest()[:16].hex()


EVENT_ID_SQL = "lower(hex(substring(SHA256(concat({sha}, '\\0', {locator})), 1, 16)))"


def stable_uuid(*parts: str) -> str:
    """A UUIDv5 over parts, each length-prefixed so that no two lists collide. Source: RFC 9562 §5.5."""
    return str(uuid.uuid5(NAMESPACE, "".join(f"{len(p)}:{p}" for p in parts)))


def attempt_id(*parts: str) -> str:
    """A UUIDv8 whose first half is random and whose second half follows from the parts. Source: RFC 9562 §5.8.

    No two attempts share one. ClickHouse sorts UUIDs by their second half, so rows still lie in the same order each time.
    """
    stable = uuid.UUID(stable_uuid(*parts)).int & ((1 << 64) - 1)
    fresh = secrets.randbits(64) & ~(0xF << 12) | (8 << 12)
    return str(uuid.UUID(int=fresh << 64 | stable))


def digest(*parts: str) -> str:
    """SHA-256, hex, over length-prefixed parts."""
    h = hashlib.sha256()
    for p in parts:
        raw = p.encode()
        h.update(len(raw).to_bytes(8, "big") + raw)
    return h.hexdigest()


def incident_key(title: str, evidence_sha256: list[str]) -> str:
    """The name of an incident that was given none: a digest of its title and evidence, order ignored."""
    return "INC-" + digest(title, *sorted(set(evidence_sha256)))[:10]
