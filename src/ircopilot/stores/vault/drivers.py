"""Vault drivers by the scheme of their URL."""

from __future__ import annotations

from ircopilot.stores.vault.local import LocalVault, folder_of
from ircopilot.stores.vault.protocol import UnusableVault, Vault


def open_vault(url: str) -> Vault:
    """The vault at a URL: `file:///folder`. Raises `UnusableVault` for a scheme without a driver."""
    if url.startswith("file://"):
        return LocalVault(folder_of(url))
    raise UnusableVault(f"no vault driver for {url.split(':', 1)[0]}:", "use file:///folder")
