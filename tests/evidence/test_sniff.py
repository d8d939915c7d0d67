"""Recognising evidence by its first bytes."""

from __future__ import annotations

import json
import os

import pytest

from ircopilot.evidence.mappings.generic import infer_mapping
from ircopilot.evidence.sniff import SAMPLE_BYTES, sniff

CLOUD = {"eventTime": "2031-04-02T10:00:00Z", "eventName": "GetObject", "eventSource": "s3.amazonaws.com",
         "awsRegion": "eu-north-1", "userIdentity": {"type": "IAMUser"}}  # fmt: skip
SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Hostname": "ws1", "SourceName": "x",
          "TimeCreated": "2031-04-02T10:00:00Z"}  # fmt: skip
BEAT = {"@timestamp": "2031-04-02T10:00:00Z", "winlog": {"event_id": 1, "channel": "x"}, "host": {"name": "ws1"}}
AZURE = {"TimeGenerated": "2031-04-02T10:00:00Z", "EventID": 1, "EventData": "{}", "Computer": "ws1"}
DUMPED = {"Event": {"System": {"EventID": 1}, "EventData": {}}}


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (lines(CLOUD, CLOUD), "json_lines/aws_cloudtrail"),
        (lines(CLOUD).strip(), "json_lines/aws_cloudtrail"),
        (b"{broken\n" + lines(CLOUD, CLOUD), "json_lines/aws_cloudtrail"),
        (json.dumps([CLOUD, CLOUD]).encode(), "json_array/aws_cloudtrail"),
        (json.dumps([CLOUD, CLOUD], indent=2).encode(), "json_array/aws_cloudtrail"),
        (json.dumps({"Records": [CLOUD]}).encode(), "json_objects/aws_cloudtrail"),
        (json.dumps(CLOUD, indent=2).encode() * 2, "json_objects/aws_cloudtrail"),
        (lines(SYSMON), "json_lines/windows_flat"),
        (lines(BEAT), "json_lines/windows_elastic"),
        (lines(AZURE), "json_lines/windows_azure"),
        (lines(DUMPED), "json_lines/windows_evtx_dump"),
        (b"ElfFile\x00" + bytes(4000), "evtx/windows_evtx"),
        (b"\xef\xbb\xbf" + lines(CLOUD, CLOUD), "json_lines/aws_cloudtrail"),
        ("time,host,message\r\n2031-04-02 10:00:01,a,b\r\n".encode("utf-16"), "csv/generic"),
        (b'#TYPE System.Object\r\n"Time","Host"\r\n"4/2/2031 1:02:03 PM","a"\r\n', "csv/generic"),
        (b"Apr  2 10:00:01 bastion sshd[1]: hello\n", "lines/text_lines_bsd"),
        (b"2031-04-02 10:00:01,123 INFO started, then stopped\n" * 5, "lines/text_lines"),
    ],
)  # fmt: skip
def test_content_tells_decoder_and_mapping(head: bytes, expected: str) -> None:
    assert sniff(head, whole=True).format == expected
    padded = head + b"\n" * (SAMPLE_BYTES - len(head)) if head[:1] != b"E" else head
    assert sniff(padded, whole=False).format == expected


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "empty"),
        (b" \r\n\x00\x00", "only blanks"),
        (b"MZ\x90\x00" + bytes(100), "Windows program"),
        (b"\xd4\xc3\xb2\xa1" + bytes(100), "packet capture"),
        (b"hello\nworld\n" * 10, "names a time"),
        (lines({"id": 1, "name": "a"}), "none of its columns holds a time"),
        (b"{" * 1000, "can be read"),
    ],
)
def test_what_cannot_be_read_says_why(head: bytes, reason: str) -> None:
    found = sniff(head, whole=True)
    assert found.format == "unreadable"
    assert reason in found.unreadable


def test_any_bytes_end_in_an_answer() -> None:
    for seed in range(50):
        noise = os.urandom(200 + seed)
        assert sniff(noise, whole=True).media_type
        assert sniff(b"{" + noise).media_type
        assert sniff(b"time,x\n" + noise.replace(b"\0", b" ")).media_type


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2031-04-02T10:00:00Z"], "iso"),
        (["2031-04-02 10:00:00"], "iso_local"),
        (["25/04/2031 10:00:00", "02/04/2031 10:00:00"], "day_first"),
        (["04/25/2031 10:00:00", "04/02/2031 10:00:00"], "month_first"),
        (["04/02/2031 10:00:00"], "month_first"),
        (["02.04.2031 10:00:00"], "day_first"),
        (["1932940801.5"], "epoch"),
        (["1932940801500"], "epoch_ms"),
        (["1932940801500000"], "epoch_us"),
        (["/Date(1932940801500)/"], "dotnet"),
    ],
)
def test_shapes_of_time(values: list[str], expected: str) -> None:
    mapping = infer_mapping([{"When (time)": v, "Computer": "a"} for v in values])
    assert mapping is not None
    assert mapping.times[0].format == expected


def test_columns_are_found_by_name_and_believed_by_value() -> None:
    mapping = infer_mapping([{"ts": 1932940801, "src": "vendor", "client_ip": "198.51.100.7", "host": 5}])
    assert mapping is not None
    rows = {r.column: r.fields for r in mapping.rows}
    assert rows["source_ip"] == ("client_ip",)
    assert "host_name" not in rows
