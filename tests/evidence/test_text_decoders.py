"""Decoders of text: numbering, encodings, endless lines, and what each framing does with bad input."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any, cast

import pytest

from ircopilot.evidence.decoders import format_list, framing, windows_text
from ircopilot.evidence.decoders.audit_line import read_audit_line
from ircopilot.evidence.decoders.csv_rows import CsvRows
from ircopilot.evidence.decoders.format_list import FormatList
from ircopilot.evidence.decoders.json_array import JsonArray
from ircopilot.evidence.decoders.json_objects import JsonObjects
from ircopilot.evidence.decoders.lines import Lines, read_line
from ircopilot.evidence.decoders.syslog_line import read_syslog_line
from ircopilot.evidence.decoders.windows_text import WindowsText
from ircopilot.evidence.decoders.zeek_tsv import ZeekTsv
from ircopilot.evidence.records import Block, Decoder


class Read:
    """All that a decoder made of some bytes."""

    def __init__(self, decoder: Decoder, data: bytes | Iterable[bytes]) -> None:
        stream = io.BytesIO(data if isinstance(data, bytes) else b"".join(data))
        self.blocks: list[Block] = list(decoder.decode(stream))
        self.locators = [x for b in self.blocks for x in b.locators]
        self.records = [cast(dict[str, Any], json.loads(p)) for b in self.blocks for p in b.payloads]
        self.errors = [e for b in self.blocks for e in b.errors]
        self.skips = sum(b.skips for b in self.blocks)


def test_blank_lines_count_and_line_ends_are_dropped() -> None:
    data = b"2031-04-02 10:00:01 one\r\n\r\n   \n2031-04-02 10:00:02 four"
    read = Read(Lines(), data)
    assert read.locators == ["line:1", "line:4"]
    assert read.skips == 2
    assert read.records[0]["message"] == "2031-04-02 10:00:01 one"
    assert read.blocks[-1].consumed == len(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_become_utf8_and_keep_their_line_numbers(encoding: str) -> None:
    text = "2031-04-02 10:00:01 first été\n\n2031-04-02 10:00:02 third 終\n"
    read = Read(Lines(), text.encode(encoding))
    assert read.locators == ["line:1", "line:3"]
    assert [r["message"][20:] for r in read.records] == ["first été", "third 終"]


def test_line_of_gigabytes_is_passed_over_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_RECORD_BYTES", 3 << 20)

    class Endless(io.RawIOBase):
        left = 200

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            self.left -= 1
            if self.left == 199:
                return b"2031-04-02 10:00:01 before\n"
            if self.left > 1:
                return b"x" * (1 << 20)
            return b"\n2031-04-02 10:00:03 after\n" if self.left == 1 else b""

    blocks = list(Lines().decode(cast(Any, Endless())))
    assert [x for b in blocks for x in b.locators] == ["line:1", "line:3"]
    assert [e.locator for b in blocks for e in b.errors] == ["line:2"]


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert Read(Lines(), b"2031-04-02 10:00:01 caf\xe9\n").records[0]["message"].endswith("caf\ufffd")


def test_zeek_header_may_change_within_a_file() -> None:
    text = (
        "#separator \\x7c\n#set_separator|;\n#empty_field|EMPTY\n#unset_field|NONE\n#path|one\n#fields|ts|a|s\n"
        "#types|time|string|set[string]\n1.5|x\\x7cy|p;q\n2.5|NONE|EMPTY\n#close|1\n#fields|ts|b\n3.5|z\n"
    )
    read = Read(ZeekTsv(), text.encode())
    assert read.records == [
        {"_path": "one", "ts": "1.5", "a": "x|y", "s": ["p", "q"]},
        {"_path": "one", "ts": "2.5", "s": []},
        {"_path": "one", "ts": "3.5", "b": "z"},
    ]
    assert read.locators == ["line:8", "line:9", "line:12"]
    assert read.skips == 9


def test_zeek_row_of_another_width_is_an_error() -> None:
    read = Read(ZeekTsv(), b"#separator \\x09\n#fields\tts\ta\n1.0\tx\ty\n2.0\tz\n3.0\n")
    assert [e.locator for e in read.errors] == ["line:3", "line:5"]
    assert len(read.records) == 1


def test_csv_cells_span_lines_and_records_keep_their_number() -> None:
    text = 'time,message\n2031-04-02 10:00:01,"two\nlines, one cell"\n\n2031-04-02 10:00:02,last,extra\n'
    read = Read(CsvRows(), text.encode())
    assert read.locators == ["record:1", "record:3"]
    assert read.records[0]["message"] == "two\nlines, one cell"
    assert read.records[1]["extra_1"] == "extra"


def test_wrapper_elements_are_numbered_and_bad_ones_located() -> None:
    text = b'{"Records": [ {"a": "}{", "b": [1, {"c": 2}]}, 5\n{"a": 2}, {"a": 3'
    read = Read(JsonObjects(), text)
    assert read.records == [{"a": "}{", "b": [1, {"c": 2}]}, {"a": 2}]
    assert [e.locator for e in read.errors] == ["record:2", "record:4"]


def test_objects_over_many_lines_are_located_by_bytes() -> None:
    text = b'{\n "a": 1\n}\n{\n "a": 2\n}\n'
    read = Read(JsonObjects(), text)
    assert len(read.locators) == 2
    for locator, record in zip(read.locators, read.records, strict=True):
        start, end = map(int, locator.removeprefix("bytes:").split("-"))
        assert json.loads(text[start:end]) == record


_HEAD = "03/15/2031 10:22:{:02} AM\nLogName=System\nEventCode=7036\nSourceName=Service Control Manager\nMessage={}\n"


@pytest.mark.parametrize(
    "filling", ["x" * (3 << 20), "x\n" * 9000, "\n" * 9000], ids=["one line", "many lines", "blank lines"]
)
def test_an_endless_event_in_text_is_an_error_and_the_next_one_is_where_it_is_said_to_be(
    monkeypatch: pytest.MonkeyPatch, filling: str
) -> None:
    monkeypatch.setattr(windows_text, "MAX_RECORD_BYTES", 9000)
    events = [_HEAD.format(10, "first"), _HEAD.format(11, filling), _HEAD.format(12, "last \xff")]
    text = "".join(events).encode("latin-1")
    read = Read(WindowsText(), text)
    assert [r["Message"] for r in read.records] == ["first", "last \ufffd"]
    assert [s for b in read.blocks for s in b.seqs] == [1, 3]
    assert ["longer than" in e.reason for e in read.errors] == [True]
    places = [locator.removeprefix("bytes:").split("-") for locator in (*read.locators, read.errors[0].locator)]
    stretches = [text[int(a) : int(b)].decode("latin-1").strip() for a, b in places]
    assert stretches == [events[0].strip(), events[2].strip(), events[1].strip()]


@pytest.mark.parametrize("filling", ["x\n" * 9000, "\n" * 9000], ids=["many lines", "blank lines"])
def test_an_endless_event_in_a_list_is_an_error(monkeypatch: pytest.MonkeyPatch, filling: str) -> None:
    monkeypatch.setattr(format_list, "MAX_RECORD_BYTES", 8000)
    event = "TimeCreated  : 03/15/2031 10:22:14\nProviderName : Service Control Manager\nId           : 7036\nMessage      : "
    read = Read(FormatList(), f"{event}first\n\n{event}{filling}\n\n{event}last\n".encode())
    assert [r["Message"] for r in read.records] == ["first", "last"]
    assert [(e.locator, "longer than" in e.reason) for e in read.errors] == [("record:2", True)]
    assert read.locators == ["record:1", "record:3"]


def test_wrapper_inside_a_wrapper_is_found() -> None:
    text = b'{"took": 3, "hits": {"total": 2, "hits": [{"_source": {"a": 1}}, {"_source": {"a": 2}}]}}'
    read = Read(JsonObjects(), text)
    assert [r["_source"]["a"] for r in read.records] == [1, 2]
    assert read.locators[0].startswith("bytes:")


def test_hostile_nesting_ends() -> None:
    read = Read(JsonObjects(), b'{"a":\n' * 20_000)
    assert not read.records
    assert read.errors[-1].reason.endswith("the rest is not read")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Apr  2 10:00:01 host prog[12]: hi", {"hostname": "host", "program": "prog", "pid": "12", "message": "hi"}),
        ("<13>Apr 12 10:00:01.123 host prog: hi", {"priority": "13", "program": "prog"}),
        (
            "2031-04-02T10:00:01.1+02:00 host prog: a: b",
            {"timestamp": "2031-04-02T10:00:01.1+02:00", "message": "a: b"},
        ),
        ('<34>1 2031-04-02T10:00:01Z host app - ID7 [x@1 k="a\\"b"] hi', {"msgid": "ID7", "k": 'a"b', "message": "hi"}),
        ("Apr  2 10:00:01 host no tag here", {"hostname": "host", "message": "no tag here"}),
    ],
)
def test_syslog_forms(line: str, expected: dict[str, str]) -> None:
    found = read_syslog_line(line)
    assert found is not None
    assert expected.items() <= found.items()


def test_level_of_a_program_log_is_no_host() -> None:
    found = read_line("2031-04-02 10:00:01,250 INFO com.example.Main: started")
    assert found is not None
    assert "hostname" not in found
    assert found["timestamp"] == "2031-04-02 10:00:01.250"


def test_audit_hexadecimal_is_read_and_kept() -> None:
    found = read_audit_line('type=EXECVE msg=audit(1932940801.5:7): argc=2 a0="sh" a1[0]=2D63 a1[1]=206C73 a1_len=5')
    assert found is not None
    assert found["argv"] == "sh -c ls"
    assert found["a1[0]"] == "2D63"
    assert (found["epoch"], found["serial"]) == ("1932940801.5", "7")


def test_audit_as_ausearch_interprets_it() -> None:
    head = "msg=audit(04/02/2031 10:11:12.345:421) : "
    lines = [
        f"type=PROCTITLE {head}proctitle=tar -cf /tmp/a b.tar key=1 ",
        f"type=EXECVE {head}argc=3 a0=sh a1=-c a2=echo x=1 two ",
        f"type=SYSCALL {head}arch=x86_64 syscall=execve success=yes exit=0 ppid=100 pid=4321 auid=unset uid=www-data comm=CAFE exe=/usr/bin/my tool key=(null) ",
        f"type=SOCKADDR {head}saddr={{ saddr_fam=inet laddr=198.51.100.7 lport=8080 }} ",
        f"type=USER_LOGIN {head}pid=7 uid=root msg='op=login acct=mona exe=/usr/sbin/sshd hostname=? addr=203.0.113.4 terminal=ssh res=success' ",
        "----",
    ]
    read = Read(Lines(), "\n".join(lines).encode())
    assert (read.skips, read.errors) == (1, [])
    title, start, call, socket, login = read.records
    assert title["proctitle"] == "tar -cf /tmp/a b.tar key=1"
    assert (start["argv"], start["a2"], start["serial"]) == ("sh -c echo x=1 two", "echo x=1 two", "421")
    assert (call["SYSCALL"], call["UID"], call["exe"], call["pid"]) == (
        "execve",
        "www-data",
        "/usr/bin/my tool",
        "4321",
    )
    assert not {"auid", "AUID", "key", "comm_text"} & set(call)
    assert (socket["laddr"], socket["lport"]) == ("198.51.100.7", "8080")
    assert (login["acct"], login["addr"], login["res"]) == ("mona", "203.0.113.4", "success")
    assert {r["timestamp"] for r in read.records} == {"2031-04-02T10:11:12.345"}


@pytest.mark.parametrize(
    ("line", "timestamp"),
    [
        ("4/2/2031 1:02:03 PM x", "2031-04-02T13:02:03"),
        ("4/2/2031 12:02:03 AM x", "2031-04-02T00:02:03"),
        ("25/12/2031 13:02:03 x", "2031-12-25T13:02:03"),
        ("[2031/04/02 10:00:02,5] x", "2031-04-02T10:00:02.5"),
        ("x [02/Apr/2031:12:00:01 +0200] y", "2031-04-02T12:00:01+0200"),
        ("Wed Apr  2 10:00:04 2031 x", "2031-04-02T10:00:04"),
    ],
)
def test_times_of_unknown_lines(line: str, timestamp: str) -> None:
    found = read_line(line)
    assert found is not None
    assert found["timestamp"] == timestamp
    assert found["message"] == line


def test_array_elements_are_numbered_past_bad_ones() -> None:
    read = Read(JsonArray(), b'\xef\xbb\xbf[ {"a": "],[{"}, "text {", [1, 2], null, {"b": {"c": []}} ]')
    assert read.records == [{"a": "],[{"}, {"b": {"c": []}}]
    assert read.locators == ["record:1", "record:5"]
    assert [e.locator for e in read.errors] == ["record:2", "record:3", "record:4"]


@pytest.mark.parametrize("text", [b'[{"a": 1}, {"b": 2', b'[{"a": 1},', b'[{"a": 1}'])
def test_array_that_ends_in_the_middle_says_so(text: bytes) -> None:
    read = Read(JsonArray(), text)
    assert read.records == [{"a": 1}]
    assert [e.locator for e in read.errors] == ["record:2"]
