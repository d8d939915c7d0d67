"""Callers of one organisation with roles of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from gateway.conftest import Served, client, new_key
from ircopilot.access.permissions import Role
from ircopilot.stores import StoreSet


@contextmanager
def caller_with_role(
    served: Served, stores: StoreSet, org: str, role: Role
) -> Iterator[tuple[httpx.Client, str]]:  # fmt: skip
    """A client whose key has that role, and the key's id."""
    key = new_key(stores, org, role)
    with client(served, key) as made:
        yield made, key.split("_")[1]
