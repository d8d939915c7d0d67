"""How the gate reads records: content, roles, whole-value search."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ircopilot.domain.event import HOT_BY_NAME
from ircopilot.report.gate.cited import plain, written_times
from ircopilot.report.gate.occurrence import occurs, quotes
from ircopilot.report.gate.passages import blank, passage_mask
from ircopilot.report.gate.roles import VERBS
from ircopilot.report.gate.shapes import ACCOUNT_DOMAIN, HOSTS, PATHS, PORT_OF, TEXTS
from ircopilot.report.gate.standing import role_reasons, stands

from .records import CALL, CERT, FLOW, LOGON, START, T0, cited


def test_base64_is_read_two_deep_and_no_deeper() -> None:
    inner = "powershell secret.ps1 from somewhere"
    texts = [inner]
    for _ in range(3):
        texts.append(base64.b64encode(texts[-1].encode("utf-16-le")).decode())
    assert "secret.ps1" in cited("e", "x", {}, {"a": texts[1]}).content.strict
    assert "secret.ps1" in cited("e", "x", {}, {"a": texts[2]}).content.strict
    assert "secret.ps1" not in cited("e", "x", {}, {"a": texts[3]}).content.strict
    assert cited("e", "x", {}, {"a": "A" * 25}).content.leaves == {"a" * 25}


def test_times_are_corrected_and_written() -> None:
    record = cited(
        "e",
        "x",
        {},
        {
            "t": "2024-05-01T10:00:00.25+02:00",
            "u": "2024-05-01 10:00",
            "v": 1704164645.9,
            "bad": "2024-99-01 10:00:00Z",
        },
    )
    assert record.content.times == (
        T0,
        datetime(2024, 5, 1, 8, 0, 0, 250_000, UTC),
        datetime(2024, 5, 1, 10, tzinfo=UTC),
        datetime(2024, 1, 2, 3, 4, 5, 900_000, UTC),
    )
    assert list(written_times("0001-01-01 00:00:00+23:00 and 2024-05-01 10:00:00-0100")) == [
        datetime(2024, 5, 1, 11, tzinfo=UTC)
    ]


def test_values_inside_strings_are_read() -> None:
    record = cited(
        "e",
        "x",
        {},
        {
            "a": '{"Port": "443", "deep": {"Pid": 7}}',
            "b": '<Data Name="Target">x &amp; y</Data>',
            "c": "{broken",
            "d": "[1, 2]",
        },
    )
    assert {("port", 443), ("pid", 7)} <= record.content.numbers
    assert "x & y" in record.content.wide and "x & y" not in record.content.strict
    assert ("processid", 0x578) in LOGON.content.numbers


@pytest.mark.parametrize(
    ("kind", "value", "text", "found"),
    [
        ("run", "evil.exe", r"c:\x\evil.exe", True),
        ("run", "evil.exe", "notevil.exe and evil.exe.bak", False),
        ("run", "evil.exe", "x-evil.exe, then evil.exe.", True),
        ("run", "10.0.0.1", "10.0.0.12, 110.0.0.1, 10.0.0.1.4", False),
        ("run", "", "text", False),
        ("colons", "fe80::1", "fe80::12 fe80::1", True),
        ("path", "/etc/passwd", "/mnt/etc/passwd", False),
        ("path", r"corp\bob", r"corp\bob.smith", False),
        ("token", "ws01", "ws01.corp.local", True),
        ("token", "ws01", "ws01-old", False),
        ("hex", "abc", "abcd", False),
        ("quoted", "-x", "a -x b", True),
    ],
)
def test_a_value_occurs_whole_or_not_at_all(kind: str, value: str, text: str, found: bool) -> None:
    assert occurs(kind, value, text) is found


def test_a_cut_value_may_go_on() -> None:
    assert occurs("path", r"c:\use", r"c:\users", cut=True) and not occurs("path", r"c:\use", r"c:\users")


def test_quotations_keep_order_line_and_words() -> None:
    assert quotes("one … three", "one two three") and quotes("two", "one two")
    assert not quotes("three … one", "one two three")
    assert not quotes("ne two", "one two") and not quotes("one … thre", "one two three")
    assert not quotes("one two", "one\ntwo") and not quotes("…", "one")


def test_passages_are_whole_values_or_their_beginnings() -> None:
    record = cited(
        "e",
        "x",
        {"process_command_line": "net user no /domain"},
        {"a": "cmd.exe /c echo never say never"},
        message="said so",
    )
    text = "Ran net user no /domain and cmd.exe /c echo …, cmd.exe /c else …; cmd.exe /c echo n"
    own = blank(text, passage_mask(text, [record]))
    assert own.split() == ["Ran", "and", "…,", "cmd.exe", "/c", "else", "…;", "cmd.exe", "/c", "echo", "n"]
    assert blank("No never", passage_mask("No never", [record])) == "No never"
    assert blank("he said so", passage_mask("he said so", [record])).split() == ["he"]
    assert passage_mask("a", [], ["", "b"]) == bytearray(1)


@pytest.mark.parametrize(
    ("event", "value", "names", "answer"),
    [
        (START, "EVIL.EXE", ("process_executable",), True),
        (START, r"bob\evil.exe", ("process_executable",), True),
        (START, r"C:\evil.exe", ("process_executable",), False),
        (START, "ws01", ("host_name",), True),
        (START, "ws0", ("host_name",), False),
        (START, r"corp.local\bob", ("user_name",), True),
        (START, r"EVIL\bob", ("user_name",), False),
        (START, r"CORP\eve", ("user_name",), False),
        (START, "bob", ("fields.User",), False),
        (START, "--no-check", ("process_command_line",), True),
        (START, "", ("process_executable",), False),
        (START, "windows.sysmon", ("source",), True),
        (START, "explorer.exe", ("*",), True),
        (START, "explore", ("*",), False),
        (FLOW, "203.0.113.7:443", ("destination_ip",), True),
        (FLOW, "203.0.113.7:80", ("destination_ip",), False),
        (FLOW, "other", ("destination_ip",), False),
        (FLOW, "::ffff:203.0.113.7", ("destination_ip",), True),
        (CERT, "CN=Sliver CA", ("fields.issuer",), True),
        (CALL, "arn:x", ("fields.roleArn",), True),
        (CALL, "plain", ("fields.grants",), True),
        (CALL, "nobody", ("fields.nothing",), False),
    ],
)
def test_a_value_stands_in_a_column_or_not(event: object, value: str, names: tuple[str, ...], answer: bool) -> None:
    assert stands(event, value, names) is answer  # type: ignore[arg-type]


def test_subject_and_object_stand_in_one_record() -> None:
    other = cited("other", "zeek.conn", {"source_ip": "10.0.0.6", "destination_ip": "203.0.113.8"}, {})
    assert role_reasons("connected", "10.0.0.5", ["203.0.113.7"], [FLOW, other]) == []
    assert role_reasons("connected", "10.0.0.5", ["203.0.113.8"], [FLOW, other]) != []


def test_direction_matters() -> None:
    inbound = cited("in", "windows.sysmon", {"event_code": "3", "network_direction": "inbound", "process_executable": "w3wp.exe", "source_ip": "10.0.0.9",
                                             "destination_ip": "10.0.0.5"}, {})  # fmt: skip
    assert role_reasons("connected", "w3wp.exe", ["10.0.0.5"], [inbound]) != []
    assert role_reasons("accepted-connection", "w3wp.exe", ["10.0.0.9"], [inbound]) == []


def test_an_act_needs_a_record_that_can_show_it() -> None:
    empty = cited("e", "zeek.dns", {"source_ip": "10.0.0.5"}, {})
    assert role_reasons("downloaded", "10.0.0.5", [], [empty]) == ["no cited record can show the act 'downloaded'"]
    assert role_reasons("failed-logon", "", [], [LOGON]) != []


def test_the_table_names_columns_that_exist() -> None:
    named = {n for verb in VERBS.values() for way in verb.ways for n in (*way.subject, *way.objects)}
    named |= {
        n
        for verb in VERBS.values()
        for way in verb.ways
        for s in way.shapes
        for n in (*s.needs, *(k for k, _ in s.unless))
    }
    named |= {*ACCOUNT_DOMAIN, *ACCOUNT_DOMAIN.values(), *PORT_OF, *PORT_OF.values(), *PATHS, *TEXTS, *HOSTS}
    unknown = {n for n in named if not n.startswith("fields.")} - set(HOT_BY_NAME) - {"*", "source"}
    assert unknown == set()


@given(st.text(max_size=200))
def test_plain_is_stable(text: str) -> None:
    assert plain(plain(text)) == plain(text)
