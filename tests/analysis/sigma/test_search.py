"""The shortcuts of the search say the same as the plain way: literals, globs, what a regex needs, many slices."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from ircopilot.analysis.sigma import match_rules
from ircopilot.analysis.sigma.literals import Literals, fits_glob
from ircopilot.analysis.sigma.regexes import compile_regex, required_literal
from ircopilot.analysis.sigma.rules import ANY_RUN, Atom

from .conftest import process


def test_literals_agree_with_the_string_methods_also_across_pieces(monkeypatch):
    monkeypatch.setattr("ircopilot.analysis.sigma.literals.PIECE_BYTES", 64)
    dice = random.Random(7)
    texts = ["".join(dice.choices("abé\n", k=dice.randrange(9))) for _ in range(300)]
    atoms = [Atom("", op, ("".join(dice.choices("abé\n", k=n)),)) for op in ("contains", "starts", "ends")
             for n in (1, 2, 3) for _ in range(6)]  # fmt: skip
    methods = {"contains": str.__contains__, "starts": str.startswith, "ends": str.endswith}
    found = {atom: places.tolist() for atom, places in Literals(list(dict.fromkeys(atoms))).find(texts)}
    for atom in atoms:
        assert found.get(atom, []) == [i for i, t in enumerate(texts) if methods[atom.op](t, atom.args[0])]


def test_globs_of_stars_agree_with_their_regex():
    dice = random.Random(11)
    for _ in range(2000):
        parts = [dice.choice([ANY_RUN, "a", "b", "ab", "aba"])]
        while len(parts) < 6:
            parts.append(dice.choice(["a", "b", "ab", "aba"]) if parts[-1] == ANY_RUN else ANY_RUN)
        text = "".join(dice.choices("ab", k=dice.randrange(1, 9)))
        pattern = "".join(".*" if p == ANY_RUN else p for p in parts)
        assert fits_glob(text, tuple(parts)) is (compile_regex(f"(?s)^(?:{pattern})$").search(text) is not None)


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"ping\s+-n.{6,64}echo EEEE\s?>", "echo eeee"), (r"(?i)SET.*(?:environment|invoke)x", "set"),
        ("ab|cd", ""), ("a(b|c)def*", "de"), ("[]a]xyz{2,3}q", "xy"), (r"\x41bc\.d", "bc.d"), ("abc?", "ab"),
        (r"\\wkssvc_?[0-9a-f]{2}", r"\wkssvc"), (r"\n\n", ""), ("(?P<n>a)b", ""), (r"\Qa.b\E", ""), ("ab+cd", "ab"),
        (r"\pLab\p{Greek}c", "ab"), ("(?i)ſet", "set"), (r"[[:alpha:]]xy[^\]]", "xy"),
    ],
)  # fmt: skip
def test_what_a_regex_needs(pattern, literal):
    assert required_literal(pattern) == literal
    compile_regex(pattern)


def test_a_regex_without_case_finds_what_only_folds_to_its_literal(rules, events):
    events.fill(process("\u017fEKURL\u017fa"), process("sekurlsa"), process("ekurlsa"))  # the long s folds to s
    found = match_rules(rules("s: {CommandLine|re|i: 'sekurls[a-z]'}\ncondition: s"), events.query).hits
    assert list(found.values()) == [["e0001", "e0002"]]


def test_slices_that_hold_other_fields_and_kinds_come_to_the_same(rules, events, monkeypatch):
    dice = np.random.default_rng(3)
    given = [process(f"run {n % 5}", **({"Extra": f"x{n % 3}"} if dice.random() < 0.4 else {})) for n in range(900)]
    for n in range(0, 900, 7):
        given[n] |= {"event_code": "5"}
    rule_set = rules(
        "a: {CommandLine|endswith: '3', Extra: x1}\nb: {Extra|exists: false, CommandLine|contains: n 4}\n"
        "c: {CommandLine|re: 'un [12]'}\ncondition: (a or b) and not c"
    )
    events.fill(*given)
    whole = match_rules(rule_set, events.query)
    assert whole.events == 900 - 129 and whole.detections[0].count > 20
    monkeypatch.setattr("ircopilot.analysis.sigma.fetch.SLICE_ROWS", 60)
    assert match_rules(rule_set, events.query) == whole


def test_columns_are_read_without_loading_pandas(tmp_path):
    texts = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int32()), pa.array(["a", "b"]))
    names, values = pa.array([["k", "k"], [], ["j"]]), pa.array([["1", "2"], [], ["3"]])
    table = pa.table({"t": pa.array([3, 1, 2], pa.int64()), "v": texts, "names": names, "texts": values})
    with pa.ipc.new_stream(tmp_path / "table", table.schema) as out:
        out.write_table(table)
    code = """
import sys
import numpy as np, pyarrow as pa
from ircopilot.analysis.sigma.columns import dictionary_of, originals_of, rows_at, times_of
table = pa.ipc.open_stream(sys.argv[1]).read_all()
assert times_of(table.column("t")).tolist() == [3, 1, 2]
assert dictionary_of(table.column("v")).codes.tolist() == [0, 1, 0]
assert table.column("v").take(rows_at(np.array([2, 1]))).to_pylist() == ["a", "b"]
fields = originals_of(table.column("names"), table.column("texts"))
said = {p.key: [c.values[i] for i in c.codes] for p, c in fields.items()}
assert said == {"k": ["1", "", ""], "j": ["", "", "3"]}, said
assert "pandas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "table")], check=True)
