"""The Ed25519 key that signs checkpoints of the audit log: a file that no database holds, mode 0600."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ircopilot.access.errors import UnusableAuditKey
from ircopilot.domain.audit import Checkpoint, checkpoint_bytes


class AuditSigner:
    """Signs checkpoints."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()
        self.key_id = key_id_of(self.public)

    def sign(self, point: Checkpoint) -> Checkpoint:
        """The checkpoint with this key's id and signature."""
        named = replace(point, key_id=self.key_id)
        return replace(named, signature=self._key.sign(checkpoint_bytes(named)).hex())

    def public_pem(self) -> str:
        """What somebody who verifies needs."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id_of(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def audit_signer(path: Path, *, make: bool = True) -> AuditSigner:
    """The key in the file, PEM; made with mode 0600 when there is none. Raises `UnusableAuditKey`.

    Processes that start together end up with the same one.
    """
    try:
        if make and not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise UnusableAuditKey(f"{path} can be read by others", "chmod 600 it, and consider the key known to them")
        key = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise UnusableAuditKey(f"there is no {path}", "set IRCOPILOT_AUDIT_KEY_FILE, or give --public-key") from None
    except (OSError, ValueError, TypeError) as error:
        raise UnusableAuditKey(f"{path} cannot be used: {error}", "give an Ed25519 key as PEM, not encrypted") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableAuditKey(f"{path} holds a key of another kind", "openssl genpkey -algorithm ed25519")
    return AuditSigner(key)


def public_key(path: Path) -> Ed25519PublicKey:
    """A public key in PEM. Raises `UnusableAuditKey`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnusableAuditKey(f"{path} cannot be used: {error}", "see `ircopilot audit public-key`") from None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableAuditKey(f"{path} holds a key of another kind", "see `ircopilot audit public-key`")
    return key


def is_signed_by(key: Ed25519PublicKey, point: Checkpoint) -> bool:
    """Whether the checkpoint is as the key's holder signed it."""
    try:
        key.verify(bytes.fromhex(point.signature), checkpoint_bytes(point))
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody was faster, and theirs is the key
            path.hardlink_to(made)
    finally:
        made.unlink(missing_ok=True)
