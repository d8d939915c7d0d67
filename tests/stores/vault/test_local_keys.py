"""Keys in local files: the shared suite, and what is particular to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ircopilot.stores.vault import DestroyedKey
from ircopilot.stores.vault.local_keys import LocalKeyRing

from .ring_suite import OpenRing, RingSuite


@pytest.fixture
def open_ring(tmp_path: Path) -> OpenRing:
    return lambda: LocalKeyRing(tmp_path / "keys")


class TestLocalKeyRing(RingSuite):
    """`LocalKeyRing` keeps the protocol."""


def test_others_hear_of_it_at_once(open_ring: OpenRing, tmp_path: Path) -> None:
    one, other = open_ring(), open_ring()
    first = other.key_of("org")
    one.rotate("org")
    assert other.key_of("org") is not first
    assert other.key_of("org") is other.key_of("org")
    assert (tmp_path / "keys" / "org.keyset.json").stat().st_mode & 0o777 == 0o600
    one.destroy("org")
    assert not (tmp_path / "keys" / "org.keyset.json").exists()
    with pytest.raises(DestroyedKey):
        other.key_of("org")
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == ["org.destroyed"]
