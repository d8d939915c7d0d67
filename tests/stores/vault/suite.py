"""What every vault driver must do. A driver's test module subclasses `VaultSuite` and gives a `vault` fixture."""

from __future__ import annotations

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from ircopilot.stores.vault import LockedObject, MissingObject, UnusableVault, Vault

SIZES = [0, 1, 65_535, 65_536, 65_537, 1_048_576 - 64, 1_048_576, 1_048_577, 3_145_728, 5_000_001]


class VaultSuite:
    """Tests of the `Vault` protocol."""

    @pytest.mark.parametrize("size", SIZES)
    def test_what_was_put_comes_back(self, vault: Vault, size: int) -> None:
        data = os.urandom(size)
        sha256, stored = vault.put("org", io.BytesIO(data))
        assert (sha256, stored) == (hashlib.sha256(data).hexdigest(), size)
        with vault.open("org", sha256) as stream:
            assert stream.read() == data
            assert stream.read() == b""

    def test_streams_and_chunks_of_any_size_are_one_object(self, vault: Vault) -> None:
        data = os.urandom(300_000)
        names = {
            vault.put("org", io.BytesIO(data)),
            vault.put("org", [data]),
            vault.put("org", (data[i : i + 7_001] for i in range(0, len(data), 7_001))),
            vault.put("org", [b"", data, b""]),
        }
        assert names == {(hashlib.sha256(data).hexdigest(), 300_000)}

    def test_lines_can_be_read(self, vault: Vault) -> None:
        lines = [b"line %d\n" % n for n in range(50_000)]
        sha256, _ = vault.put("org", lines)
        with vault.open("org", sha256) as stream:
            assert list(stream) == lines

    def test_organisations_do_not_see_each_other(self, vault: Vault) -> None:
        sha256, _ = vault.put("org-a", [b"secret of a"])
        assert vault.exists("org-a", sha256)
        assert not vault.exists("org-b", sha256)
        with pytest.raises(MissingObject):
            vault.open("org-b", sha256)

    def test_what_is_missing_is_said_to_be_missing(self, vault: Vault) -> None:
        assert not vault.exists("org", "0" * 64)
        with pytest.raises(MissingObject):
            vault.open("org", "0" * 64)

    @pytest.mark.parametrize("name", ["", "x", "A" * 64, "../" + "0" * 61, "0" * 63 + "\n", "0" * 65])
    def test_a_name_that_is_no_hash_is_no_object(self, vault: Vault, name: str) -> None:
        with pytest.raises(MissingObject):
            vault.open("org", name)

    @pytest.mark.parametrize("org", ["", ".", "..", "../other", "a/b", "/etc", "a\0b", "tmp/", ".tmp", "a" * 200])
    def test_an_organisation_cannot_be_a_path(self, vault: Vault, org: str) -> None:
        for act in (lambda: vault.put(org, [b"x"]), lambda: vault.exists(org, "0" * 64)):
            with pytest.raises(UnusableVault):
                act()

    def test_a_source_that_fails_leaves_nothing(self, vault: Vault) -> None:
        def failing() -> object:
            yield b"half of it"
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            vault.put("org", failing())
        assert not vault.exists("org", hashlib.sha256(b"half of it").hexdigest())

    def test_many_writers_of_the_same_bytes(self, vault: Vault) -> None:
        data = os.urandom(500_000)
        with ThreadPoolExecutor(8) as pool:
            names = set(pool.map(lambda _: vault.put("org", [data]), range(16)))
        assert len(names) == 1
        with vault.open("org", names.pop()[0]) as stream:
            assert stream.read() == data

    def test_a_legal_hold_is_set_and_taken_off(self, vault: Vault) -> None:
        sha256, _ = vault.put("org", [b"held"])
        other, _ = vault.put("org", [b"not held"])
        assert not vault.lock_of("org", sha256).legal_hold
        vault.set_legal_hold("org", sha256, True)
        vault.set_legal_hold("org", sha256, True)
        assert vault.lock_of("org", sha256).legal_hold
        assert not vault.lock_of("org", other).legal_hold
        vault.set_legal_hold("org", sha256, False)
        assert not vault.lock_of("org", sha256).legal_hold

    def test_retention_is_only_ever_extended(self, vault: Vault) -> None:
        sha256, _ = vault.put("org", [b"kept"])
        vault.set_legal_hold("org", sha256, True)
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
        vault.retain_until("org", sha256, until)
        assert vault.lock_of("org", sha256).retain_until == until
        vault.retain_until("org", sha256, until + timedelta(days=1))
        with pytest.raises(LockedObject):
            vault.retain_until("org", sha256, until)
        assert vault.put("org", [b"kept"])[0] == sha256
        lock = vault.lock_of("org", sha256)
        assert (lock.retain_until, lock.legal_hold) == (until + timedelta(days=1), True)

    def test_what_is_missing_cannot_be_held(self, vault: Vault) -> None:
        for act in (
            lambda: vault.set_legal_hold("org", "0" * 64, True),
            lambda: vault.retain_until("org", "0" * 64, datetime.now(UTC)),
            lambda: vault.lock_of("org", "0" * 64),
        ):
            with pytest.raises(MissingObject):
                act()
