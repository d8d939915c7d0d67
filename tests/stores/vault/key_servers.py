"""Servers that speak the parts of Google Cloud KMS and of Vault's transit engine that we use, with real AES-256-GCM.

They are strict: a wrong token, field or path is refused as the real services refuse it.
Sources: https://cloud.google.com/kms/docs/reference/rest, https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Answer = tuple[int, dict[str, Any]]


class KeyServer:
    """Keys of numbered versions, and a log of what was asked. Subclasses speak a protocol."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, AESGCM]] = {}
        self.primary: dict[str, int] = {}
        self.log: list[str] = []
        self.failing = 0
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Answer:
        raise NotImplementedError

    def make(self, key: str) -> None:
        self.keys[key] = {1: AESGCM(AESGCM.generate_key(256))}
        self.primary[key] = 1

    def add_version(self, key: str) -> int:
        number = max(self.keys[key], default=0) + 1
        self.keys[key][number] = AESGCM(AESGCM.generate_key(256))
        return number

    def seal(self, key: str, plaintext: bytes, context: bytes) -> tuple[int, bytes]:
        number, nonce = self.primary[key], os.urandom(12)
        return number, nonce + self.keys[key][number].encrypt(nonce, plaintext, context)


class GcpServer(KeyServer):
    """Cloud KMS, and the metadata server's tokens."""

    TOKEN = "ya29.invented"
    RING = "projects/p1/locations/europe-west3/keyRings/evidence"

    def __init__(self) -> None:
        super().__init__()
        self.scheduled: set[tuple[str, int]] = set()

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Answer:
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if parts.path.startswith("/computeMetadata/"):
            if headers["Metadata-Flavor"] != "Google":
                return 403, {}
            return 200, {"access_token": self.TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        if headers["Authorization"] != f"Bearer {self.TOKEN}":
            return self._error(401, "UNAUTHENTICATED")
        under = re.escape(f"/v1/{self.RING}/cryptoKeys")
        if method == "POST" and re.fullmatch(under, parts.path):
            (key,) = query["cryptoKeyId"]
            if not re.fullmatch("[a-zA-Z0-9_-]{1,63}", key) or body != {"purpose": "ENCRYPT_DECRYPT"}:
                return self._error(400, "INVALID_ARGUMENT")
            if key in self.keys:
                return self._error(409, "ALREADY_EXISTS")
            self.make(key)
            return 200, {"name": f"{self.RING}/cryptoKeys/{key}"}
        match = re.fullmatch(under + r"/([\w-]+)(?:/cryptoKeyVersions(?:/(\d+))?)?(?::(\w+))?", parts.path)
        if match is None or match[1] not in self.keys:
            return self._error(404, "NOT_FOUND")
        return self._about_key(method, parts.path, match, body)

    def _about_key(self, method: str, path: str, match: re.Match[str], body: dict[str, Any]) -> Answer:
        key, number, verb = match[1], match[2], match[3]
        if verb in ("encrypt", "decrypt"):
            return self._crypt(key, verb, body)
        if verb == "updatePrimaryVersion":
            self.primary[key] = int(body["cryptoKeyVersionId"])
            return 200, {}
        if verb == "destroy" and number:
            if (key, int(number)) in self.scheduled:
                return self._error(400, "FAILED_PRECONDITION")
            self.scheduled.add((key, int(number)))
            return 200, {}
        if path.endswith("/cryptoKeyVersions"):
            name = f"{self.RING}/cryptoKeys/{key}/cryptoKeyVersions/"
            if method == "POST":
                return 200, {"name": f"{name}{self.add_version(key)}", "state": "ENABLED"}
            states = {n: "DESTROY_SCHEDULED" if (key, n) in self.scheduled else "ENABLED" for n in self.keys[key]}
            return 200, {"cryptoKeyVersions": [{"name": f"{name}{n}", "state": s} for n, s in states.items()]}
        return self._error(404, "NOT_FOUND")

    def _crypt(self, key: str, verb: str, body: dict[str, Any]) -> Answer:
        context = base64.b64decode(body.get("additionalAuthenticatedData", ""))
        if verb == "encrypt":
            if (key, self.primary[key]) in self.scheduled:
                return self._error(400, "FAILED_PRECONDITION")
            number, sealed = self.seal(key, base64.b64decode(body["plaintext"]), context)
            return 200, {"ciphertext": base64.b64encode(number.to_bytes(4, "big") + sealed).decode()}
        data = base64.b64decode(body["ciphertext"])
        number = int.from_bytes(data[:4], "big")
        if (key, number) in self.scheduled:
            return self._error(400, "FAILED_PRECONDITION")
        try:
            plain = self.keys[key][number].decrypt(data[4:16], data[16:], context)
        except (InvalidTag, KeyError):
            return self._error(400, "INVALID_ARGUMENT")
        return 200, {"plaintext": base64.b64encode(plain).decode()}

    @staticmethod
    def _error(code: int, status: str) -> Answer:
        return code, {"error": {"code": code, "status": status, "message": f"invented: {status}"}}


class TransitServer(KeyServer):
    """Vault's transit engine, mounted at `transit`."""

    TOKEN = "hvs.invented"

    def __init__(self) -> None:
        super().__init__()
        self.deletable: set[str] = set()

    def answer(self, method: str, path: str, headers: Any, body: dict[str, Any]) -> Answer:
        if headers["X-Vault-Token"] != self.TOKEN:
            return 403, {"errors": ["permission denied"]}
        match = re.fullmatch(r"/v1/transit/(keys|encrypt|decrypt)/([\w.-]+)(?:/(config|rotate))?", path)
        if match is None:
            return 404, {"errors": []}
        room, key, verb = match.groups()
        if room == "keys":
            return self._about_key(method, key, verb, body)
        context = base64.b64decode(body.get("associated_data", ""))
        if room == "encrypt":
            if key not in self.keys:
                self.make(key)  # as Vault does for a token with the "create" capability
            number, sealed = self.seal(key, base64.b64decode(body["plaintext"]), context)
            return 200, {"data": {"ciphertext": f"vault:v{number}:{base64.b64encode(sealed).decode()}"}}
        if key not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        _, version, text = body["ciphertext"].split(":")
        data = base64.b64decode(text)
        try:
            plain = self.keys[key][int(version[1:])].decrypt(data[:12], data[12:], context)
        except (InvalidTag, KeyError):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}

    def _about_key(self, method: str, key: str, verb: str | None, body: dict[str, Any]) -> Answer:
        if method == "POST" and verb is None:
            if key not in self.keys:
                self.make(key)
            return 204, {}
        if key not in self.keys:
            if method == "GET":
                return 404, {"errors": []}
            return 400, {"errors": [f"no existing key named {key} could be found"]}
        if method == "GET":
            return 200, {"data": {"name": key, "latest_version": self.primary[key]}}
        if verb == "rotate":
            self.primary[key] = self.add_version(key)
        elif verb == "config":
            self.deletable |= {key} if body.get("deletion_allowed") else set()
        elif method == "DELETE":
            if key not in self.deletable:
                return 400, {"errors": ["deletion is not allowed for this key"]}
            del self.keys[key]
        return 204, {}


@contextlib.contextmanager
def serving(server: KeyServer, certificate: str | None = None) -> Iterator[str]:
    """The server's `host:port` for the block; with TLS when a file with certificate and key is given."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(ConnectionError):
                super().handle_one_request()

        def _any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            with server.lock:
                server.log.append(f"{self.command} {self.path}")
                if server.failing:
                    server.failing -= 1
                    code, found = 503, {"errors": ["sealed"]}
                else:
                    code, found = server.answer(self.command, self.path, self.headers, body)
            data = b"" if code == 204 else json.dumps(found).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()
            thread.join()
