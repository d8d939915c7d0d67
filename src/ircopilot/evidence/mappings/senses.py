"""Names that people give to columns, by sense; lower case without blanks and marks, best first. See `generic`."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

TIME = (
    "datetime", "timestamp", "time", "ts", "eventtime", "timegenerated", "timecreated", "timegeneratedutc", "utctime",
    "eventdate", "date", "createdat", "created", "starttime", "firstseen", "detectedat", "eventcreatedtime",
    "activitydatetime", "creationtime", "logtime", "receivedtime", "occurredat", "rt", "epoch", "updatedat", "lastseen",
)  # fmt: skip
# Times of something else than the event.
NOT_TIME = frozenset({"compiletime", "expires", "expiry", "birthdate", "validfrom", "validto", "notbefore", "notafter"})
MESSAGE = (
    "message", "msg", "description", "summary", "text", "details", "detail", "body", "log", "rawlog", "raw", "event",
    "content", "title", "activity", "fulllog", "info",
)  # fmt: skip
ALERT_RULE = (
    "kibanaalertrulename", "signalrulename", "rulename", "ruletitle", "alertname", "alertsignature", "alerttitle", "detectionname",
    "ruledescription", "searchname", "signature", "threatname", "alertdisplayname", "displayname", "alert", "title", "rule",
)  # fmt: skip
# Of these the last part alone says it: `alert.signature`, but not `actor.displayName`.
NESTED_RULE = ("signature", "rulename", "alertname", "alerttitle", "ruledescription", "threatname", "detectionname")
ALERT_SEVERITY = (
    "kibanaalertseverity", "signalruleseverity", "alertseverity", "rulelevel", "severity", "severitylabel", "risklevel",
    "urgency", "criticality", "priority",
)  # fmt: skip

Senses = tuple[str, tuple[str, ...], tuple[str, ...]]
SENSES: tuple[Senses, ...] = (
    ("host_name", ("hostname", "host", "computer", "computername", "machine", "machinename", "device", "devicename",
                   "endpoint", "agentname", "hostnamename", "dvchost", "workstation", "server", "node", "system", "asset",
                   "dvc", "deviceproductname", "hostfqdn"), ()),
    ("host_ip", ("hostip", "localip", "deviceip", "agentip"), ("ip",)),
    ("user_name", ("username", "user", "account", "accountname", "useraccount", "targetusername", "subjectusername", "login",
                   "samaccountname", "actor", "principal", "suser", "userprincipalname", "upn", "email", "author",
                   "useridentityusername", "from"), ("user_of",)),
    ("user_domain", ("userdomain", "domain", "accountdomain"), ()),
    ("user_target_name", ("targetuser", "duser", "targetaccount"), ("user_of",)),
    ("source_ip", ("sourceip", "srcip", "src", "clientip", "sourceaddress", "sourceipaddress", "remoteip", "ipaddress", "ip",
                   "srcaddr", "cip", "remoteaddr", "remoteaddress", "callerip", "sip"), ("ip",)),
    ("source_port", ("sourceport", "srcport", "spt", "sport"), ()),
    ("destination_ip", ("destinationip", "destip", "dstip", "dst", "dest", "destinationaddress", "dstaddr", "serverip",
                        "targetip", "dip"), ("ip",)),
    ("destination_port", ("destinationport", "destport", "dstport", "dpt", "dport"), ()),
    ("destination_domain", ("destinationdomain", "domainname", "fqdn", "desthost", "dhost", "destinationhostname"), ()),
    ("network_transport", ("networktransport", "protocol", "proto", "ipprotocol"), ("transport",)),
    ("process_executable", ("processexecutable", "image", "processpath", "imagepath", "exe", "executable", "newprocessname", "processimagepath", "processimage",
                            "initiatingprocessfolderpath"), ()),
    ("process_name", ("processname", "process", "app", "application", "program", "procname"), ("basename",)),
    ("process_pid", ("processid", "pid", "processpid"), ("number",)),
    ("process_command_line", ("commandline", "processcommandline", "cmdline", "processcmdline", "cmd", "command", "fullcommandline",
                              "initiatingprocesscommandline"),
     ()),
    ("process_parent_executable", ("parentimage", "parentprocesspath", "parentpath", "parentexecutable", "parentimagepath",
                                   "parentprocessname", "parentprocess", "processparentexecutable", "processparentpath",
                                   "parentname", "processparentname", "parentprocname"), ()),
    ("process_parent_pid", ("ppid", "parentpid", "parentprocessid", "parentprocesspid", "processparentpid", "processppid"), ("number",)),
    ("process_parent_command_line", ("parentcommandline", "processparentcommandline", "parentcmdline", "parentprocesscommandline",
                                     "parentprocesscmdline", "processparentcmdline"), ()),
    ("file_path", ("filepath", "path", "filename", "file", "targetfilename", "objectname", "fullpath"), ()),
    ("hash_md5", ("md5", "md5hash", "filehashmd5", "processmd5", "processhashmd5"), ("lower",)),
    ("hash_sha1", ("sha1", "sha1hash", "filehashsha1", "processsha1", "processhashsha1"), ("lower",)),
    ("hash_sha256", ("sha256", "sha256hash", "filehashsha256", "processsha256", "processhashsha256", "filehash", "processhash", "hash"), ("lower",)),
    ("registry_path", ("registrypath", "registrykey", "keypath"), ()),
    ("dns_question_name", ("dnsquestionname", "query", "dnsquery", "queryname", "qname"), ()),
    ("url_full", ("url", "urlfull", "uri", "requesturl", "request"), ()),
    ("http_request_method", ("httprequestmethod", "method", "httpmethod", "requestmethod"), ()),
    ("http_response_status_code", ("httpresponsestatuscode", "statuscode", "httpstatus"), ()),
    ("user_agent_original", ("useragentoriginal", "useragent"), ()),
    ("event_code", ("eventcode", "eventid", "eventidentifier", "ruleid", "signatureid", "alertid"), ()),
    ("event_action", ("eventaction", "action", "operation", "eventname", "eventtype", "activitytype", "category",
                      "timestampdesc", "type"), ()),
    ("event_outcome", ("eventoutcome", "outcome", "result", "success"), ("outcome",)),
    ("event_provider", ("eventprovider", "provider", "product", "vendor", "sourcename", "parser", "datatype", "source"), ()),
    ("event_severity", ("loglevel", "severity", "level", "priority"), ()),
    ("service_name", ("servicename", "service"), ()),
    ("cloud_account_id", ("accountid", "cloudaccountid"), ()),
    ("cloud_region", ("region", "awsregion", "cloudregion"), ()),
)  # fmt: skip


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip().split("%")[0])
    except ValueError:
        return False
    return True


def _is_hex(length: int) -> Callable[[str], bool]:
    return lambda text: len(text.strip()) == length and all(c in "0123456789abcdefABCDEF" for c in text.strip())


def _is_number(text: str) -> bool:
    return text.isdecimal() or text.lower().startswith("0x")


# What a value must look like for its column to be believed.
CHECKS: dict[str, Callable[[str], bool]] = {
    "source_ip": _is_ip, "destination_ip": _is_ip, "host_ip": _is_ip,
    "source_port": str.isdecimal, "destination_port": str.isdecimal, "process_pid": _is_number, "process_parent_pid": _is_number,
    "hash_md5": _is_hex(32), "hash_sha1": _is_hex(40), "hash_sha256": _is_hex(64),
    "host_name": lambda text: not _is_number(text) and len(text) < 256,
    "user_name": lambda text: len(text) < 256,
    "http_response_status_code": str.isdecimal,
}  # fmt: skip
