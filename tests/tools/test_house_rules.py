"""Each house rule finds its own fault and leaves sound code alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "tools" / "house_rules.py"
spec = importlib.util.spec_from_file_location("house_rules", PROGRAM)
assert spec
assert spec.loader
house_rules = importlib.util.module_from_spec(spec)
sys.modules["house_rules"] = house_rules
spec.loader.exec_module(house_rules)

DOC = '"""A module."""\n'
LONG_FUNCTION = "def f():\n    '''Do it.'''\n" + "    x = 1\n" * 60


def rules_broken(path: str, text: str) -> set[str]:
    return {finding.rule for finding in house_rules.check_source(PurePosixPath(path), text)}


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        ("src/ircopilot/analysis/x.py", DOC + "tx.execute('x')\n", "sql-outside-stores"),
        ("src/ircopilot/pipeline/x.py", DOC + "session.commit()\n", "sql-outside-stores"),
        ("src/ircopilot/report/x.py", DOC + "q = 'SELECT a FROM b WHERE c'\n", "sql-text"),
        ("src/ircopilot/cli/x.py", DOC + "q = f'DELETE FROM {table}'\n", "sql-text"),
        ("src/ircopilot/report/x.py", DOC + "x = 1\n" * 400, "file-length"),
        ("tests/report/test_x.py", LONG_FUNCTION, "function-length"),
        ("src/ircopilot/report/utils.py", DOC, "file-name"),
        ("src/ircopilot/report/x.py", DOC + "p = '/home/somebody/data'\n", "home-path"),
        ("tools/x.py", DOC + "p = '/root/data'\n", "home-path"),
        ("src/ircopilot/report/x.py", "x = 1\n", "docstring"),
        ("src/ircopilot/report/__init__.py", '"""."""\ndef f(): ...\n', "docstring"),
        ("src/ircopilot/report/x.py", DOC + "class A:\n    '''An A.'''\n    def f(self): ...\n", "docstring"),
        ("src/ircopilot/report/x.py", "def (:\n", "syntax"),
    ],
)
def test_a_fault_is_found(path: str, text: str, rule: str) -> None:
    assert rule in rules_broken(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/ircopilot/stores/postgres/x.py", DOC + "tx.execute('select a from b')\ntx.commit()\n"),
        ("src/ircopilot/analysis/x.py", DOC + "q = 'SELECT host FROM {events}'\n"),
        ("src/ircopilot/report/x.py", DOC + "text = 'Select a file from the list, please'\n"),
        ("src/ircopilot/sample/x.py", DOC + "line = 'cat /root/.aws/credentials'\n"),
        ("tests/x.py", "p = '/home/somebody/data'\ntx.execute('x')\n"),
        ("src/ircopilot/report/x.py", DOC + "url = 'https://x.example/home/a/b'\ndef _hidden(): ...\n"),
    ],
)
def test_sound_code_passes(path: str, text: str) -> None:
    assert rules_broken(path, text) == set()


def test_every_rule_explains_itself() -> None:
    assert all((rule.__doc__ or "").strip() for rule in house_rules.RULES)


def test_the_program_fails_on_a_finding_and_names_its_place() -> None:
    clean = subprocess.run([sys.executable, PROGRAM, PROGRAM], capture_output=True, text=True, check=False)
    assert (clean.returncode, clean.stdout) == (0, "house rules: 1 files, 0 findings\n")
