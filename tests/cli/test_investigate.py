"""`ircopilot investigate`: arguments, exit codes, what goes to stdout and what to stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.program import COMMAND, data_directory, environment, run

LINES = b"".join(
    b"Mar 10 08:%02d:00 web01 sshd[912]: Failed password for root from 203.0.113.9 port 5%03d ssh2\n" % (n, n)
    for n in range(50)
)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """One data directory for the module: these runs have nothing to do with each other."""
    with data_directory(used=True) as folder:
        yield folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "evidence" / "auth.log"
    path.parent.mkdir()
    path.write_bytes(LINES)
    return path


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The error as it was told: one clear line and what to do next, nothing on stdout, no traceback."""
    assert done.returncode == code, done.stdout[-2000:] + done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return " ".join(done.stderr.split())


UNUSABLE = {
    "no such path": ["{here}/absent", "--out", "{here}/out"],
    "a path too long": ["{here}/" + "x" * 5000, "--out", "{here}/out"],
    "a path through a file": ["{log}/under", "--out", "{here}/out"],
    "clock without a sign or unit": ["{log}", "--out", "{here}/out", "--clock", "linux.auth=five"],
    "clock without a source": ["{log}", "--out", "{here}/out", "--clock", "+5h"],
    "clock beyond all times": ["{log}", "--out", "{here}/out", "--clock", "linux.auth=+99999999999999999999h"],
    "since after until": ["{log}", "--out", "{here}/out", "--since", "2026-03-02", "--until", "2026-03-01"],
    "since is no time": ["{log}", "--out", "{here}/out", "--since", "yesterday"],
    "until beyond the last year": ["{log}", "--out", "{here}/out", "--until", "9999-12-31T23:59:59-12:00"],
    "out is a file": ["{log}", "--out", "{log}"],
    "out lies under a file": ["{log}", "--out", "{log}/out"],
    "out has a name too long": ["{log}", "--out", "{here}/" + "y" * 300],
    "no such rules": ["{log}", "--out", "{here}/out", "--rules", "{here}/absent"],
}


@pytest.mark.parametrize("arguments", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_unusable_arguments(arguments: list[str], data: Path, log: Path, tmp_path: Path) -> None:
    filled = [a.replace("{here}", str(tmp_path)).replace("{log}", str(log)) for a in arguments]
    error = told(run(data, "investigate", *filled), 2)
    assert "An argument cannot be used".lower() in error
    assert " next: " in error


def test_options_that_do_not_exist(data: Path) -> None:
    for arguments in (["investigate"], ["investigate", "x", "--outt", "y"], ["investigat"]):
        assert "Try" in told(run(data, *arguments), 2)


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40, b"\0" * 5000], ids=["empty", "binary", "zeros"]
)
def test_nothing_readable(content: bytes, data: Path, tmp_path: Path) -> None:
    (tmp_path / "only.bin").write_bytes(content)
    error = told(run(data, "investigate", tmp_path / "only.bin", "--out", tmp_path / "out", "--json"), 3)
    assert "only.bin" in error
    assert " next: " in error
    assert not (tmp_path / "out" / "report.json").exists()


def test_an_empty_folder(data: Path, tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    assert " next: " in told(run(data, "investigate", tmp_path / "evidence", "--out", tmp_path / "out", "--json"), 3)


def test_json_is_one_object_on_stdout(data: Path, log: Path, tmp_path: Path) -> None:
    done = run(data, "investigate", log, "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert done.stderr == ""
    assert Path(summary["outputs"]["json"]).samefile(tmp_path / "out" / "report.json")
    assert summary["events"].startswith("50 from 1 artifacts")


def test_without_json_the_progress_goes_to_stderr(data: Path, log: Path, tmp_path: Path) -> None:
    done = run(data, "investigate", log, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert [line[:3] for line in done.stderr.splitlines()[1:6]] == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert "report.json" in done.stdout
    assert "Traceback" not in done.stderr


def test_stdout_that_is_closed_is_no_catastrophe(data: Path, log: Path, tmp_path: Path) -> None:
    line = f"'{COMMAND}' investigate '{log}' --out '{tmp_path}/out' | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=environment(data), timeout=100)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert (tmp_path / "out" / "report.json").exists()


def test_help_has_examples(data: Path) -> None:
    done = run(data, "investigate", "--help")
    assert done.returncode == 0
    assert "ircopilot investigate ./evidence --out" in " ".join(done.stdout.split())
    for option in ("--out", "--clock", "--since", "--until", "--incident", "--rules", "--json", "--title"):
        assert option in done.stdout


# What root may do beside others' permissions is given up with the next exec. Source: capabilities(7).
ROOT_LIKE_ANYBODY = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="root keeps its rights elsewhere")
def test_permissions(data: Path, tmp_path: Path) -> None:
    """One file of three may be read, a folder may not be entered, another not be written to."""
    folder, shut = tmp_path / "evidence", tmp_path / "shut"
    for path in (folder / "closed" / "x.log", folder / "secret.log", folder / "auth.log"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LINES)
    shut.mkdir()
    (folder / "secret.log").chmod(0)
    (folder / "closed").chmod(0)
    shut.chmod(0o500)

    def restricted(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-ISc", ROOT_LIKE_ANYBODY, COMMAND, "investigate", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=environment(data))

    try:
        assert " next: " in told(restricted(folder, "--out", shut / "out"), 2)
        assert " next: " in told(restricted(folder / "closed" / "x.log", "--out", tmp_path / "out"), 2)
        if os.geteuid() == 0:
            return  # restricted like that, root cannot reach the socket of Postgres, which has an account of its own
        done = restricted(folder, "--out", tmp_path / "out", "--json")
        assert done.returncode == 0, done.stderr
        assert "not read: secret.log: it cannot be opened: Permission denied" in done.stderr
        assert "not read: closed: the folder cannot be read: Permission denied" in done.stderr
        assert [name for name, _ in json.loads(done.stdout)["not_read"]] == ["closed", "secret.log"]
        alone = told(restricted(folder / "secret.log", "--out", tmp_path / "out", "--json"), 3)
        assert "Permission denied" in alone
    finally:
        (folder / "closed").chmod(0o700)
        shut.chmod(0o700)


def test_a_database_that_does_not_answer(data: Path, log: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "investigate", str(log), "--out", str(tmp_path / "out"), "--json"], capture_output=True, text=True, check=False, timeout=100,
        env={**environment(data), "IRCOPILOT_DATABASE_URL": "postgresql://nobody:secret-word@127.0.0.1:9/none"},
    )  # fmt: skip
    assert " next: " in told(done, 1)
    assert "secret-word" not in done.stderr
