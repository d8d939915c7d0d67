"""Google Cloud KMS: one symmetric key per organisation in a given key ring.

Source: REST API v1, https://cloud.google.com/kms/docs/reference/rest; tokens from the metadata server,
https://cloud.google.com/compute/docs/access/authenticate-workloads. Each answer's CRC32C could be checked as well: the
keyset's own authentication finds what they would, and a wrapping is unwrapped once before it counts.
"""

from __future__ import annotations

import base64
import os
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tink import aead

from ircopilot.stores.vault.kms_http import Answer, JsonService, RefusedByService
from ircopilot.stores.vault.protocol import DestroyedKey, UnusableVault

_RING = re.compile(r"projects/[a-z0-9:.-]{1,63}/locations/[a-zA-Z0-9_-]{1,63}/keyRings/[a-zA-Z0-9_-]{1,63}")
_PURPOSE = "ENCRYPT_DECRYPT"
_TOKEN_PATH = "computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105


class GcpKms:
    """A `Kms` over Google's REST API. `ring` is `projects/…/locations/…/keyRings/…`."""

    def __init__(self, ring: str, endpoint: str | None = None, environ: Mapping[str, str] = os.environ) -> None:
        if _RING.fullmatch(ring) is None:
            raise UnusableVault(f"{ring!r} is no key ring", "use gcp-kms://projects/P/locations/L/keyRings/R")
        self._ring = ring
        self.name = f"gcp-kms://{ring}"
        self._service = JsonService(endpoint or "https://cloudkms.googleapis.com", _Token(environ).headers)

    def make_key(self, key: str) -> None:
        """See `Kms.make_key`."""
        try:
            self._service.call("POST", f"v1/{self._ring}/cryptoKeys?cryptoKeyId={key}", {"purpose": _PURPOSE})
        except RefusedByService as error:
            if error.code != 409:
                raise

    def aead_of(self, key: str) -> aead.Aead:
        """See `Kms.aead_of`."""
        return _GcpAead(self._service, self._path(key))

    def rotate_key(self, key: str) -> None:
        """See `Kms.rotate_key`: a new version, made the primary."""
        made = self._service.call("POST", f"{self._path(key)}/cryptoKeyVersions", {})
        number = str(made["name"]).rsplit("/", 1)[-1]
        self._service.call("POST", f"{self._path(key)}:updatePrimaryVersion", {"cryptoKeyVersionId": number})

    def destroy_key(self, key: str) -> None:
        """See `Kms.destroy_key`. Unusable at once; Google destroys after the key's delay (30 days unless set)."""
        for name in self._versions(key):
            self._service.call("POST", f"v1/{name}:destroy", {})

    def _versions(self, key: str) -> list[str]:
        """Names of the versions that are not destroyed yet, nor about to be."""
        found, page = [], ""
        while True:
            try:
                answer = self._service.call("GET", f"{self._path(key)}/cryptoKeyVersions?pageToken={page}")
            except RefusedByService as error:
                if error.code == 404:
                    return []
                raise
            states = ("DESTROYED", "DESTROY_SCHEDULED")
            found += [str(v["name"]) for v in answer.get("cryptoKeyVersions", ()) if v.get("state") not in states]
            page = str(answer.get("nextPageToken", ""))
            if not page:
                return found

    def _path(self, key: str) -> str:
        return f"v1/{self._ring}/cryptoKeys/{key}"


class _GcpAead(aead.Aead):  # type: ignore[misc]
    def __init__(self, service: JsonService, path: str) -> None:
        self._service, self._path = service, path

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        return self._ask("encrypt", "plaintext", plaintext, associated_data, "ciphertext")

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        return self._ask("decrypt", "ciphertext", ciphertext, associated_data, "plaintext")

    def _ask(self, verb: str, given: str, data: bytes, associated_data: bytes, wanted: str) -> bytes:
        body: Answer = {given: base64.b64encode(data).decode()}
        if associated_data:
            body["additionalAuthenticatedData"] = base64.b64encode(associated_data).decode()
        try:
            return base64.b64decode(self._service.call("POST", f"{self._path}:{verb}", body)[wanted])
        except RefusedByService as error:
            if "FAILED_PRECONDITION" in error.reason:  # a version that is disabled, destroyed or about to be
                raise DestroyedKey(str(error), "restore its version while Google allows") from error
            raise


class _Token:
    """An access token: from the file that IRCOPILOT_GCP_TOKEN_FILE names, read anew each time, else from the metadata
    server of Google's machines, kept until a minute before it runs out.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._file = environ.get("IRCOPILOT_GCP_TOKEN_FILE")
        self._host = environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
        self._lock = threading.Lock()
        self._text, self._until = "", 0.0

    def headers(self) -> dict[str, str]:
        """The `Authorization` header. Raises `UnusableVault` and `UnreachableVault`."""
        if self._file:
            try:
                return {"Authorization": f"Bearer {Path(self._file).read_text().strip()}"}
            except OSError as error:
                raise UnusableVault(f"no token in {self._file}: {error.strerror}") from error
        with self._lock:
            if time.monotonic() >= self._until:
                # Plain HTTP by Google's design: the address is the machine's own, and never leaves it.
                service = JsonService(f"http://{self._host}", lambda: {"Metadata-Flavor": "Google"}, plain=True)
                answer = service.call("GET", _TOKEN_PATH)
                self._text = str(answer["access_token"])
                self._until = time.monotonic() + float(answer["expires_in"]) - 60
            return {"Authorization": f"Bearer {self._text}"}
