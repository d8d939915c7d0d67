"""HashiCorp Vault's (or OpenBao's) transit engine: one key per organisation.

Source: https://developer.hashicorp.com/vault/api-docs/secret/transit. The token comes from VAULT_TOKEN, else from the
file that VAULT_TOKEN_FILE names (an agent's sink), else `~/.vault-token`; VAULT_NAMESPACE and VAULT_CACERT count too.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path

from tink import aead

from ircopilot.stores.vault.kms_http import Answer, JsonService, RefusedByService
from ircopilot.stores.vault.protocol import DestroyedKey, UnusableVault

_MOUNT = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


class HcVaultKms:
    """A `Kms` over the transit engine mounted at `mount` of the Vault at `base`."""

    def __init__(self, base: str, mount: str, environ: Mapping[str, str] = os.environ) -> None:
        if _MOUNT.fullmatch(mount) is None or ".." in mount:
            raise UnusableVault(f"{mount!r} is no mount of a secrets engine", "use hcvault://host:8200/transit")
        self._environ, self._mount = environ, mount
        self.name = f"hcvault://{base.split('://', 1)[1]}/{mount}"
        self._service = JsonService(base, self._headers, ca_file=environ.get("VAULT_CACERT") or None)

    def make_key(self, key: str) -> None:
        """See `Kms.make_key`. Vault leaves a key as it is when it is there."""
        self._service.call("POST", f"v1/{self._mount}/keys/{key}", {"type": "aes256-gcm96", "exportable": False})

    def aead_of(self, key: str) -> aead.Aead:
        """See `Kms.aead_of`."""
        return _TransitAead(self._service, self._mount, key)

    def rotate_key(self, key: str) -> None:
        """See `Kms.rotate_key`."""
        self._service.call("POST", f"v1/{self._mount}/keys/{key}/rotate", {})

    def destroy_key(self, key: str) -> None:
        """See `Kms.destroy_key`. Gone at once, except from Vault's own backups."""
        try:
            self._service.call("POST", f"v1/{self._mount}/keys/{key}/config", {"deletion_allowed": True})
        except RefusedByService as error:
            if error.code == 404 or _no_key(error):
                return
            raise
        self._service.call("DELETE", f"v1/{self._mount}/keys/{key}")

    def _headers(self) -> dict[str, str]:
        namespace = self._environ.get("VAULT_NAMESPACE")
        return {"X-Vault-Token": self._token(), "X-Vault-Request": "true"} | (
            {"X-Vault-Namespace": namespace} if namespace else {}
        )

    def _token(self) -> str:
        if token := self._environ.get("VAULT_TOKEN"):
            return token
        path = Path(self._environ.get("VAULT_TOKEN_FILE") or Path("~/.vault-token").expanduser())
        try:
            return path.read_text().strip()
        except OSError as error:
            raise UnusableVault(f"no token for {self.name}: {error.strerror}", "set VAULT_TOKEN_FILE") from error


class _TransitAead(aead.Aead):  # type: ignore[misc]
    def __init__(self, service: JsonService, mount: str, key: str) -> None:
        self._service, self._mount, self._key = service, mount, key

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        body = {"plaintext": base64.b64encode(plaintext).decode()}
        return str(self._ask("encrypt", body, associated_data)["ciphertext"]).encode()

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        body = {"ciphertext": ciphertext.decode("ascii", "replace")}
        return base64.b64decode(self._ask("decrypt", body, associated_data)["plaintext"])

    def _ask(self, verb: str, body: Answer, associated_data: bytes) -> Answer:
        if associated_data:
            body["associated_data"] = base64.b64encode(associated_data).decode()
        if verb == "encrypt":
            # Vault makes a key that is not there when it may: a destroyed one must stay destroyed.
            self._refuse_missing()
        try:
            answer: Answer = self._service.call("POST", f"v1/{self._mount}/{verb}/{self._key}", body)["data"]
        except RefusedByService as error:
            if _no_key(error):
                raise DestroyedKey(f"Vault has no key {self._key}", "restore it from a backup of Vault") from error
            raise
        return answer

    def _refuse_missing(self) -> None:
        try:
            self._service.call("GET", f"v1/{self._mount}/keys/{self._key}")
        except RefusedByService as error:
            if error.code == 404:
                raise DestroyedKey(f"Vault has no key {self._key}", "restore it from a backup of Vault") from error
            raise


def _no_key(error: RefusedByService) -> bool:
    return error.code in (400, 404) and ("not found" in error.reason or "no existing key" in error.reason)
