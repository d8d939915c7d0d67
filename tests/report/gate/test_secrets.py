"""Secrets of records in claims: shown as marks, never in clear, and the mark over nothing else."""

from __future__ import annotations

import pytest
from tests.report.gate.records import cited, draft

from ircopilot.domain.claims import Claim, Drafter, Rejection
from ircopilot.report.gate import DraftSection, check_claim, gate_report, keep_as_word

_COMMAND = r"net use \\FS-01\c$ Winter-2031 /user:HOLLOW\bob"
SHARE = cited(
    "share", "windows.sysmon",
    {"event_code": "1", "host_name": "WS-7", "process_executable": r"C:\Windows\System32\net.exe", "process_name": "net.exe",
     "process_parent_executable": r"C:\Windows\System32\cmd.exe", "process_command_line": _COMMAND},
    {"Image": r"C:\Windows\System32\net.exe", "CommandLine": _COMMAND, "ParentImage": r"C:\Windows\System32\cmd.exe"},
)  # fmt: skip
FETCH = cited(
    "fetch", "zeek.http", {"source_ip": "192.0.2.7", "destination_ip": "198.51.100.9", "url_full": "http://bob:Winter-2031@198.51.100.9/a"},
    {"uri": "http://bob:Winter-2031@198.51.100.9/a", "id.orig_h": "192.0.2.7", "id.resp_h": "198.51.100.9"},
)  # fmt: skip
COMMON = cited(
    "common", "windows.sysmon", {"event_code": "1", "process_command_line": "net user bob password /add"}, {"CommandLine": "net user bob password /add"}
)  # fmt: skip
EVENTS = {e.event_id: e for e in (SHARE, FETCH, COMMON)}


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (r"cmd.exe ran net.exe on WS-7: “net use \\FS-01\c$ [secret] /user:HOLLOW\bob”.", "share"),
        (r"cmd.exe ran net use \\FS-01\c$ [secret] /user:HOLLOW\bob.", "share"),
        (r"net.exe was given “\\FS-01\c$ [secret]” on WS-7.", "share"),
        (r"net.exe on WS-7: “net use … [secret] /user:HOLLOW\bob”.", "share"),
        (
            "A network sensor saw 192.0.2.7 fetch content from 198.51.100.9, http://bob:[secret]@198.51.100.9/a.",
            "fetch",
        ),
        ("The password of bob came from a list.", "common"),
    ],
)
def test_a_masked_sentence_is_borne_out_by_its_record(text: str, event: str) -> None:
    found = check_claim(draft(text, event), EVENTS, {})
    assert isinstance(found, Claim), found


@pytest.mark.parametrize(
    ("text", "event", "why"),
    [
        (r"net.exe on WS-7: “net use [secret] Winter-2031 /user:HOLLOW\bob”.", "share", "secret"),
        (r"net.exe on WS-7: “net use \\FS-01\c$ [secret]”, which is \\FS-02\c$.", "share", "path"),
        (r"net.exe on WS-7: “net use \\FS-01\c$ [secret] /user:HOLLOW\[secret]”.", "share", "quotation"),
        (r"net.exe on WS-7: “net [secret] \\FS-01\c$”.", "share", "quotation"),
        ("bob ran [secret] on WS-7.", "share", "stands where"),
        ("[secret] was fetched by 192.0.2.7.", "fetch", "stands where"),
        ("192.0.2.7 fetched http://[secret]@198.51.100.9/a.", "fetch", "URL"),
        ("192.0.2.7 fetched http://bob:[secret]@198.51.100.9/[secret].", "fetch", "URL"),
        (r"cmd.exe started net.exe on WS-7: “net use \\FS-01\c$ Winter-2031 /user:HOLLOW\bob”.", "share", "shows a secret"),
        ("The password was winter-2031.", "share", "shows a secret"),
        ("net.exe: “net user bob password /add”.", "common", "shows a secret"),
    ],
)  # fmt: skip
def test_a_mark_over_something_else_and_a_secret_in_clear_are_refused(text: str, event: str, why: str) -> None:
    found = check_claim(draft(text, event), EVENTS, {})
    assert isinstance(found, Rejection)
    assert any(why in reason for reason in found.reasons), found.reasons


def test_a_mark_between_two_passages_is_no_part_of_them() -> None:
    text = rf"net.exe: “{_COMMAND}” [secret] “{_COMMAND}”.".replace("Winter-2031", "[secret]")
    found = check_claim(draft(text, "share"), EVENTS, {})
    assert isinstance(found, Rejection)
    assert found.reasons == ("'[secret]' stands where the cited records have no secret",)


def test_a_persons_own_word_shows_no_secret_of_what_it_cites() -> None:
    shown = keep_as_word(draft("Bob's password was Winter-2031.", "share"), EVENTS, {}, "Ada")
    assert isinstance(shown, Rejection)
    assert isinstance(keep_as_word(draft("Bob's password was a season and a year.", "share"), EVENTS, {}, "Ada"), Claim)


def test_a_refused_sentence_is_shown_without_the_secret() -> None:
    lie = draft(r"Nobody ran “net use \\FS-01\c$ Winter-2031” and WINTER-2031 was wrong.", "share")
    report = gate_report(
        [DraftSection("summary", "Summary", (lie,))], EVENTS, {}, {}, Drafter(name="test", version="1")
    )
    assert [r.draft.text for r in report.rejections] == [
        r"Nobody ran “net use \FS-01\c$ [secret]” and [secret] was wrong."
    ]
