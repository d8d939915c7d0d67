"""Every shipper's shape of one record gives the same event."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.evidence.windows.conftest import Bench
from tests.evidence.windows.shippers import SHIPPERS, record

SYSMON = ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational")
SECURITY = ("Microsoft-Windows-Security-Auditing", "Security")

CASES = {
    "process": (
        record(1, *SYSMON, {
            "RuleName": "-", "UtcTime": "2031-05-01 10:00:00.241", "ProcessGuid": "{0AB1C2D3-0001-5E5C-0000-0010AAAA0000}",
            "ProcessId": "4120", "Image": "C:\\Tools\\Plan & Co\\planner.exe", "OriginalFileName": "plan.exe",
            "CommandLine": "planner.exe /in <list> \"a b\" é", "CurrentDirectory": "C:\\Tools\\", "User": "CORP\\mara.lind",
            "LogonId": "0x3E7F1", "IntegrityLevel": "Medium",
            "Hashes": "MD5=0123456789ABCDEF0123456789ABCDEF,SHA256=" + "AB" * 32 + ",IMPHASH=00",
            "ParentProcessGuid": "{0ab1c2d3-0002-5e5c-0000-0010bbbb0000}", "ParentProcessId": "812",
            "ParentImage": "C:\\Windows\\explorer.exe", "ParentCommandLine": "explorer.exe",
        }),
        "windows.sysmon",
        {"event_code": "1", "event_action": "process-start", "process_name": "planner.exe", "process_pid": 4120,
         "process_executable": "C:\\Tools\\Plan & Co\\planner.exe", "user_name": "mara.lind", "user_domain": "CORP",
         "process_command_line": "planner.exe /in <list> \"a b\" é", "logon_id": "0x3e7f1",
         "process_entity_id": "0ab1c2d3-0001-5e5c-0000-0010aaaa0000", "process_parent_pid": 812,
         "process_parent_entity_id": "0ab1c2d3-0002-5e5c-0000-0010bbbb0000",
         "hash_md5": "0123456789abcdef0123456789abcdef", "hash_sha256": "ab" * 32, "original_file_name": "plan.exe"},
    ),
    "process access": (
        record(10, *SYSMON, {
            "SourceProcessGUID": "{AA000000-0000-0000-0000-000000000001}", "SourceProcessId": "77",
            "SourceImage": "C:\\a.exe", "TargetProcessGuid": "{AA000000-0000-0000-0000-000000000002}",
            "TargetProcessId": "0x2c", "TargetImage": "C:\\b.exe", "GrantedAccess": "0x1410", "CallTrace": "x.dll+1",
        }),
        "windows.sysmon",
        {"process_executable": "C:\\a.exe", "process_pid": 77, "process_target_executable": "C:\\b.exe",
         "process_target_pid": 44, "granted_access": "0x1410", "call_trace": "x.dll+1",
         "process_entity_id": "aa000000-0000-0000-0000-000000000001",
         "process_target_entity_id": "aa000000-0000-0000-0000-000000000002"},
    ),
    "connection": (
        record(3, *SYSMON, {
            "ProcessId": "9", "Image": "C:\\a.exe", "User": "CORP\\svc", "Protocol": "tcp", "Initiated": "true",
            "SourceIp": "::ffff:192.0.2.9", "SourcePort": "50111", "DestinationIp": "2001:db8:0:0:0:0:0:5",
            "DestinationPort": "443", "DestinationHostname": "-",
        }),
        "windows.sysmon",
        {"source_ip": "192.0.2.9", "source_port": 50111, "destination_ip": "2001:db8:0:0:0:0:0:5",
         "destination_port": 443, "network_transport": "tcp", "network_direction": "outbound"},
    ),
    "4688": (
        record(4688, *SECURITY, {
            "SubjectUserName": "WS-7$", "SubjectDomainName": "CORP", "SubjectLogonId": "0x3e7", "NewProcessId": "0x1a4",
            "NewProcessName": "C:\\Windows\\System32\\whoami.exe", "ProcessId": "0x1f4", "CommandLine": "whoami /all",
            "TargetUserName": "mara", "ParentProcessName": "C:\\Windows\\System32\\cmd.exe",
        }),
        "windows.security",
        {"event_action": "process-start", "process_pid": 420, "process_parent_pid": 500, "process_name": "whoami.exe",
         "process_executable": "C:\\Windows\\System32\\whoami.exe", "process_command_line": "whoami /all",
         "process_parent_executable": "C:\\Windows\\System32\\cmd.exe", "user_name": "WS-7$", "user_domain": "CORP"},
    ),
    "logon": (
        record(4624, *SECURITY, {
            "SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-", "SubjectLogonId": "0x0",
            "TargetUserName": "mara", "TargetDomainName": "CORP", "TargetLogonId": "0xA1", "LogonType": "3",
            "IpAddress": "198.51.100.4", "IpPort": "50000", "ProcessName": "-",
        }),
        "windows.security",
        {"event_action": "logged-in", "user_name": "mara", "user_domain": "CORP", "user_target_name": "mara",
         "logon_type": "3", "logon_id": "0xa1", "source_ip": "198.51.100.4", "source_port": 50000},
    ),
    "filtering platform": (
        record(5156, *SECURITY, {
            "ProcessID": "640", "Application": "\\device\\harddiskvolume2\\windows\\system32\\svchost.exe",
            "Direction": "%%14592", "SourceAddress": "192.0.2.5", "SourcePort": "50452", "DestAddress": "192.0.2.6",
            "DestPort": "8080", "Protocol": "6",
        }),
        "windows.security",
        {"process_pid": 640, "process_name": "svchost.exe", "network_direction": "inbound", "network_transport": "tcp",
         "process_executable": "\\device\\harddiskvolume2\\windows\\system32\\svchost.exe", "source_ip": "192.0.2.5",
         "destination_ip": "192.0.2.6", "destination_port": 8080},
    ),
    "service": (
        record(7045, "Service Control Manager", "System", {
            "ServiceName": "planhelper", "ImagePath": "C:\\Tools\\helper.exe -k", "ServiceType": "user mode service",
        }),
        "windows.system",
        {"event_action": "service-installed", "service_name": "planhelper", "service_executable": "C:\\Tools\\helper.exe -k"},
    ),
    "script block": (
        record(4104, "Microsoft-Windows-PowerShell", "Microsoft-Windows-PowerShell/Operational", {
            "ScriptBlockText": "Get-Item 'C:\\new' | % { $_ }\r\n# end", "ScriptBlockId": "1", "Path": "",
        }),
        "windows.powershell",
        {"event_action": "powershell-script-block", "script_block_text": "Get-Item 'C:\\new' | % { $_ }\r\n# end"},
    ),
    "scheduled task": (
        record(4698, *SECURITY, {
            "SubjectUserName": "mara", "TaskName": "\\Plan",
            "TaskContent": "<Task><Exec><Command>C:\\Tools\\p.exe</Command><Arguments>-q</Arguments></Exec></Task>",
        }),
        "windows.security",
        {"event_action": "scheduled-task-created", "service_name": "\\Plan", "service_executable": "C:\\Tools\\p.exe -q"},
    ),
    "failed kerberos": (
        record(4769, *SECURITY, {
            "TargetUserName": "mara@CORP.TEST", "TargetDomainName": "CORP.TEST", "ServiceName": "krbtgt",
            "Status": "0x1b", "IpAddress": "::ffff:192.0.2.77",
        }),
        "windows.security",
        {"user_name": "mara", "event_outcome": "failure", "error_code": "0x1b", "source_ip": "192.0.2.77",
         "service_name": "krbtgt"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("shipper", SHIPPERS, ids=str)
def test_each_record_gives_its_event(bench: Bench, shipper: str) -> None:
    shipped = [SHIPPERS[shipper](r) for r, _, _ in CASES.values()]
    load = bench.load(shipped)
    assert (load.records, load.events, load.errors) == (len(CASES), len(CASES), 0)
    for event, (name, (said, source, wanted)) in zip(bench.events(load), CASES.items(), strict=True):
        assert event.source == source, name
        assert event.time == datetime(2031, 5, 1, 10, 0, 0, 250000, tzinfo=UTC), name
        got = {column: event.ecs.get(column) for column in wanted}
        assert got == wanted, name
        assert str(event.ecs["host_name"]).lower().startswith("ws-7")
        for field, value in said["data"].items():
            if value or field in event.fields:
                assert event.fields[field] == value, (name, field)
        assert all(value != "-" for value in event.ecs.values()), name


def test_classic_powershell_names_its_host_process(bench: Bench) -> None:
    text = (
        "Pipeline details.\r\n\tUserId=CORP\\mara\r\n\tHostApplication=powershell.exe -File C:\\new\\run.ps1\r\n\tX=1"
    )
    record_ = {"SourceName": "PowerShell", "Channel": "Windows PowerShell", "EventID": 800, "Hostname": "WS-7",
               "TimeCreated": "2031-05-01T10:00:00Z", "Message": text}  # fmt: skip
    listed = {"Event": {"System": {"Provider": {"#attributes": {"Name": "PowerShell"}}, "EventID": 400, "Computer": "WS-7",
              "TimeCreated": {"#attributes": {"SystemTime": "2031-05-01T10:00:00Z"}}, "Channel": "Windows PowerShell"},
              "EventData": {"Data": {"#text": ["Available", text]}}}}  # fmt: skip
    for one in (record_, listed):
        event = bench.events(bench.load([one]))[0]
        assert event.ecs["process_command_line"] == "powershell.exe -File C:\\new\\run.ps1"
        assert (event.ecs["user_name"], event.ecs["user_domain"]) == ("mara", "CORP")


def test_user_data_and_alerts(bench: Bench) -> None:
    system = {"Channel": "Security", "Computer": "WS-7", "EventID": 1102, "EventRecordID": 5,
              "Provider": {"#attributes": {"Name": "Microsoft-Windows-Eventlog"}},
              "TimeCreated": {"#attributes": {"SystemTime": "2031-05-01T10:00:00Z"}}}  # fmt: skip
    cleared = {
        "Event": {
            "System": system,
            "UserData": {"LogFileCleared": {"SubjectUserName": "mara", "SubjectDomainName": "CORP"}},
        }
    }
    event = bench.events(bench.load([cleared]))[0]
    assert (event.source, event.ecs["event_action"], event.ecs["user_name"]) == (
        "windows.security",
        "audit-log-cleared",
        "mara",
    )
    found = {"SourceName": "Microsoft-Windows-Windows Defender", "Channel": "Microsoft-Windows-Windows Defender/Operational",
             "EventID": 1116, "Hostname": "WS-7", "TimeCreated": "2031-05-01T10:00:00Z", "Threat Name": "Tool:Plan/A",
             "Severity Name": "Severe", "Path": "file:_C:\\Tools\\p.exe", "Process Name": "C:\\a.exe"}  # fmt: skip
    alert = bench.events(bench.load([found]))[0]
    assert (alert.kind, alert.ecs["rule_name"], alert.ecs["event_severity"]) == ("alert", "Tool:Plan/A", "Severe")
