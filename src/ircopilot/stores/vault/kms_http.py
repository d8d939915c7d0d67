"""JSON over HTTPS to a key service, by urllib3: certificates checked, times limited, nothing secret in an error."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import urllib3

from ircopilot.stores.vault.protocol import UnreachableVault, UnusableVault

Answer = dict[str, Any]


class RefusedByService(UnusableVault):
    """The service said no: `code` is the HTTP status, `reason` what it said."""

    type = "refused-by-key-service"

    def __init__(self, what: str, code: int, reason: str) -> None:
        super().__init__(f"{what}: HTTP {code}: {reason}", "see docs/vault.md for the rights that are needed")
        self.code, self.reason = code, reason


class JsonService:
    """A service at `base`; `headers` is asked for each call, as tokens run out. `plain` allows HTTP to elsewhere."""

    def __init__(
        self, base: str, headers: Callable[[], dict[str, str]], ca_file: str | None = None, plain: bool = False
    ) -> None:
        parts = urlsplit(base)
        safe = parts.scheme == "https" or (parts.scheme == "http" and (plain or _is_loopback(parts.hostname or "")))
        if not safe:
            raise UnusableVault(f"keys do not travel to {base} unencrypted", "use https")
        self._base, self._headers = base.rstrip("/"), headers
        # Encrypting twice does no harm, so whatever is idempotent or was never sent may be tried again.
        retries = urllib3.Retry(3, read=0, redirect=0, status=0, backoff_factor=0.2)
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=30), retries=retries, ca_certs=ca_file, maxsize=4
        )

    def call(self, method: str, path: str, body: Answer | None = None) -> Answer:
        """Ask, and return the JSON object of the answer. Raises `RefusedByService` (4xx) and `UnreachableVault`."""
        what = f"{method} {self._base}/{path}"
        headers = {"Content-Type": "application/json", **self._headers()}
        data = json.dumps(body).encode() if body is not None else None
        try:
            answer = self._pool.request(method, f"{self._base}/{path}", body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableVault(f"{what}: {type(error).__name__}") from error
        if answer.status >= 500 or answer.status == 429:
            raise UnreachableVault(f"{what}: HTTP {answer.status}")
        try:
            found = json.loads(answer.data) if answer.data else {}
        except ValueError as error:
            raise UnreachableVault(f"{what}: HTTP {answer.status}, and no JSON") from error
        if not 200 <= answer.status < 300:
            raise RefusedByService(what, answer.status, _reason(found))
        return found if isinstance(found, dict) else {}


def _reason(found: Any) -> str:
    # Google: {"error": {"status", "message"}}; Vault: {"errors": [text]}.
    error = found.get("error") if isinstance(found, dict) else None
    if isinstance(error, dict):
        return f"{error.get('status', '')} {error.get('message', '')}"[:300]
    return "; ".join(map(str, found.get("errors", ())))[:300] if isinstance(found, dict) else ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
