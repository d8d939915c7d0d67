"""The vault: bytes of evidence and exports, written once, encrypted under their organisation's key."""

from ircopilot.stores.vault.drivers import open_vault
from ircopilot.stores.vault.local import LocalVault
from ircopilot.stores.vault.protocol import (
    DestroyedKey,
    LockedObject,
    MissingObject,
    ObjectLock,
    TamperedObject,
    UnreachableVault,
    UnstoredObject,
    UnusableVault,
    Vault,
)

__all__ = [
    "DestroyedKey",
    "LocalVault",
    "LockedObject",
    "MissingObject",
    "ObjectLock",
    "TamperedObject",
    "UnreachableVault",
    "UnstoredObject",
    "UnusableVault",
    "Vault",
    "open_vault",
]
