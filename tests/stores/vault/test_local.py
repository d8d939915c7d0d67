"""The local vault: the shared suite, and what is particular to files on a disk."""

from __future__ import annotations

import io
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ircopilot.stores.vault import LocalVault, MissingObject, TamperedObject, UnstoredObject, UnusableVault, open_vault

from .suite import VaultSuite

DATA = bytes(range(256)) * 16_384  # 4 MiB: several segments


@pytest.fixture
def vault(tmp_path: Path) -> LocalVault:
    return LocalVault(tmp_path / "vault")


@pytest.fixture
def stored(vault: LocalVault, tmp_path: Path) -> tuple[str, Path]:
    sha256, _ = vault.put("org", io.BytesIO(DATA))
    return sha256, tmp_path / "vault" / "org" / sha256[:2] / sha256


class TestLocalVault(VaultSuite):
    """`LocalVault` keeps the protocol."""


def read(vault: LocalVault, sha256: str, org: str = "org") -> bytes:
    with vault.open(org, sha256) as stream:
        return stream.read()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def rewrite(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def test_objects_are_read_only_encrypted_and_keys_private(stored: tuple[str, Path], tmp_path: Path) -> None:
    path = stored[1]
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.stat().st_nlink == 1
    assert DATA[:32] not in path.read_bytes()
    keys = tmp_path / "vault.keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert [k.stat().st_mode & 0o777 for k in keys.iterdir()] == [0o600]
    assert list((tmp_path / "vault" / ".tmp").iterdir()) == []


def test_an_object_is_written_once(vault: LocalVault, stored: tuple[str, Path]) -> None:
    before = stored[1].stat()
    assert vault.put("org", io.BytesIO(DATA))[0] == stored[0]
    assert stored[1].stat().st_ino == before.st_ino
    assert stored[1].stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("place", [0, 9, 40, 300, 511, 512, 600, 1_500_000, 4_000_000, -1])
def test_a_changed_byte_anywhere_is_found(vault: LocalVault, stored: tuple[str, Path], place: int) -> None:
    data = bytearray(stored[1].read_bytes())
    data[place] ^= 1
    rewrite(stored[1], bytes(data))
    with pytest.raises(TamperedObject):
        read(vault, stored[0])


@pytest.mark.parametrize("length", [0, 100, 512, 552, 1 << 20, 512 + (1 << 20), 512 + (2 << 20), -1])
def test_a_cut_is_found(vault: LocalVault, stored: tuple[str, Path], length: int) -> None:
    rewrite(stored[1], stored[1].read_bytes()[:length])
    with pytest.raises(TamperedObject):
        read(vault, stored[0])


def test_added_bytes_are_found(vault: LocalVault, stored: tuple[str, Path]) -> None:
    rewrite(stored[1], stored[1].read_bytes() + b"x")
    with pytest.raises(TamperedObject):
        read(vault, stored[0])


def test_swapped_segments_are_found(vault: LocalVault, stored: tuple[str, Path]) -> None:
    data, segment = stored[1].read_bytes(), 1 << 20
    one, two = 512 + segment, 512 + 2 * segment
    rewrite(stored[1], data[:one] + data[two : two + segment] + data[one:two] + data[two + segment :])
    with pytest.raises(TamperedObject):
        read(vault, stored[0])


def test_an_object_cannot_stand_in_for_another(vault: LocalVault, stored: tuple[str, Path], tmp_path: Path) -> None:
    other, _ = vault.put("org", [b"something else"])
    rewrite(tmp_path / "vault" / "org" / other[:2] / other, stored[1].read_bytes())
    with pytest.raises(TamperedObject):
        vault.open("org", other)


def test_an_object_cannot_be_moved_to_another_organisation(
    vault: LocalVault, stored: tuple[str, Path], tmp_path: Path
) -> None:
    vault.put("thief", [b"to have a key"])
    copy = tmp_path / "vault" / "thief" / stored[0][:2] / stored[0]
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(stored[1], copy)
    with pytest.raises(TamperedObject):
        vault.open("thief", stored[0])
    shutil.copy(tmp_path / "vault.keys" / "org.keyset.json", tmp_path / "vault.keys" / "thief.keyset.json")
    with pytest.raises(TamperedObject):
        LocalVault(tmp_path / "vault").open("thief", stored[0])


def test_without_its_key_an_organisation_is_erased(stored: tuple[str, Path], tmp_path: Path) -> None:
    (tmp_path / "vault.keys" / "org.keyset.json").unlink()
    with pytest.raises(TamperedObject):
        LocalVault(tmp_path / "vault").open("org", stored[0])


def test_another_process_reads_it(stored: tuple[str, Path], tmp_path: Path) -> None:
    assert read(LocalVault(tmp_path / "vault"), stored[0]) == DATA


@pytest.mark.parametrize("spoil", ["open", "garbage"])
def test_a_keyset_that_is_open_or_broken_is_refused(vault: LocalVault, tmp_path: Path, spoil: str) -> None:
    vault.put("org", [b"x"])
    key = tmp_path / "vault.keys" / "org.keyset.json"
    if spoil == "open":
        key.chmod(0o644)
    else:
        key.write_text("{")
    with pytest.raises(UnusableVault):
        LocalVault(tmp_path / "vault").put("org", [b"y"])


def test_a_put_that_was_killed_leaves_no_object_and_is_swept(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from ircopilot.stores.vault import LocalVault\n"
        "def endless():\n"
        "    for n in range(10**9):\n"
        "        if n == 100: print('writing', flush=True)\n"
        "        yield bytes(65536) if n < 100 else (__import__('time').sleep(0.01) or b'x')\n"
        "LocalVault(pathlib.Path(sys.argv[1])).put('org', endless())\n"
    )
    folder = tmp_path / "vault"
    with subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        LocalVault(folder)
        (left,) = (folder / ".tmp").iterdir()
        child.send_signal(signal.SIGKILL)
    assert left.exists(), "a sweep must leave what somebody is writing"
    LocalVault(folder)
    assert [p for p in folder.rglob("*") if p.is_file()] == []


def test_a_disk_that_takes_no_more_leaves_nothing(vault: LocalVault, tmp_path: Path) -> None:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    quiet = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, old[1]))
        with pytest.raises(UnstoredObject, match="File too large"):
            vault.put("org", [DATA])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, quiet)
    assert [p for p in (tmp_path / "vault").rglob("*") if p.is_file()] == []
    assert read(vault, vault.put("org", [DATA])[0]) == DATA


def test_a_vault_is_opened_by_url(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    sha256, _ = open_vault(folder.as_uri()).put("org", [b"x"])
    assert read(LocalVault(folder), sha256) == b"x"
    with pytest.raises(UnusableVault):
        open_vault("ftp://elsewhere")


def test_reading_can_stop_early(vault: LocalVault, stored: tuple[str, Path]) -> None:
    before = open_files()
    with vault.open("org", stored[0]) as stream:
        assert stream.read(10) == DATA[:10]
        assert open_files() == before + 1
    assert open_files() == before


def test_an_unknown_object_opens_no_file(vault: LocalVault) -> None:
    before = open_files()
    for _ in range(50):
        with pytest.raises(MissingObject):
            vault.open("org", "1" * 64)
    assert open_files() <= before
