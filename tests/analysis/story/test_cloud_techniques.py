"""What a call of the cloud's API is for, by its name."""

import pytest

from ircopilot.analysis import attack
from ircopilot.analysis.story.cloud_techniques import _TECHNIQUES, techniques_of_call


@pytest.mark.parametrize(
    ("action", "techniques"),
    [
        ("UpdateFunctionCode20150331v2", ("T1648",)),
        ("ListFunctions20150331", ("T1526",)),
        ("AddPermission20150331v2", ("T1546",)),
        ("LeaveOrganization", ("T1666",)),
        ("DescribeAlarms", ()),
    ],
)
def test_a_call_shows_its_technique_whatever_the_version_of_its_api(action: str, techniques: tuple[str, ...]) -> None:
    assert techniques_of_call(action) == techniques


def test_every_technique_of_the_table_is_a_current_one() -> None:
    assert [
        t for ts in _TECHNIQUES.values() for t in ts if attack.current_id(t) != t or attack.technique(t) is None
    ] == []
