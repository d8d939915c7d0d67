"""Compiling, caching, refusing; the starter set; added rule sets."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from ircopilot.analysis.attack import technique
from ircopilot.analysis.sigma import load_rules
from ircopilot.analysis.sigma.logsources import WINDOWS_CHANNELS, places_of
from ircopilot.analysis.sigma.rulesets import add_rules, stored_rules
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import stable_uuid

RULE = """title: {title}
id: {id}
level: low
tags: [attack.t1562.001, attack.execution]
logsource: {{product: windows, category: process_creation}}
detection:
  a: {{{value}}}
  condition: a
"""


def write(folder: Path, name: str, value: str = "CommandLine: x", text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yml"
    path.write_text(text or RULE.format(title=name, id=stable_uuid(name), value=value))
    return path


def test_starter_set_is_whole_and_mapped():
    rules = load_rules([])
    assert len(rules.rules) >= 45 and not rules.unusable
    products = {r.logsource.product for r in rules.rules}
    assert {"windows", "linux", "aws", "zeek"} <= products
    for rule in rules.rules:
        assert places_of(rule.logsource), rule.title
        if rule.logsource.product == "windows" and rule.logsource.service:
            assert rule.logsource.service in WINDOWS_CHANNELS, rule.title
        assert rule.description.endswith(".") and len(rule.title) <= 70, rule.title
        for number in rule.techniques:
            assert technique(number), (rule.title, number)
    assert len({r.title for r in rules.rules}) == len(rules.rules)


def test_cached_rules_are_the_same_rules(tmp_path):
    folder, cache = tmp_path / "rules", tmp_path / "cache"
    write(folder, "one", "CommandLine|re: 'a+'")
    write(folder, "bad", "CommandLine|re: '(?<=a)b'")
    calls: list[tuple[int, int]] = []
    first = load_rules([folder], cache, starter=False, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]
    second = load_rules([folder], cache, starter=False, progress=lambda *_: pytest.fail("compiled again"))
    assert first == second and first.rules[0].techniques == ("T1685",)
    assert list(first.unusable_counts().values()) == [1]


def test_changed_rules_and_damaged_caches_are_compiled_again(tmp_path):
    folder, cache = tmp_path / "rules", tmp_path / "cache"
    write(folder, "one")
    load_rules([folder], cache, starter=False)
    write(folder, "two")
    assert len(load_rules([folder], cache, starter=False).rules) == 2
    for stored in cache.iterdir():
        stored.write_bytes(stored.read_bytes()[:50])
    assert len(load_rules([folder], cache, starter=False).rules) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RULE.format(title="r", id=stable_uuid("r"), value="CommandLine|re: '(a)\\1'"), "regex not linear-time (RE2)"),
        (RULE.format(title="p", id=stable_uuid("p"), value="'CommandLine|expand': '%users%'"), "placeholder"),
        ("title: c\ncorrelation: {type: event_count}\n", "correlation rule"),
        ("just text", "not a rule"),
        ("a: [", "not YAML"),
        (RULE.format(title="m", id=stable_uuid("m"), value="'CommandLine|nonsense': x"), "invalid modifier"),
        (RULE.format(title="n", id=stable_uuid("n"), value="CommandLine: x").replace("condition: a", "condition: a and b"),
         "invalid condition"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_counted_with_its_reason(tmp_path, text, kind):
    write(tmp_path, "one", text=text)
    rules = load_rules([tmp_path], starter=False)
    assert not rules.rules and rules.unusable_counts() == {kind: 1} and rules.unusable[0].reason


def test_an_id_given_twice_counts_once(tmp_path):
    write(tmp_path / "a", "one")
    write(tmp_path / "b", "one")
    rules = load_rules([tmp_path / "a", tmp_path / "b"], starter=False)
    assert len(rules.rules) == 1 and rules.unusable_counts() == {"duplicate id": 1}


def test_added_rules_are_copied_and_listed_once(tmp_path):
    checkout = tmp_path / "My rules"
    write(checkout / "windows", "one")
    (checkout / "README.md").write_text("no rule")
    (checkout / "link.yml").symlink_to("/etc/passwd")
    first = add_rules(checkout, tmp_path / "data")
    assert add_rules(checkout, tmp_path / "data") == first
    assert [(s.files, s.name) for s in stored_rules(tmp_path / "data")] == [(1, first.name)]
    assert first.name.startswith("My-rules-") and (first.folder / "windows" / "one.yml").is_file()


def test_a_zip_is_taken_and_a_climbing_member_refused(tmp_path):
    good, bad, linked = tmp_path / "good.zip", tmp_path / "bad.zip", tmp_path / "linked.zip"
    text = RULE.format(title="t", id=stable_uuid("t"), value="CommandLine: x")
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("rules/a.yml", text)
        archive.writestr("rules/large.yml", "x" * (2 << 20))
        archive.writestr("rules/a.exe", "MZ")
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../../evil.yml", text)
    with zipfile.ZipFile(linked, "w") as archive:
        info = zipfile.ZipInfo("a.yml")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert add_rules(good, tmp_path / "data").files == 1
    for given in (bad, linked):
        with pytest.raises(UnusableArgument, match="leads outside"):
            add_rules(given, tmp_path / "data")
    (tmp_path / "empty").mkdir()
    for given in (tmp_path / "nothing", tmp_path / "empty"):
        with pytest.raises(UnusableArgument):
            add_rules(given, tmp_path / "data")
    assert [p.name for p in (tmp_path / "data" / "rules").iterdir()] == [stored_rules(tmp_path / "data")[0].name]
    assert not (tmp_path / "evil.yml").exists()
