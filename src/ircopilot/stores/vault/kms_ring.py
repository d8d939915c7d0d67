"""Keys under a KMS: the organisation's key there wraps a keyset, and the keyset wraps the objects' data keys.

The wrapped keyset lies outside the locked objects, as numbered generations that are only ever added: the newest holds.
Rotating and re-wrapping add one, destroying adds a tombstone; whoever adds a number that is taken reads again. So two
processes cannot make two keysets, and none can bring back a destroyed one.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Protocol

import tink
from tink import aead

from ircopilot.stores.vault.envelope import safe_org_id
from ircopilot.stores.vault.keysets import new_keyset, unwrap_keyset, with_new_version, wrap_keyset
from ircopilot.stores.vault.protocol import DestroyedKey, RewrapStep, UnreachableVault, UnusableVault

FRESH_FOR = 300.0
_PLAIN_NAME = re.compile(r"(?!x-)[a-z0-9][a-z0-9-]{0,51}")
_TRIES = 10


class Kms(Protocol):
    """A key management service that holds a symmetric key for each name.

    Any of these raises `UnreachableVault` and `UnusableVault`.
    """

    @property
    def name(self) -> str:
        """Which service and where, without secrets."""
        ...

    def make_key(self, key: str) -> None:
        """Make the key, unless it is there."""
        ...

    def aead_of(self, key: str) -> aead.Aead:
        """Encrypts under the key's newest version. It raises `DestroyedKey` when the key is no more."""
        ...

    def rotate_key(self, key: str) -> None:
        """Begin a new version of the key."""
        ...

    def destroy_key(self, key: str) -> None:
        """Make every version unusable at once, and for ever as soon as the service allows. None there is fine."""
        ...


class KeysetStore(Protocol):
    """Where wrapped keysets lie: per organisation, generations numbered from 1."""

    def generations(self, org_id: str) -> list[int]:
        """The numbers that are there, ascending."""
        ...

    def read(self, org_id: str, generation: int) -> bytes | None:
        """That generation, or None when it is not there."""
        ...

    def add(self, org_id: str, generation: int, data: bytes) -> bool:
        """Write a new generation, durably; False when that number is taken."""
        ...

    def remove(self, org_id: str, generation: int) -> bool:
        """Remove a generation; False when the store keeps it."""
        ...


def key_name(org_id: str) -> str:
    """The name of an organisation's key: legible where every KMS takes it (at most 63 of a-z, 0-9, -), else a hash."""
    safe = safe_org_id(org_id)
    return f"ircopilot-{safe if _PLAIN_NAME.fullmatch(safe) else 'x-' + sha256(safe.encode()).hexdigest()[:48]}"


class KmsKeyRing:
    """A `KeyRing` over a KMS. A keyset in memory is unwrapped again after `fresh_for` seconds: that long a process
    goes on after the key was disabled or destroyed elsewhere.
    """

    def __init__(
        self,
        kms: Kms,
        store: KeysetStore,
        fresh_for: float = FRESH_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kms, self._store = kms, store
        self._fresh_for, self._clock = fresh_for, clock
        self._keys: dict[str, tuple[float, aead.Aead]] = {}
        self._lock = threading.Lock()

    def key_of(self, org_id: str) -> aead.Aead:
        """See `KeyRing.key_of`."""
        with self._lock:
            known = self._keys.get(org_id)
            if known is None or self._clock() - known[0] >= self._fresh_for:
                self._keys.pop(org_id, None)
                known = self._keys[org_id] = (self._clock(), self._newest(org_id)[1].primitive(aead.Aead))
            return known[1]

    def rotate(self, org_id: str) -> None:
        """See `KeyRing.rotate`: a new version in the KMS, and a new key in the keyset, wrapped by it."""
        self._newest(org_id)
        self._kms.rotate_key(key_name(org_id))
        self._replace(org_id, with_new_version)

    def rewrap(self, org_id: str) -> Iterator[RewrapStep]:
        """See `KeyRing.rewrap`: the same keyset as a new generation, then each older generation removed."""
        newest = self._replace(org_id, lambda handle: handle)
        older = [n for n in self._store.generations(org_id) if n < newest]
        total = 1 + len(older)
        yield RewrapStep(1, total, f"wrapped anew as generation {newest}")
        for done, generation in enumerate(older, start=2):
            gone = self._store.remove(org_id, generation)
            yield RewrapStep(done, total, f"generation {generation} {'removed' if gone else 'kept by its store'}")

    def destroy(self, org_id: str) -> None:
        """See `KeyRing.destroy`. The tombstone comes first: from there on nobody makes or rotates the key."""
        for _ in range(_TRIES):
            present = self._store.generations(org_id)
            newest = present[-1] if present else 0
            if newest and "destroyed" in self._document(org_id, newest):
                break
            if self._store.add(org_id, newest + 1, json.dumps({"destroyed": True}).encode()):
                break
        else:
            raise UnreachableVault(f"the keyset of {org_id} is being changed by somebody else, again and again")
        with self._lock:
            self._keys.pop(org_id, None)
        self._kms.destroy_key(key_name(org_id))
        for generation in self._store.generations(org_id)[:-1]:
            self._store.remove(org_id, generation)

    def _newest(self, org_id: str) -> tuple[int, tink.KeysetHandle]:
        """The newest generation, made if there is none. Raises `DestroyedKey`."""
        key = key_name(org_id)
        for _ in range(_TRIES):
            present = self._store.generations(org_id)
            if not present:
                self._kms.make_key(key)
                self._add(org_id, 1, new_keyset())
                continue
            document = self._document(org_id, present[-1])
            if "destroyed" in document:
                raise DestroyedKey(f"the key of organisation {org_id} was destroyed")
            if not document:
                continue  # removed since it was listed: there is a newer one
            if document["kms"] != self._kms.name:
                raise UnusableVault(f"the keyset of {org_id} lies under {document['kms']}, not {self._kms.name}")
            wrapped = base64.b64decode(document["keyset"])
            return present[-1], unwrap_keyset(wrapped, self._kms.aead_of(key), org_id)
        raise UnreachableVault(f"the keyset of {org_id} is being changed by somebody else, again and again")

    def _replace(self, org_id: str, change: Callable[[tink.KeysetHandle], tink.KeysetHandle]) -> int:
        """Add a generation made from the newest; its number."""
        for _ in range(_TRIES):
            newest, handle = self._newest(org_id)
            if self._add(org_id, newest + 1, change(handle)):
                with self._lock:
                    self._keys.pop(org_id, None)
                return newest + 1
        raise UnreachableVault(f"the keyset of {org_id} is being changed by somebody else, again and again")

    def _add(self, org_id: str, generation: int, handle: tink.KeysetHandle) -> bool:
        kek = self._kms.aead_of(key_name(org_id))
        wrapped = wrap_keyset(handle, kek, org_id)
        # What cannot be unwrapped must not become the newest: evidence sealed under it would be lost.
        unwrap_keyset(wrapped, kek, org_id)
        document = {"kms": self._kms.name, "keyset": base64.b64encode(wrapped).decode()}
        if not self._store.add(org_id, generation, json.dumps(document).encode()):
            return False
        if self._store.generations(org_id)[-1] == generation:
            return True
        # The number was free only because newer generations had let it be removed.
        self._store.remove(org_id, generation)
        return False

    def _document(self, org_id: str, generation: int) -> dict[str, str]:
        data = self._store.read(org_id, generation)
        if data is None:
            return {}
        try:
            document: dict[str, str] = json.loads(data)
        except ValueError as error:
            raise UnusableVault(f"generation {generation} of the keyset of {org_id} is unreadable") from error
        return document
