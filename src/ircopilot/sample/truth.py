"""What truly happened in the sample incident, in the form that labelled incidents are scored with."""

from __future__ import annotations

from ircopilot.sample.cloud import ATTACKER_AGENT, STOLEN_OBJECTS
from ircopilot.sample.windows_attack import SERVICE
from ircopilot.sample.world import (
    ACCOUNT,
    BUCKET,
    C2_HOST,
    C2_IP,
    CLOUD_ATTACKER_IP,
    DEVELOPER_KEY,
    EGRESS,
    LURE_HOST,
    LURE_IP,
    LURE_URL,
    PAYLOAD,
    RESOLVER,
    SCANNER,
    STOLEN_KEY,
    Json,
    at,
    hashes_of,
    iso,
)

VICTIM, SERVER = "windows/fin-ws07.jsonl", "windows/app-srv02.jsonl"
TRAIL = f"aws/{ACCOUNT}_CloudTrail_eu-west-1_20260310T1100Z.json.gz"
JUMP = "jump01/syslog"

TECHNIQUES = {
    "T1566.002": "Sysmon 1: OUTLOOK.EXE starts the browser with the link",
    "T1204.002": "Sysmon 1: explorer.exe starts the downloaded payload",
    "T1071.001": "TLS sessions to the command server on port 443",
    "T1059.003": "Sysmon 1: cmd.exe under the payload",
    "T1033": "whoami /all",
    "T1016": "ipconfig /all",
    "T1082": "systeminfo",
    "T1069.002": 'net group "Domain Admins" /domain',
    "T1018": "nltest /dclist",
    "T1547.001": "Sysmon 13: a Run key starts the payload",
    "T1548.002": "ms-settings handler and fodhelper.exe",
    "T1055": "Sysmon 8: a thread of the payload in spoolsv.exe",
    "T1003.001": "Sysmon 10 and 11: comsvcs.dll writes the memory of lsass.exe",
    "T1021.002": "a file written to ADMIN$ after a network logon of svc-deploy",
    "T1543.003": "System 7045: service HBDiag",
    "T1059.001": "PowerShell 4104",
    "T1552.001": "PowerShell reads AWS keys from a file",
    "T1021.004": "sshd: deploy from 10.20.8.12",
    "T1548.003": "sudo by deploy",
    "T1078.004": "the stolen key of svc-reporting",
    "T1530": "GetObject from the finance archive",
    "T1070.004": "Sysmon 23: the dump is deleted",
}

ACCEPTABLE = (
    "T1566", "T1105", "T1573", "T1573.002", "T1071", "T1087", "T1087.002", "T1087.004", "T1482", "T1112", "T1134",
    "T1036", "T1036.005", "T1218", "T1218.011", "T1569", "T1569.002", "T1570", "T1078", "T1078.002", "T1027",
    "T1027.010", "T1132", "T1132.001", "T1140", "T1564", "T1564.003", "T1083", "T1552", "T1552.004", "T1560",
    "T1560.001", "T1074", "T1074.001", "T1580", "T1526", "T1619", "T1567", "T1567.002", "T1537", "T1048", "T1550",
    "T1550.001", "T1528", "T1003", "T1098", "T1041", "T1005", "T1057", "T1049", "T1046", "T1110", "T1547", "T1548",
)  # fmt: skip

# id, weight, what happened, tokens of which one alternative must be found, time, file and string that prove it.
Row = tuple[str, int, str, tuple[tuple[str, ...], ...], str, str, str]
FACTS: tuple[Row, ...] = (
    ("victim_host", 2, "FIN-WS07 is the first compromised host", (("fin-ws07",),), "", VICTIM, "FIN-WS07"),
    ("victim_user", 2, "mira.solberg opened the link", (("mira.solberg",),), "", VICTIM, "mira.solberg"),
    ("lure", 2, "the mail program opened a link to the payload", ((LURE_HOST,), (LURE_URL.lower(),)), "08:41:12",
     VICTIM, LURE_URL),
    ("lure_ip", 1, "the payload came from 198.51.100.23", ((LURE_IP,),), "", "zeek/http.log", LURE_IP),
    ("download", 3, "the browser downloaded the payload", ((PAYLOAD.lower(), "download"), (PAYLOAD.lower(), "msedge"),
     (PAYLOAD.lower(), LURE_HOST)), "08:41:18", VICTIM, "Zone.Identifier"),
    ("payload_hash", 2, "the payload's SHA-256", tuple((hashes_of(PAYLOAD)[kind].lower(),)
     for kind in ("SHA256", "SHA1", "MD5")), "", VICTIM, hashes_of(PAYLOAD)["SHA256"]),
    ("payload_run", 3, "the user ran the payload", ((PAYLOAD.lower(), "explorer.exe"), (PAYLOAD.lower(), "start"),
     (PAYLOAD.lower(), "execut"), (PAYLOAD.lower(), "launch"), (PAYLOAD.lower(), " ran ")), "08:42:55", VICTIM,
     PAYLOAD),
    ("c2_host", 2, "command server by name", ((C2_HOST,),), "", VICTIM, C2_HOST),
    ("c2_ip", 3, "command server by address", ((C2_IP,),), "", "zeek/conn.log", C2_IP),
    ("c2_process", 2, "the payload itself speaks with the command server", ((PAYLOAD.lower(), C2_IP),
     (PAYLOAD.lower(), C2_HOST)), "08:42:58", VICTIM, f'"DestinationIp":"{C2_IP}"'),
    ("whoami", 1, "whoami /all", (("whoami",),), "08:47:10", VICTIM, "whoami  /all"),
    ("systeminfo", 1, "systeminfo", (("systeminfo",),), "08:47:58", VICTIM, '"CommandLine":"systeminfo"'),
    ("domain_admins", 1, "net group Domain Admins", (("domain admins",),), "08:49:06", VICTIM, "Domain Admins"),
    ("nltest", 1, "nltest /dclist", (("nltest",),), "08:49:40", VICTIM, "nltest  /dclist"),
    ("run_key", 2, "a Run key starts the payload", (("currentversion\\run", "invoiceviewer"),
     ("run key", "invoiceviewer"), ("currentversion\\run", PAYLOAD.lower())), "08:52:03", VICTIM, "InvoiceViewer"),
    ("uac", 2, "fodhelper.exe started the payload elevated", (("fodhelper",), ("ms-settings",)), "08:55:49", VICTIM,
     "fodhelper.exe"),
    ("lsass", 3, "rundll32.exe with comsvcs.dll read lsass.exe", (("lsass", "rundll32"), ("lsass", "comsvcs"),
     ("comsvcs", "minidump")), "08:58:30", VICTIM, "comsvcs.dll, MiniDump"),
    ("dump", 2, "the dump wer88.dmp", (("wer88.dmp",),), "08:58:30", VICTIM, "wer88.dmp"),
    ("account", 2, "the account svc-deploy was used", (("svc-deploy",),), "09:06:40", VICTIM, "svc-deploy"),
    ("lateral", 3, "FIN-WS07 reached APP-SRV02 over SMB with svc-deploy", (("app-srv02", "svc-deploy"),
     ("app-srv02", "10.20.4.17")), "09:06:41", SERVER, '"IpAddress":"10.20.4.17"'),
    ("service", 3, "service HBDiag was installed on APP-SRV02", ((SERVICE.lower(), "service"), (SERVICE.lower(),
     "7045")), "09:06:47", SERVER, f'"ServiceName":"{SERVICE}"'),
    ("server_c2", 2, "HBdiag.exe speaks with the command server", (("hbdiag.exe", C2_IP), ("hbdiag.exe", C2_HOST)),
     "09:06:50", SERVER, "HBdiag.exe"),
    ("powershell", 2, "hidden, encoded PowerShell under HBdiag.exe", (("powershell", "hbdiag"),
     ("powershell", "encoded"), ("powershell", "-enc")), "09:14:05", SERVER, "-nop -w hidden -enc"),
    ("key_file", 3, "AWS keys were looked for and read from a file", (("\\.aws\\credentials",), ("akia[0-9a-z]",)),
     "09:16:22", SERVER, "Get-Content D:\\\\Apps\\\\reporting\\\\.aws\\\\credentials"),
    ("ssh", 3, "ssh from APP-SRV02 to the jump host as deploy", (("deploy", "10.20.8.12"), ("deploy", "jump01"),
     ("ssh", "10.20.9.5")), "09:19:32", JUMP, "Accepted publickey for deploy from 10.20.8.12"),
    ("sudo", 2, "deploy read root's AWS credentials by sudo", (("sudo", "/root/.aws/credentials"),
     ("deploy", "/root/.aws/credentials"), ("sudo", "deploy")), "09:21:37", JUMP, "cat /root/.aws/credentials"),
    ("staging", 1, "an archive of /srv/exports was made", ((".cache-a1.tgz",),), "09:24:50", JUMP, ".cache-a1.tgz"),
    ("key", 3, "the key of svc-reporting was abused", ((STOLEN_KEY.lower(),),), "", TRAIL, STOLEN_KEY),
    ("identity", 1, "IAM user svc-reporting", (("svc-reporting",),), "", TRAIL, "svc-reporting"),
    ("cloud_ip", 3, "from 203.0.113.77", ((CLOUD_ATTACKER_IP,),), "", TRAIL, CLOUD_ATTACKER_IP),
    ("cloud_agent", 2, "with another tool: the AWS command line on Kali", (("aws-cli/2.15.30",), ("kali",)), "", TRAIL,
     ATTACKER_AGENT),
    ("caller_identity", 2, "GetCallerIdentity", (("getcalleridentity",),), "09:33:05", TRAIL, "GetCallerIdentity"),
    ("list_buckets", 2, "ListBuckets", (("listbuckets",),), "09:33:21", TRAIL, "ListBuckets"),
    ("bucket", 3, "the finance archive was read", ((BUCKET,),), "", TRAIL, BUCKET),
    ("get_object", 3, "objects were downloaded with GetObject", (("getobject",),), "09:36:10", TRAIL,
     STOLEN_OBJECTS[0]),
    ("cleanup", 1, "the dump was deleted", (("wer88.dmp", "delet"), ("wer88.dmp", "remov")), "09:44:18", VICTIM,
     "del /f /q"),
    ("isolated", 2, "the response: FIN-WS07 was isolated", (("isolated", "fin-ws07"),), "09:52:30",
     "slack/incident-response/2026-03-10.json", "isolated host FIN-WS07"),
    ("alert", 1, "the endpoint product raised an alert", (("credential dumping",), ("edr-20713",)), "08:58:41",
     "alerts/edr-alerts.json", "EDR-20713"),
)  # fmt: skip

ORDER = (
    "download", "payload_run", "whoami", "nltest", "run_key", "lsass", "service", "powershell", "ssh", "sudo",
    "list_buckets", "get_object", "cleanup",
)  # fmt: skip

BENIGN = (
    RESOLVER, SCANNER, EGRESS, DEVELOPER_KEY, "svchost.exe", "explorer.exe", "msedge.exe", "MsMpEng.exe",
    "MicrosoftEdgeUpdate.exe", "nkbackup.exe", "vssadmin.exe", "InventoryAgent.exe", "wsmprovhost.exe",
    "elevation_service.exe", "Microsoft Edge Elevation Service", "settings-win.data.microsoft.com",
    "ctldl.windowsupdate.com", "portal.freightline.example", "s3.eu-west-1.amazonaws.com",
    "hollowbrook-build-artifacts", "10.20.9.20", "192.0.2.99", "conhost.exe",
)  # fmt: skip
HARD = ("OPS-WS03", "DEV-WS12", "lena.fischer", "tomas.reyes", "TidemarkAgent.exe")


def truth() -> Json:
    """The truth file's content; times are UTC in ISO 8601."""
    return {
        "case": "sample_phishing_to_cloud",
        "split": "sample",
        "source": "invented; written by `ircopilot sample`",
        "techniques": [{"id": name, "observable": True, "why": why} for name, why in TECHNIQUES.items()],
        "acceptable_techniques": list(ACCEPTABLE),
        "attack_window": {"start": iso(at("08:41:12"), 0), "end": iso(at("09:44:18"), 0), "tolerance_s": 60},
        "facts": [_fact(row) for row in FACTS],
        "order": list(ORDER),
        "benign_decoys": list(BENIGN),
        "hard_decoys": list(HARD),
    }


def _fact(row: Row) -> Json:
    name, weight, text, any_of, clock, file, string = row
    fact: Json = {"id": name, "text": text, "any_of": [list(tokens) for tokens in any_of], "weight": weight}
    if clock:
        fact["time"] = iso(at(clock), 0)
    fact["evidence"] = {"file": file, "string": string}
    return fact
