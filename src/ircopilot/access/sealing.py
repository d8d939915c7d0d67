"""Secrets that the database keeps sealed: under a key that it does not hold, bound to the place they belong to."""

from __future__ import annotations

import base64

from tink import core

from ircopilot.access.errors import UnsealedSecret
from ircopilot.stores import StoreSet

# The name, in the key ring, of the key for what belongs to people, who are of no one organisation.
PEOPLE = "people"


def seal(stores: StoreSet, owner: str, place: str, secret: str) -> str:
    """The secret, sealed under the key of `owner` (an organisation's id, or `PEOPLE`) for that place alone."""
    aead = stores.vault.keys.key_of(owner) if owner == PEOPLE else stores.stores_for(owner).vault.keys.key_of(owner)
    return base64.b64encode(aead.encrypt(secret.encode(), _context(owner, place))).decode()


def unseal(stores: StoreSet, owner: str, place: str, sealed: str) -> str:
    """What was sealed. Raises `UnsealedSecret` when it was moved or changed, or its key is another."""
    aead = stores.vault.keys.key_of(owner) if owner == PEOPLE else stores.stores_for(owner).vault.keys.key_of(owner)
    try:
        return bytes(aead.decrypt(base64.b64decode(sealed), _context(owner, place))).decode()
    except (core.TinkError, ValueError) as error:
        raise UnsealedSecret("a stored secret does not open under its key", "restore it, or set it anew") from error


def _context(owner: str, place: str) -> bytes:
    return f"ircopilot secret v1 of {owner} at {place}".encode()
