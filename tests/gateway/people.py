"""Callers of one organisation with roles of their own: the gateway's door is told who a key's owner is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from ircopilot.access.caller import Caller
from ircopilot.access.permissions import Role
from ircopilot.stores import StoreSet


@contextmanager
def caller_with_role(
    served: Served, stores: StoreSet, org: str, role: Role, patch: pytest.MonkeyPatch
) -> Iterator[tuple[httpx.Client, str]]:
    """A client whose key has that role, and the key's id."""
    key = new_key(stores, org)
    admit = served.gate.admit

    async def admit_with_role(text: str) -> Caller:
        caller = await admit(text)
        return replace(caller, role=role) if text == key else caller

    patch.setattr(served.gate, "admit", admit_with_role)
    with client(served, key) as made:
        yield made, key.split("_")[1]
