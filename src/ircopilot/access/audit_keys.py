"""The key that signs checkpoints of the audit log, which no database holds: in a file (Ed25519, mode 0600) or in a KMS."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from ircopilot.access.errors import UnusableAuditKey
from ircopilot.domain.audit import Checkpoint, checkpoint_bytes
from ircopilot.settings import AuditSettings
from ircopilot.stores.vault.drivers import open_kms

KMS_KEY = "ircopilot-audit"


PublicKey = Ed25519PublicKey | EllipticCurvePublicKey


class AuditSigner:
    """Signs checkpoints: `sign` is the private key, wherever it lies, `public` its other half."""

    def __init__(self, public: PublicKey, sign: Callable[[bytes], bytes]) -> None:
        self._sign, self.public = sign, public
        self.key_id = key_id_of(self.public)

    def sign(self, point: Checkpoint) -> Checkpoint:
        """The checkpoint with this key's id and signature."""
        named = replace(point, key_id=self.key_id)
        return replace(named, signature=self._sign(checkpoint_bytes(named)).hex())

    def public_pem(self) -> str:
        """What somebody who verifies needs."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id_of(key: PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the public key: raw for Ed25519, SubjectPublicKeyInfo for ECDSA."""
    if isinstance(key, Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(raw).hexdigest()[:16]


def signer_of(settings: AuditSettings, *, make: bool = True) -> AuditSigner:
    """The signer that the settings name: a key in AWS KMS, else one in a file. Raises `UnusableAuditKey`, and what the key
    service raises.
    """
    return kms_signer(settings.key_url) if settings.key_url else audit_signer(settings.key_file, make=make)


def kms_signer(url: str) -> AuditSigner:
    """The key pair `ircopilot-audit` of the service at `aws-kms://region?endpoint=…`. Raises as `signer_of` does."""
    kms = open_kms(url)
    signing_key = getattr(kms, "signing_key", None)
    if signing_key is None:
        raise UnusableAuditKey("that key service signs no audit log", "use aws-kms://, or a key file")
    key = signing_key(KMS_KEY)
    public = load_der_public_key(key.public_der())
    if not isinstance(public, EllipticCurvePublicKey):
        raise UnusableAuditKey(f"{KMS_KEY} in {kms.name} is a key of another kind", "it must be ECC_NIST_P256")
    return AuditSigner(public, key.sign)


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
    return AuditSigner(key.public_key(), key.sign)


def public_key(path: Path) -> PublicKey:
    """A public key in PEM. Raises `UnusableAuditKey`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UnusableAuditKey(f"{path} cannot be used: {error}", "see `ircopilot audit public-key`") from None
    if not isinstance(key, Ed25519PublicKey | EllipticCurvePublicKey):
        raise UnusableAuditKey(f"{path} holds a key of another kind", "see `ircopilot audit public-key`")
    return key


def is_signed_by(key: PublicKey, point: Checkpoint) -> bool:
    """Whether the checkpoint is as the key's holder signed it."""
    try:
        signature, signed = bytes.fromhex(point.signature), checkpoint_bytes(point)
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, ECDSA(SHA256()))
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
