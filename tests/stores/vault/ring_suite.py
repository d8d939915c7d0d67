"""What every key ring must do. A ring's test module subclasses `RingSuite` and gives an `open_ring` fixture."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tink import TinkError

from ircopilot.stores.vault import DestroyedKey, LocalVault, UnusableVault
from ircopilot.stores.vault.protocol import KeyRing

OpenRing = Callable[[], KeyRing]


def read(vault: LocalVault, org: str, sha256: str) -> bytes:
    with vault.open(org, sha256) as stream:
        return stream.read()


class RingSuite:
    """Tests of the `KeyRing` protocol. Each call of `open_ring` is as another process: same keys, nothing in memory."""

    def test_another_process_has_the_same_key(self, open_ring: OpenRing) -> None:
        sealed = open_ring().key_of("org").encrypt(b"plain", b"context")
        assert open_ring().key_of("org").decrypt(sealed, b"context") == b"plain"

    def test_each_organisation_has_its_own(self, open_ring: OpenRing) -> None:
        ring = open_ring()
        sealed = ring.key_of("org-a").encrypt(b"plain", b"")
        with pytest.raises(TinkError):
            ring.key_of("org-b").decrypt(sealed, b"")

    @pytest.mark.parametrize("org", ["Org", "org.one", "o" * 128, "x-1", "under_score"])
    def test_every_allowed_id_has_a_key(self, open_ring: OpenRing, org: str) -> None:
        sealed = open_ring().key_of(org).encrypt(b"plain", b"")
        assert open_ring().key_of(org).decrypt(sealed, b"") == b"plain"

    @pytest.mark.parametrize("org", ["", "..", "a/b", ".keys", "a?b"])
    def test_other_ids_have_none(self, open_ring: OpenRing, org: str) -> None:
        for act in (open_ring().key_of, open_ring().rotate, open_ring().destroy):
            with pytest.raises(UnusableVault):
                act(org)

    def test_many_first_uses_make_one_key(self, open_ring: OpenRing) -> None:
        rings = [open_ring() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            sealed = list(pool.map(lambda ring: ring.key_of("new").encrypt(b"plain", b""), rings))
        last = open_ring().key_of("new")
        assert [last.decrypt(s, b"") for s in sealed] == [b"plain"] * 4

    def test_a_rotation_leaves_the_old_readable(self, open_ring: OpenRing) -> None:
        ring = open_ring()
        stale = open_ring()
        seals = [ring.key_of("org").encrypt(b"0", b"")]
        stale.key_of("org")
        for n in (b"1", b"2"):
            ring.rotate("org")
            seals.append(ring.key_of("org").encrypt(n, b""))
        assert len({seal[:5] for seal in seals}) == 3, "a new version has a new Tink prefix"
        for opened in (ring, open_ring()):
            assert [opened.key_of("org").decrypt(s, b"") for s in seals] == [b"0", b"1", b"2"]
        before = stale.key_of("org").encrypt(b"3", b"")
        assert open_ring().key_of("org").decrypt(before, b"") == b"3", "who has not heard of it yet seals readably"

    def test_rewrapping_can_stop_anywhere_and_go_on(self, open_ring: OpenRing) -> None:
        seal = open_ring().key_of("org").encrypt(b"plain", b"")
        for _ in range(3):
            open_ring().rotate("org")
        next(iter(open_ring().rewrap("org")))
        assert open_ring().key_of("org").decrypt(seal, b"") == b"plain"
        steps = list(open_ring().rewrap("org"))
        assert [step.done for step in steps] == list(range(1, len(steps) + 1))
        assert {step.total for step in steps} == {len(steps)}
        assert open_ring().key_of("org").decrypt(seal, b"") == b"plain"
        assert len(list(open_ring().rewrap("org"))) <= 2, "only the wrapping before it is left to remove"

    def test_destroyed_means_unreadable_and_for_that_organisation_alone(
        self, open_ring: OpenRing, tmp_path: Path
    ) -> None:
        vault = LocalVault(tmp_path / "objects", ring=open_ring())
        gone, _ = vault.put("gone", [b"their evidence"])
        stays, _ = vault.put("stays", [b"other evidence"])
        vault.keys.rotate("gone")
        late, _ = vault.put("gone", [b"their later evidence"])
        vault.keys.destroy("gone")
        vault.keys.destroy("gone")
        for opened in (vault, LocalVault(tmp_path / "objects", ring=open_ring())):
            for sha256 in (gone, late):
                with pytest.raises(DestroyedKey, match="gone"):
                    opened.open("gone", sha256)
            with pytest.raises(DestroyedKey):
                opened.put("gone", [b"new evidence"])
            assert read(opened, "stays", stays) == b"other evidence"
        for act in (open_ring().rotate, lambda org: list(open_ring().rewrap(org))):
            with pytest.raises(DestroyedKey):
                act("gone")

    def test_what_never_had_a_key_can_be_refused_one(self, open_ring: OpenRing) -> None:
        open_ring().destroy("never")
        with pytest.raises(DestroyedKey):
            open_ring().key_of("never")
