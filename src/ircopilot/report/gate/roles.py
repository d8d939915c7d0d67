"""The vocabulary of acts: per verb, which columns may hold subject and objects, and which records can show it.

A table, one entry per verb; to add a verb, add an entry. A verb may have several ways of being shown.
"""

from __future__ import annotations

from ircopilot.report.gate.shapes import (
    CLOUD_WHO,
    COMMAND,
    FILE,
    HOST,
    PARENT,
    PEER,
    PROCESS,
    TARGET_USER,
    USER,
    Shape,
    Verb,
    Way,
)


def _sysmon(*codes: str, unless: tuple[tuple[str, str], ...] = ()) -> tuple[Shape, ...]:
    return (Shape("windows.sysmon", codes, unless=unless), Shape("linux.sysmon", codes, unless=unless))


def _security(*codes: str) -> Shape:
    return Shape("windows.security", codes)


_INBOUND = (("network_direction", "inbound"),)
_OUTBOUND = (("network_direction", "outbound"),)
_ANY = (Shape(),)
_AWS = (Shape("aws."), Shape("azure."), Shape("gcp."), Shape("m365."))
_PROCESS_STARTS = (
    *_sysmon("1"),
    _security("4688"),
    Shape("linux.auditd", needs=("process_executable",)),
    Shape(needs=("process_executable", "process_command_line")),
)
_DOER = (*PROCESS, *USER, *HOST)
_RAN_WHAT = (*PROCESS, *COMMAND, "original_file_name", *HOST)
_FLOWS = (Shape("zeek."), Shape(needs=("source_ip", "destination_ip")))
_SERVICE = ("service_name", "service_executable", "registry_path", "registry_data", "process_command_line", *HOST)
_LOGON_SUBJECT = (*TARGET_USER, *USER)
_LOGON_WHERE = (
    *HOST,
    "source_ip",
    "logon_type",
    "destination_ip",
    "fields.WorkstationName",
    "fields.IpAddress",
    *TARGET_USER,
    *USER,
)
_ACCOUNT_OBJECTS = (
    *TARGET_USER,
    "cloud_resource",
    "fields.MemberName",
    "fields.MemberSid",
    *HOST,
    "process_command_line",
)


def _process_act(codes: tuple[str, ...], objects: tuple[str, ...], *more: Shape) -> Way:
    return Way(_DOER, (*objects, *HOST), (*_sysmon(*codes), *more))


def _cloud_way(*objects: str) -> Way:
    return Way(
        (*CLOUD_WHO, "source_ip"),
        (*objects, "cloud_resource", "cloud_service_name", "event_action", "cloud_region"),
        _AWS,
    )


_WIRE_FILE = Way(
    ("source_ip", "destination_ip", *_DOER),
    (*FILE, "url_full", "destination_ip", "source_ip", "hash_sha256", "hash_sha1", "hash_md5", "file_mime_type"),
    (Shape("zeek.http"), Shape("zeek.files"), Shape("zeek.smb_files"), Shape("zeek.ftp"), Shape(needs=("url_full",))),
)
_READ_CLOUD = ("cloud_resource", "source_ip", "user_agent_original", "source_bytes", "destination_bytes")

VERBS: dict[str, Verb] = {
    "executed": Verb(
        (
            Way((*USER, *HOST, *PARENT, *PROCESS), _RAN_WHAT, _PROCESS_STARTS),
            Way(("user_name", *HOST), ("process_command_line", *PROCESS), (Shape("linux."),)),
        ),
        ("ran ", "executed", "started", "launched"),
    ),
    "spawned": Verb((Way(PARENT, _RAN_WHAT, _PROCESS_STARTS),), ("spawned", "started", "launched")),
    "exited": Verb(
        (Way(PROCESS, HOST, (*_sysmon("5"), _security("4689"))),), ("exited", "ended", "terminated", "stopped")
    ),
    "connected": Verb(
        (
            Way(
                _DOER,
                PEER,
                (
                    *_sysmon("3", unless=_INBOUND),
                    Shape("windows.security", ("5156", "5157"), unless=_INBOUND),
                    Shape(needs=("process_executable", "destination_ip"), unless=_INBOUND),
                    Shape(needs=("process_name", "destination_ip"), unless=_INBOUND),
                    Shape("linux.auditd", needs=("destination_ip",)),
                ),
            ),
            Way(("source_ip",), PEER, _FLOWS),
        ),
        ("connect", "contacted", "reached", "called", "talked"),
    ),
    "accepted-connection": Verb(
        (
            Way(
                _DOER,
                ("source_ip",),
                (*_sysmon("3", unless=_OUTBOUND), Shape("windows.security", ("5156",), unless=_OUTBOUND)),
            ),
            Way(("destination_ip",), ("source_ip",), _FLOWS),
            # An accepted socket's address is the peer's.
            Way(_DOER, ("destination_ip",), (Shape("linux.auditd", needs=("destination_ip",)),)),
        ),
        ("accepted", "received a connection", "was reached", "was contacted", "connected", "contacted"),
    ),
    "resolved": Verb(
        (
            Way(
                (*_DOER, "source_ip"),
                ("dns_question_name", "dns_answers"),
                (*_sysmon("22"), Shape("zeek.dns"), Shape(needs=("dns_question_name",))),
            ),
        ),
        ("resolved", "looked up", "asked for", "queried"),
    ),
    "downloaded": Verb(
        (
            _WIRE_FILE,
            Way(_DOER, (*FILE, "file_stream_contents", "url_full"), (*_sysmon("11", "15"),)),
            Way(_DOER, (*COMMAND, *PEER), (*_sysmon("1", "3"), _security("4688"), Shape(needs=("script_block_text",)))),
            _cloud_way(*_READ_CLOUD),
        ),
        ("downloaded", "fetched", "retrieved", "delivered"),
    ),
    "requested": Verb(
        (
            Way(
                ("source_ip",),
                ("url_full", "destination_ip", "destination_domain"),
                (Shape("web."), Shape("zeek.http")),
            ),
        ),
        ("requested", "asked"),
    ),
    "wrote-file": Verb(
        (_process_act(("11", "2", "15", "29"), FILE, _security("4663"), Shape(needs=("file_path",))),),
        ("wrote", "dropped", "saved", "created", "delivered", "downloaded"),
    ),
    "deleted-file": Verb(
        (_process_act(("23", "26"), FILE, _security("4660", "4663"), Shape(needs=("file_path",))),),
        ("deleted", "removed", "erased"),
    ),
    "loaded-image": Verb((_process_act(("6", "7"), ("image_loaded", *FILE)),), ("loaded",)),
    "injected": Verb(
        (Way(PROCESS, ("process_target_executable",), _sysmon("8", "10", "25")),), ("injected", "remote thread", "into")
    ),
    "accessed-process": Verb(
        (
            Way(PROCESS, ("process_target_executable", "granted_access"), _sysmon("10")),
            Way(PROCESS, ("fields.ObjectName",), (_security("4656", "4663"),)),
        ),
        ("opened", "accessed", "read the memory", "memory"),
    ),
    "created-pipe": Verb((_process_act(("17",), ("pipe_name",)),), ("created", "opened", "pipe")),
    "connected-pipe": Verb(
        (_process_act(("18",), ("pipe_name",), _security("5145")),), ("connected", "opened", "pipe")
    ),
    "installed-service": Verb(
        (
            Way(
                (*_DOER, "service_name"),
                _SERVICE,
                (_security("4697"), Shape("windows.system", ("7045",)), *_sysmon("13"), *_PROCESS_STARTS),
            ),
        ),
        ("installed", "created", "registered"),
    ),
    "ran-service": Verb(
        (Way((*_DOER, *PARENT), (*_SERVICE, *PROCESS), (Shape("windows.system", ("7036", "7045")), *_PROCESS_STARTS)),),
        ("ran ", "started", "service"),
    ),
    "created-task": Verb(
        (
            Way(
                _DOER,
                ("fields.TaskName", "service_name", "service_executable", "registry_path", *FILE, *COMMAND, *HOST),
                (
                    _security("4698", "4702"),
                    Shape("windows.taskscheduler"),
                    *_sysmon("11", "12", "13"),
                    *_PROCESS_STARTS,
                    Shape("linux.cron"),
                ),
            ),
        ),
        ("created", "registered", "scheduled"),
    ),
    "subscribed-events": Verb(
        (
            Way(
                _DOER, ("service_name", "service_executable", *HOST), (*_sysmon("19", "20", "21"), Shape("windows.wmi"))
            ),
        ),
        ("subscription", "subscribed"),
    ),
    "set-registry": Verb(
        (_process_act(("12", "13", "14"), ("registry_path", "registry_data"), _security("4657")),),
        ("set", "wrote", "changed", "registry"),
    ),
    "ran-script": Verb(
        (
            Way(
                (*_DOER, *HOST),
                ("script_block_text", *FILE, *HOST, "fields.Path", "fields.Payload"),
                (Shape("windows.powershell"), Shape(needs=("script_block_text",))),
            ),
        ),
        ("ran ", "executed", "script"),
    ),
    "logged-on": Verb(
        (
            Way(
                (*_LOGON_SUBJECT, "source_ip"),
                _LOGON_WHERE,
                (
                    _security("4624", "4648", "4768", "4769"),
                    Shape("linux."),
                    Shape("zeek.kerberos"),
                    Shape("zeek.ntlm"),
                    Shape(unless=(("event_outcome", "failure"),), needs=("user_name", "event_action")),
                ),
            ),
        ),
        ("logged on", "logged in", "signed in", "logon", "login", "session"),
    ),
    "failed-logon": Verb(
        (
            Way(
                (*_LOGON_SUBJECT, "source_ip"),
                _LOGON_WHERE,
                (
                    _security("4625", "4771", "4776"),
                    Shape(unless=(("event_outcome", "success"),), needs=("user_name",)),
                ),
            ),
        ),
        ("failed",),
    ),
    "used-explicit-credentials": Verb(
        (Way((*_DOER,), (*TARGET_USER, "fields.TargetServerName", *HOST), (_security("4648", "4624"),)),),
        ("credentials", "as "),
    ),
    "elevated": Verb(
        (
            Way(
                _DOER,
                (*PROCESS, *COMMAND, *HOST, *TARGET_USER, "process_integrity_level"),
                (_security("4672", "4673", "4703"), *_PROCESS_STARTS, Shape("linux.")),
            ),
        ),
        ("elevated", "privilege", "integrity", "root", "sudo"),
    ),
    "created-account": Verb(
        (
            Way(
                (*_DOER, *CLOUD_WHO),
                _ACCOUNT_OBJECTS,
                (_security("4720", "4741"), Shape("linux."), *_AWS, *_PROCESS_STARTS),
            ),
        ),
        ("created", "added"),
    ),
    "changed-group": Verb(
        (
            Way(
                (*_DOER, *CLOUD_WHO),
                _ACCOUNT_OBJECTS,
                (_security("4728", "4732", "4756", "4729", "4733", "4757"), Shape("linux."), *_AWS, *_PROCESS_STARTS),
            ),
        ),
        ("added", "removed", "group", "member"),
    ),
    "cleared-log": Verb(
        (
            Way(
                _DOER,
                (*HOST, "winlog_channel", "fields.Channel", *COMMAND),
                (_security("1102"), Shape("windows.system", ("104",)), *_PROCESS_STARTS),
            ),
        ),
        ("cleared",),
    ),
    "tampered-logging": Verb(
        (
            Way(
                (*_DOER, *CLOUD_WHO),
                (*HOST, *COMMAND, "cloud_resource", "registry_path", "registry_data", "event_action"),
                _ANY,
            ),
        ),
        ("logging", "tamper", "disabled", "stopped", "audit"),
    ),
    "used-key": Verb(
        (
            _cloud_way(
                "source_ip",
                "user_agent_original",
                "cloud_access_key_id",
                "cloud_identity_arn",
                "user_name",
                "cloud_account_id",
            ),
        ),
        ("used", "call", "key"),
    ),
    "called-api": Verb(
        (_cloud_way("source_ip", "user_agent_original", "error_code", "cloud_access_key_id"),), ("call",)
    ),
    "listed": Verb(
        (_cloud_way("source_ip", "user_agent_original"), Way(_DOER, COMMAND, _PROCESS_STARTS)), ("listed", "enumerated")
    ),
    "read-object": Verb((_cloud_way(*_READ_CLOUD),), ("read", "downloaded", "fetched", "got")),
    "assumed-role": Verb(
        (_cloud_way("source_ip", "fields.arn", "fields.roleArn", "fields.roleSessionName"),), ("assumed",)
    ),
    "issued-credentials": Verb(
        (_cloud_way("source_ip", "fields.accessKeyId", "fields.arn", "user_name"),),
        ("issued", "credentials", "created"),
    ),
    "alerted": Verb(
        (
            Way(
                ("rule_name", "event_provider", "source"),
                ("*",),
                (Shape(needs=("rule_name",)), Shape(needs=("event_severity",))),
            ),
        ),
        ("alert", "raised", "reported"),
    ),
    "said": Verb(
        (
            Way(
                (*USER, "fields.user", "fields.username", "fields.real_name"),
                ("*",),
                (Shape("slack."), Shape("comm."), Shape(needs=("user_name",))),
            ),
        ),
        ("said", "wrote", "asked", "reported", "answered", "told", "posted", "message"),
    ),
    "transferred": Verb(
        (
            Way(
                (*_DOER, "source_ip", "destination_ip", *CLOUD_WHO),
                ("source_ip", *PEER, "cloud_resource", "source_bytes", "destination_bytes"),
                (Shape("zeek."), *_AWS, Shape(needs=("source_ip", "destination_ip"))),
            ),
        ),
        ("transferred", "sent", "received", "moved", "bytes"),
    ),
    "presented-certificate": Verb(
        (
            Way(
                ("destination_ip", "destination_domain", "source_ip"),
                (
                    "tls_subject",
                    "tls_issuer",
                    "source_ip",
                    "destination_domain",
                    "fields.certificate.subject",
                    "fields.certificate.issuer",
                ),
                (Shape("zeek.ssl"), Shape("zeek.x509"), Shape(needs=("tls_subject",))),
            ),
        ),
        ("presented", "certificate", "showed"),
    ),
    "recorded": Verb((Way(("*",), ("*",), _ANY),)),
}
