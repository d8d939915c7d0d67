"""AWS KMS: one symmetric key per organisation, found by its alias.

Source: https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html. Tink's own AWS client is not used: it refuses
the ARNs of the China and GovCloud partitions, and makes one kind of error of all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from tink import aead

from ircopilot.stores.vault.protocol import DestroyedKey
from ircopilot.stores.vault.s3_client import asking, code_of, connect

_PENDING_DAYS = 7  # the shortest that AWS allows


class AwsKms:
    """A `Kms` over boto3, with its usual chain of credentials."""

    def __init__(self, region: str, endpoint: str | None = None) -> None:
        self._client = connect("kms", region, endpoint)
        self.name = f"aws-kms://{region}"

    def make_key(self, key: str) -> None:
        """See `Kms.make_key`. Who loses a race schedules the deletion of the key that nobody will use."""
        with asking(f"making key {key} in AWS KMS"):
            if self._find(key) is not None:
                return
            made = self._client.create_key(Description=f"ircopilot: {key}")["KeyMetadata"]["KeyId"]
            try:
                self._client.create_alias(AliasName=_alias(key), TargetKeyId=made)
            except ClientError as error:
                self._client.schedule_key_deletion(KeyId=made, PendingWindowInDays=_PENDING_DAYS)
                if code_of(error) != "AlreadyExistsException":
                    raise

    def aead_of(self, key: str) -> aead.Aead:
        """See `Kms.aead_of`."""
        return _AwsAead(self._client, key)

    def rotate_key(self, key: str) -> None:
        """See `Kms.rotate_key`. AWS allows 25 rotations on demand in a key's life, and finishes them in its own time."""
        with asking(f"rotating key {key} in AWS KMS"):
            found = self._find(key)
            self._client.rotate_key_on_demand(KeyId=found["KeyId"] if found else _alias(key))

    def destroy_key(self, key: str) -> None:
        """See `Kms.destroy_key`. Unusable at once; AWS deletes it after seven days, until when it can be called back."""
        with asking(f"destroying key {key} in AWS KMS"):
            found = self._find(key)
            if found is not None and found["KeyState"] != "PendingDeletion":
                self._client.schedule_key_deletion(KeyId=found["KeyId"], PendingWindowInDays=_PENDING_DAYS)

    def signing_key(self, key: str) -> AwsSigningKey:
        """The key pair of that name, ECDSA on P-256, made if there is none; it never leaves the service."""
        with asking(f"finding key {key} in AWS KMS"):
            if self._find(key) is None:
                made = self._client.create_key(
                    Description=f"ircopilot: {key}", KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256"
                )["KeyMetadata"]["KeyId"]
                try:
                    self._client.create_alias(AliasName=_alias(key), TargetKeyId=made)
                except ClientError as error:
                    self._client.schedule_key_deletion(KeyId=made, PendingWindowInDays=_PENDING_DAYS)
                    if code_of(error) != "AlreadyExistsException":
                        raise
        return AwsSigningKey(self._client, key)

    def _find(self, key: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_key(KeyId=_alias(key))["KeyMetadata"]
        except ClientError as error:
            if code_of(error) != "NotFoundException":
                raise
            return None
        return found


class AwsSigningKey:
    """Signs with ECDSA over SHA-256; the service has the private key."""

    def __init__(self, client: Any, key: str) -> None:
        self._client, self._key = client, key

    def public_der(self) -> bytes:
        """The public key, as SubjectPublicKeyInfo. Raises `UnusableVault`, `UnreachableVault`."""
        with asking(f"reading the public key of {self._key} in AWS KMS"):
            return bytes(self._client.get_public_key(KeyId=_alias(self._key))["PublicKey"])

    def sign(self, data: bytes) -> bytes:
        """The signature (DER) of at most 4096 bytes. Raises as `public_der` does."""
        with asking(f"signing with {self._key} in AWS KMS"):
            answer = self._client.sign(
                KeyId=_alias(self._key), Message=data, MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
            )
        return bytes(answer["Signature"])


class _AwsAead(aead.Aead):  # type: ignore[misc]
    def __init__(self, client: Any, key: str) -> None:
        self._client, self._key = client, key

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        with asking(f"encrypting with {self._key} in AWS KMS"), self._usable():
            answer = self._client.encrypt(KeyId=_alias(self._key), Plaintext=plaintext, **_context(associated_data))
        return bytes(answer["CiphertextBlob"])

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        with asking(f"decrypting with {self._key} in AWS KMS"), self._usable():
            answer = self._client.decrypt(
                KeyId=_alias(self._key), CiphertextBlob=ciphertext, **_context(associated_data)
            )
        return bytes(answer["Plaintext"])

    @contextlib.contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            if code_of(error) != "KMSInvalidStateException":
                raise
            raise DestroyedKey(f"{self._key} in AWS KMS: {error}", "cancel its deletion while AWS allows") from error


def _alias(key: str) -> str:
    return f"alias/{key}"


def _context(associated_data: bytes) -> dict[str, Any]:
    return {"EncryptionContext": {"associatedData": associated_data.hex()}} if associated_data else {}
