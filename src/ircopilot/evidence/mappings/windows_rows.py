"""Which fields of Windows events fill which ECS columns: one table for every shipper, EventData names being the same.

Sources: Microsoft "Windows security events" appendix, Sysmon schema 4.90, ECS 8 (winlogbeat security and sysmon
modules), and field lists of real exports.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.base import Row, code, const, field_in, has, lookup, row, src

SYSMON = src("windows.sysmon")
SECURITY = src("windows.security")
POWERSHELL = src("windows.powershell")
SYSTEM = src("windows.system")
DEFENDER = src("windows.defender")
TASKS = src("windows.taskscheduler")
SESSIONS = src("windows.terminalservices")
LOGONS = code("4624", "4625", "4634", "4647", "4648", "4768", "4769", "4770", "4771", "4776", "4778", "4779")
ACCESSES = code("8", "10")
MODULE = (POWERSHELL, code("4103"))
CLASSIC = (POWERSHELL, code("400", "403", "600", "800"))

ACTIONS: dict[str, str] = {
    **{f"windows.sysmon:{k}": v for k, v in {
        "1": "process-start", "2": "file-time-changed", "3": "network-connection", "4": "sysmon-state",
        "5": "process-end", "6": "driver-loaded", "7": "image-loaded", "8": "remote-thread-created",
        "9": "raw-disk-read", "10": "process-accessed", "11": "file-created", "12": "registry-key-changed",
        "13": "registry-value-set", "14": "registry-renamed", "15": "file-stream-created",
        "16": "sysmon-config-changed", "17": "pipe-created", "18": "pipe-connected", "19": "wmi-filter",
        "20": "wmi-consumer", "21": "wmi-binding", "22": "dns-query", "23": "file-deleted", "24": "clipboard-changed",
        "25": "process-tampering", "26": "file-deleted", "27": "file-blocked", "28": "file-shredding-blocked",
        "29": "executable-file-created", "255": "sysmon-error",
    }.items()},
    **{f"windows.security:{k}": v for k, v in {
        "1100": "event-log-stopped", "1102": "audit-log-cleared", "4608": "system-start", "4616": "time-changed",
        "4624": "logged-in", "4625": "logon-failed", "4634": "logged-out", "4647": "logged-out",
        "4648": "logged-in-explicit", "4656": "object-handle-requested", "4657": "registry-value-set",
        "4658": "object-handle-closed", "4660": "object-deleted", "4661": "object-handle-requested",
        "4662": "object-operation", "4663": "object-accessed", "4670": "permissions-changed",
        "4672": "special-privileges-assigned", "4673": "privileged-service-called",
        "4674": "privileged-object-operation", "4688": "process-start", "4689": "process-end",
        "4690": "object-handle-duplicated", "4697": "service-installed", "4698": "scheduled-task-created",
        "4699": "scheduled-task-deleted", "4700": "scheduled-task-enabled", "4701": "scheduled-task-disabled",
        "4702": "scheduled-task-updated", "4703": "token-right-adjusted", "4719": "audit-policy-changed",
        "4720": "user-created", "4722": "user-enabled", "4723": "password-change-attempted",
        "4724": "password-reset", "4725": "user-disabled", "4726": "user-deleted", "4728": "group-member-added",
        "4729": "group-member-removed", "4732": "group-member-added", "4733": "group-member-removed",
        "4735": "group-changed", "4738": "user-changed", "4740": "user-locked-out", "4741": "computer-created",
        "4742": "computer-changed", "4756": "group-member-added", "4768": "kerberos-ticket-requested",
        "4769": "kerberos-service-ticket-requested", "4770": "kerberos-ticket-renewed",
        "4771": "kerberos-preauthentication-failed", "4776": "credentials-validated", "4778": "session-reconnected",
        "4779": "session-disconnected", "4781": "user-renamed", "4798": "user-groups-enumerated",
        "4799": "group-members-enumerated", "5136": "directory-object-changed", "5140": "share-accessed",
        "5145": "share-file-checked", "5152": "packet-blocked", "5156": "network-connection",
        "5157": "network-connection-blocked", "5158": "port-bound", "5379": "credentials-read",
    }.items()},
    **{f"windows.system:{k}": v for k, v in {
        "104": "event-log-cleared", "7030": "service-error", "7034": "service-crashed", "7036": "service-state-changed",
        "7040": "service-start-type-changed", "7045": "service-installed", "1074": "system-shutdown",
    }.items()},
    **{f"windows.powershell:{k}": v for k, v in {
        "400": "powershell-started", "403": "powershell-stopped", "600": "powershell-provider-started",
        "800": "powershell-pipeline", "4103": "powershell-module", "4104": "powershell-script-block",
        "4105": "powershell-script-block-start", "4106": "powershell-script-block-stop",
        "40961": "powershell-console-started", "53504": "powershell-remoting",
    }.items()},
    **{f"windows.taskscheduler:{k}": v for k, v in {
        "106": "scheduled-task-created", "129": "scheduled-task-process-started", "140": "scheduled-task-updated",
        "141": "scheduled-task-deleted", "200": "scheduled-task-started", "201": "scheduled-task-completed",
    }.items()},
    "windows.terminalservices:1149": "rdp-authenticated", "windows.terminalservices:21": "rdp-logged-in",
    "windows.terminalservices:24": "rdp-disconnected", "windows.terminalservices:25": "rdp-reconnected",
    "windows.wmi:5857": "wmi-provider-started", "windows.wmi:5858": "wmi-error", "windows.wmi:5860": "wmi-consumer",
    "windows.wmi:5861": "wmi-binding", "windows.defender:1116": "malware-detected",
    "windows.defender:1117": "malware-action", "windows.defender:5001": "protection-disabled",
    "windows.defender:5007": "protection-config-changed", "windows.defender:1013": "protection-history-deleted",
    "windows.bits:3": "bits-job-created", "windows.bits:59": "bits-transfer-started",
    "windows.bits:60": "bits-transfer-stopped",
}  # fmt: skip

FIRST: tuple[Row, ...] = (
    row("event_code", "EventID", "winlog.event_id", "event_id", "event.code", "EventID.#text", "EventId", "event.id"),
    row("event_provider", "SourceName", "Provider_Name", "winlog.provider_name", "source_name", "EventSourceName",
        "Provider", "event.provider", "ProviderName", "Source"),
    row("winlog_channel", "Channel", "winlog.channel", "log_name", "EventLog", "LogName"),
)  # fmt: skip

WHO: tuple[Row, ...] = (
    row("host_name", "Hostname", "Computer", "winlog.computer_name", "computer_name", "host.name", "MachineName",
        "agent.hostname", "beat.hostname", "hostname", "host"),
    row("user_name", "User", "user.name", via=("dash", "user_of"), when=SYSMON),
    row("user_domain", "User", via=("dash", "before_backslash"), when=SYSMON),
    row("user_name", "SubjectUserName", via="dash"),
    row("user_domain", "SubjectDomainName", "user.domain", via="dash"),
    row("user_id", "SubjectUserSid", via="dash"),
    row("user_name", "TargetUserName", via=("dash", "user_of"), when=(SECURITY, LOGONS)),
    row("user_domain", "TargetDomainName", via="dash", when=(SECURITY, LOGONS)),
    row("user_id", "TargetUserSid", "TargetSid", via="dash", when=(SECURITY, LOGONS)),
    row("user_name", "Detection User", via=("dash", "user_of"), when=DEFENDER),
    row("user_name", "Param1", "User", via=("dash", "user_of"), when=SESSIONS),
    row("user_domain", "Param2", when=SESSIONS),
    row("user_name", "UserContext", "UserName", via=("dash", "user_of"), when=TASKS),
    row("user_name", "ContextInfo", via=("line_after:User = ", "user_of"), when=MODULE),
    row("user_domain", "ContextInfo", via=("line_after:User = ", "before_backslash"), when=MODULE),
    row("user_name", "Message", via=("line_after:UserId=", "user_of"), when=CLASSIC),
    row("user_domain", "Message", via=("line_after:UserId=", "before_backslash"), when=CLASSIC),
    row("user_name", "Data", via=("escaped_line_after:UserId=", "user_of"), when=CLASSIC),
    row("user_domain", "Data", via=("escaped_line_after:UserId=", "before_backslash"), when=CLASSIC),
    row("user_name", "AccountName", "winlog.user.name", "user.name", via=("dash", "user_of")),
    row("user_domain", "Domain", "winlog.user.domain", "user.domain", via="dash"),
    row("user_id", "UserID", "Security_UserID", "winlog.user.identifier", "user.identifier", "UserId", "user.id"),
    row("user_target_name", "TargetUserName", "TargetUser", "user.target.name", via=("dash", "user_of")),
    row("user_target_domain", "TargetDomainName", "user.target.domain", via="dash"),
    row("user_target_name", "MemberName", via="dash"),
    row("logon_id", "TargetLogonId", via="lower", when=(SECURITY, code("4624", "4634", "4647", "4625"))),
    row("logon_id", "SubjectLogonId", "LogonId", "TargetLogonId", "winlog.logon.id", via="lower"),
    row("logon_type", "LogonType", "winlog.logon.type"),
)  # fmt: skip

PROCESSES: tuple[Row, ...] = (
    row("process_executable", "SourceImage", "Image", when=(SYSMON, ACCESSES)),
    row("process_pid", "SourceProcessId", "ProcessId", via="number", when=(SYSMON, ACCESSES)),
    row("process_entity_id", "SourceProcessGUID", "SourceProcessGuid", "ProcessGuid", via="guid",
        when=(SYSMON, ACCESSES)),
    row("process_executable", "Image", "process.executable", when=SYSMON),
    row("process_entity_id", "ProcessGuid", "ProcessGUID", "process.entity_id", via="guid"),
    row("process_executable", "NewProcessName", when=code("4688")),
    row("process_pid", "NewProcessId", via="number", when=code("4688")),
    row("process_executable", "ProcessName", "Application", via="dash", when=SECURITY),
    row("process_executable", "Process Name", "Process_Name", "processPath", "Image", "Application"),
    row("process_executable", "process.executable"),
    row("process_pid", "ProcessId", "ProcessID", via=("dash", "number"), when=(SECURITY,)),
    row("process_pid", "ProcessId", "process.pid", via=("dash", "number"), when=SYSMON),
    row("process_pid", "ExecutionProcessID", "Execution_ProcessID", "winlog.process.pid", "process_id",
        when=POWERSHELL),
    row("process_name", "@process_executable", via="basename"),
    row("process_name", "process.name"),
    row("process_command_line", "CommandLine", "ProcessCommandLine", "process.command_line"),
    row("process_command_line", "ContextInfo", via="line_after:Host Application = ", when=MODULE),
    row("process_command_line", "Message", via="line_after:HostApplication=", when=CLASSIC),
    row("process_command_line", "Data", via="escaped_line_after:HostApplication=", when=CLASSIC),
    row("process_working_directory", "CurrentDirectory", "process.working_directory"),
    row("process_integrity_level", "IntegrityLevel", "MandatoryLabel"),
    row("process_parent_executable", "ParentImage", "ParentProcessName", "process.parent.executable", via="dash"),
    row("process_parent_pid", "ProcessId", via="number", when=(SECURITY, code("4688"))),
    row("process_parent_pid", "ParentProcessId", "process.parent.pid", via=("dash", "number")),
    row("process_parent_entity_id", "ParentProcessGuid", "ParentProcessGUID", "process.parent.entity_id", via="guid"),
    row("process_parent_command_line", "ParentCommandLine", "process.parent.command_line", via="dash"),
    row("process_target_executable", "TargetImage"),
    row("process_target_executable", "ObjectName", when=(SECURITY, field_in("ObjectType", "Process"))),
    row("process_target_pid", "TargetProcessId", via="number", when=SYSMON),
    row("process_target_entity_id", "TargetProcessGUID", "TargetProcessGuid", via="guid"),
    row("granted_access", "GrantedAccess", "AccessMask"),
    row("call_trace", "CallTrace"),
    row("script_block_text", "ScriptBlockText", "powershell.file.script_block_text"),
    row("script_block_text", "Payload", when=(POWERSHELL, code("4103"))),
)  # fmt: skip

FILES: tuple[Row, ...] = (
    row("original_file_name", "OriginalFileName", "process.pe.original_file_name", via="dash"),
    row("pe_description", "Description", "process.pe.description", via="dash", when=SYSMON),
    row("pe_product", "Product", "process.pe.product", via="dash", when=SYSMON),
    row("pe_company", "Company", "process.pe.company", via="dash", when=SYSMON),
    row("code_signature_status", "SignatureStatus", via="dash"),
    row("code_signature_signed", "Signed", via="lower"),
    row("code_signature_subject", "Signature", via="dash", when=SYSMON),
    row("image_loaded", "ImageLoaded", "dll.path"),
    row("hashes", "Hashes", "Hash", via="dash"),
    row("hash_md5", "@hashes", via="md5"),
    row("hash_sha1", "@hashes", via="sha1"),
    row("hash_sha256", "@hashes", via="sha256"),
    row("hash_md5", "file.hash.md5", "process.hash.md5"),
    row("hash_sha1", "file.hash.sha1", "process.hash.sha1"),
    row("hash_sha256", "file.hash.sha256", "process.hash.sha256"),
    row("file_path", "TargetFilename", "TargetFileName", "file.path"),
    row("file_path", "RelativeTargetName", when=(SECURITY, code("5145"))),
    row("file_path", "ObjectName", when=(SECURITY, field_in("ObjectType", "File"))),
    row("file_path", "Path", "path", when=DEFENDER),
    row("file_path", "Path", when=(POWERSHELL, code("4104"))),
    row("file_path", "LocalName", when=src("windows.bits")),
    row("file_name", "@file_path", via="basename"),
    row("file_stream_contents", "Contents", via="dash"),
    row("registry_path", "TargetObject", "registry.path"),
    row("registry_path", "ObjectName", when=(SECURITY, field_in("ObjectType", "Key"))),
    row("registry_path", "ObjectName", when=(SECURITY, code("4657"))),
    row("registry_path", "New Value", via="extract:^(.+?)(?: = |$)", when=(DEFENDER, code("5007"))),
    row("registry_data", "Details", "NewValue", "NewName", "registry.data.strings"),
    row("pipe_name", "PipeName"),
    row("service_name", "Name", via="extract:[^\"]+", when=(SYSMON, code("19", "20"))),
    row("service_name", "Consumer", via="extract:Name=[^A-Za-z0-9]*([^\"\\\\]+)", when=(SYSMON, code("21"))),
    row("service_executable", "Destination", via="trim", when=(SYSMON, code("20"))),
    row("service_name", "ServiceName", "TaskName", "param1", when=SYSTEM),
    row("service_name", "ServiceName", "TaskName"),
    row("service_executable", "ImagePath", "ServiceFileName"),
    row("service_executable", "TaskContent", "TaskContentNew",
        via=(r"extract:(?s)<Command>(.*?</Command>(?:\s*<Arguments>.*?</Arguments>)?)", "untagged"), when=SECURITY),
    row("service_executable", "ActionName", "Path", via="dash", when=TASKS),
    row("rule_name", "Threat Name", "RuleName", "rule.name", via="dash"),
    row("event_severity", "Severity Name", when=DEFENDER),
)  # fmt: skip

NETWORK: tuple[Row, ...] = (
    row("source_ip", "SourceIp", "SourceAddress", "IpAddress", "ClientAddress", "source.ip", via="ip"),
    row("source_ip", "Param3", "Address", "SessionAddress", via="ip", when=SESSIONS),
    row("source_port", "SourcePort", "IpPort", "ClientPort", "source.port"),
    row("destination_ip", "DestinationIp", "DestAddress", "destination.ip", via="ip"),
    row("destination_port", "DestinationPort", "DestPort", "destination.port"),
    row("destination_domain", "DestinationHostname", "TargetServerName", "destination.domain", via="dash"),
    row("network_transport", "Protocol", "network.transport", via="transport", when=has("Protocol")),
    row("network_transport", "network.transport"),
    row("network_direction", "Initiated", via="direction", when=SYSMON),
    row("network_direction", "Direction", via="direction"),
    row("network_direction", "network.direction"),
    row("dns_question_name", "QueryName", "dns.question.name", via="dash"),
    row("dns_answers", "QueryResults", via="dash"),
    row("url_full", "url", "RemoteName", "remoteName", when=src("windows.bits")),
)

OUTCOMES: tuple[Row, ...] = (
    const("event_outcome", "failure", (SECURITY, code("4625", "4771", "5152", "5157"))),
    const("event_outcome", "success", (SECURITY, code("4624"))),
    const("event_outcome", "success", (SECURITY, code("4768", "4769", "4776"), field_in("Status", "0x0"))),
    const("event_outcome", "failure", (SECURITY, code("4768", "4769", "4776"), has("Status"))),
    const("event_outcome", "success", field_in("EventType", "AUDIT_SUCCESS")),
    const("event_outcome", "failure", field_in("EventType", "AUDIT_FAILURE")),
    const(
        "event_outcome", "success", field_in("Keywords", "0x8020000000000000", "-9214364837600034816", "Audit Success")
    ),
    const(
        "event_outcome", "failure", field_in("Keywords", "0x8010000000000000", "-9218868437227405312", "Audit Failure")
    ),
    row("event_outcome", "event.outcome"),
    row("error_code", "SubStatus", "Status", "Error Code", via="dash"),
)

ROWS: tuple[Row, ...] = (
    lookup("event_action", ("source", "event_code"), ACTIONS),
    row("event_action", "event.action"),
    *WHO, *PROCESSES, *FILES, *NETWORK, *OUTCOMES,
)  # fmt: skip
