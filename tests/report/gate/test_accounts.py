"""Accounts that look like something else, and technique ids that are only a part of a path."""

from __future__ import annotations

import pytest

from ircopilot.domain.claims import Claim
from ircopilot.report.gate import check_claim

from .records import cited, draft

CLEARED = cited(
    "cleared", "windows.security", {"event_code": "1102", "user_name": "tove", "user_domain": "3F"},
    {"SubjectUserName": "tove", "SubjectDomainName": "3F"},
)  # fmt: skip
RESET = cited(
    "reset", "windows.security", {"event_code": "4742", "user_name": "ANONYMOUS LOGON", "user_domain": "NT AUTHORITY"},
    {"SubjectUserName": "ANONYMOUS LOGON", "SubjectDomainName": "NT AUTHORITY"},
)  # fmt: skip
STORED = cited(
    "stored", "windows.defender", {"event_code": "1116", "file_path": r"C:\lab\atomics\T1056\keys.ps1"},
    {"Path": r"C:\lab\atomics\T1056\keys.ps1"},
)  # fmt: skip
SHARED = cited("shared", "aws.cloudtrail", {}, {"requestParameters": {"valuesToAdd": ["998877665544"], "count": 7}})
EVENTS = {e.event_id: e for e in (CLEARED, RESET, STORED, SHARED)}


@pytest.mark.parametrize(
    ("text", "event", "holds"),
    [
        (r"3F\tove did it.", "cleared", True),
        (r"3F\odile did it.", "cleared", False),
        (r"4F\tove did it.", "cleared", False),
        (r"NT AUTHORITY\ANONYMOUS LOGON did it.", "reset", True),
        (r"NT AUTHORITY\ANONYMOUS LOGON did it.", "cleared", False),
        (r"It names C:\lab\atomics\T1056\keys.ps1.", "stored", True),
        (r"It names C:\lab\atomics\T1057\keys.ps1.", "stored", False),
        ("It shows T1056.", "stored", False),
        ("It was given to others (valuesToAdd: “998877665544”).", "shared", True),
        ("It was given to others (valuesToAdd: “998877665545”).", "shared", False),
        ("It was given to others (count: “998877665544”).", "shared", False),
    ],
)
def test_values_are_held_up_by_the_fields_that_make_them(text: str, event: str, holds: bool) -> None:
    assert isinstance(check_claim(draft(text, event), EVENTS, {}, {}), Claim) == holds
