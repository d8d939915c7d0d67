"""What a vault can do, whatever it is made of. `tests/stores/vault/suite.py` holds every driver to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from tink import aead

from ircopilot.domain.errors import ProblemError

# Small enough to stay in the processor's cache from hashing to encrypting: 1 MiB pieces were 2.5 times slower.
PIECE = 64 << 10


class MissingObject(ProblemError):
    """The vault holds no such object for that organisation."""

    type = "missing-object"
    status = 404
    title = "The vault does not hold that"


class TamperedObject(ProblemError):
    """The stored bytes are not those that were put: changed, cut short, moved, or under another key."""

    type = "tampered-object"
    title = "Stored evidence was changed"


class UnstoredObject(ProblemError):
    """The disk is full, or refuses to be written; nothing of the object is there."""

    type = "unstored-object"
    status = 507
    title = "Evidence could not be stored"


class UnusableVault(ProblemError):
    """The vault's address or its keys cannot be used."""

    type = "unusable-vault"
    title = "The evidence vault cannot be used"


class UnreachableVault(UnusableVault):
    """The store or the key service did not answer; the same call may succeed later."""

    type = "unreachable-vault"
    status = 503
    title = "The evidence vault does not answer"


class DestroyedKey(ProblemError):
    """The organisation's key was destroyed: nothing of it can be read or stored again."""

    type = "destroyed-key"
    status = 410
    title = "The organisation's key was destroyed"


class LockedObject(ProblemError):
    """Retention is only ever extended."""

    type = "locked-object"
    status = 409
    title = "Evidence is locked"


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """How an object is held: until when (aware, UTC), and whether a legal hold lies on it, which has no end date."""

    retain_until: datetime | None = None
    legal_hold: bool = False


@dataclass(frozen=True, slots=True)
class RewrapStep:
    """What a step of re-wrapping did; `done` of `total` steps."""

    done: int
    total: int
    what: str


class KeyRing(Protocol):
    """One key-encryption key per organisation, made on first use: in local files, or under a cloud KMS.

    Any of these raises `DestroyedKey`, `UnreachableVault` and `UnusableVault`.
    """

    def key_of(self, org_id: str) -> aead.Aead:
        """The organisation's AEAD: wraps under the newest version of its key, unwraps under all."""
        ...

    def rotate(self, org_id: str) -> None:
        """Begin a new version. New objects are wrapped under it; old ones still open."""
        ...

    def rewrap(self, org_id: str) -> Iterator[RewrapStep]:
        """Wrap the organisation's keys anew under the KMS's present version, and remove older wrappings.

        Runs as it is iterated; may be stopped after any step and called again.
        """
        ...

    def destroy(self, org_id: str) -> None:
        """Make everything of the organisation unreadable for ever, and refuse it a new key. May be called again."""
        ...


class Vault(Protocol):
    """Write-once objects per organisation, named by the SHA-256 of their plaintext."""

    @property
    def keys(self) -> KeyRing:
        """The organisations' keys."""
        ...

    def put(self, org_id: str, source: BinaryIO | Iterable[bytes]) -> tuple[str, int]:
        """Store the bytes of a stream or of chunks; returns (SHA-256 as lower-case hex, size in bytes).

        The object is there, whole and durable, when this returns; before that nothing of it can be seen.
        """
        ...

    def open(self, org_id: str, sha256: str) -> BinaryIO:
        """The plaintext as a forward stream, each piece authenticated and bound to organisation and hash before it is given out.

        Raises `MissingObject` now, `TamperedObject` now or from `read`.
        """
        ...

    def exists(self, org_id: str, sha256: str) -> bool:
        """Whether the organisation has that object."""
        ...

    def set_legal_hold(self, org_id: str, sha256: str, on: bool) -> None:
        """Put a legal hold on the object, or take it off. Raises `MissingObject`."""
        ...

    def retain_until(self, org_id: str, sha256: str, when: datetime) -> None:
        """Keep the object at least until `when` (aware). Raises `MissingObject`, and `LockedObject` for an earlier
        date than the one it has.
        """
        ...

    def lock_of(self, org_id: str, sha256: str) -> ObjectLock:
        """How the object is held. Raises `MissingObject`."""
        ...


def pieces_of(source: BinaryIO | Iterable[bytes]) -> Iterator[memoryview]:
    """The bytes of a stream, or of chunks, in pieces of at most `PIECE` bytes."""
    chunks = iter(lambda: source.read(PIECE), b"") if hasattr(source, "read") else source
    for chunk in chunks:
        view = memoryview(chunk)
        for at in range(0, len(view), PIECE):
            yield view[at : at + PIECE]
