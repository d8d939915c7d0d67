"""The vault: bytes of evidence and exports, written once, encrypted under their organisation's key."""

from ircopilot.stores.vault.drivers import open_vault
from ircopilot.stores.vault.local import LocalVault
from ircopilot.stores.vault.protocol import (
    MissingObject,
    TamperedObject,
    UnstoredObject,
    UnusableVault,
    Vault,
)

__all__ = ["LocalVault", "MissingObject", "TamperedObject", "UnstoredObject", "UnusableVault", "Vault", "open_vault"]
