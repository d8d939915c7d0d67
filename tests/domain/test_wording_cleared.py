"""A log's clearing in words, with and without somebody to name."""

from datetime import UTC, datetime

from ircopilot.domain.findings import Act
from ircopilot.domain.wording import UNNAMED, sentence


def cleared(subject: str) -> str:
    act = Act(
        verb="cleared-log",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        subject=subject,
        objects=(),
        host="LAB-07.corp.example",
        detail={"channel": "Security"},
        evidence=("a" * 32,),
    )
    return sentence(act)


def test_who_cleared_it_is_said_where_the_record_says_so() -> None:
    assert cleared("CORP\\ines") == "CORP\\ines on LAB-07 cleared the Security event log."
    assert cleared(UNNAMED) == "The Security event log on LAB-07 was cleared."
