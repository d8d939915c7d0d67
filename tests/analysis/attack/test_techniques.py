"""The technique table and the crosswalk of ids."""

from __future__ import annotations

import csv
from importlib import resources

import pytest

from ircopilot.analysis.attack import current_id, parent, tactic_id, technique
from ircopilot.analysis.attack.techniques import TACTICS, is_technique_id


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(resources.files("ircopilot.analysis.attack").joinpath(name).read_text().splitlines()))


@pytest.mark.parametrize(
    ("old", "new"),
    [("T1562.001", "T1685"), ("t1070.001", "T1685.005"), ("T1562.008", "T1685.002"), ("T1059.001", "T1059.001"),
     (" T9999 ", "T9999"), ("T1574.002", "T1574.001")],
)  # fmt: skip
def test_ids_of_older_versions_become_current(old, new):
    assert current_id(old) == new


def test_parent_goes_through_the_crosswalk():
    assert parent("T1003.001") == "T1003" and parent("T1562.004") == "T1686" and parent("T1190") == "T1190"


def test_names_and_tactics():
    lsass = technique("T1003.001")
    assert lsass is not None and lsass.name == "LSASS Memory" and lsass.tactics == ("credential-access",)
    impaired = technique("T1562.001")
    assert impaired is not None and impaired.id == "T1685" and impaired.tactics == ("defense-impairment",)
    assert technique("T9999") is None


def test_the_table_holds_no_withdrawn_id_and_only_known_tactics():
    table, old = {r["id"]: r for r in rows("techniques.csv")}, {r["old"]: r["current"] for r in rows("crosswalk.csv")}
    assert len(table) > 630 and not table.keys() & old.keys() and set(old.values()) <= table.keys()
    for row in table.values():
        assert is_technique_id(row["id"]) and row["name"] and set(row["tactics"].split()) <= TACTICS.keys() != set()
        assert row["id"].split(".")[0] in table


def test_tactics_have_numbers():
    assert (
        tactic_id("Credential Access") == "TA0006" and tactic_id("defense-evasion") == tactic_id("stealth") == "TA0005"
    )
    assert tactic_id("nonsense") == ""
