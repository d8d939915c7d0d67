"""Cloud sessions: one per access key, agent and address; which of them were the attacker's, and what they called."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ircopilot.analysis.query import Query, Row, fields_by_id, rows
from ircopilot.analysis.story.acts import ActBook, ActDraft
from ircopilot.analysis.story.cloud_techniques import techniques_of_call
from ircopilot.analysis.story.names import is_ip
from ircopilot.analysis.story.weights import SEED, RuleHits

_SESSIONS = """
SELECT cloud_access_key_id AS key, cloud_identity_arn AS arn, any(cloud_identity_type) AS type, user_agent_original AS agent,
  source_ip AS ip, min(time) AS first, max(time) AS last, count() AS calls, groupUniqArray(200)(event_action) AS actions,
  countIf(error_code != '') AS errors,
  countIf(error_code = '' AND event_action IN ('GetSecretValue', 'BatchGetSecretValue', 'GetParameter', 'GetParameters', 'GetParametersByPath')) AS secrets
FROM {events} WHERE source = 'aws.cloudtrail' AND (key != '' OR arn != '') GROUP BY key, arn, agent, ip
ORDER BY first, key, arn, agent, ip
"""
_INSTANCE = re.compile(r"/(i-[0-9a-f]{8,17})$")
_PERSONAL_OS = re.compile(r"Darwin|Windows|macos|kali|parrot|pentoo", re.I)
_COMMAND_LINE = re.compile(
    r"aws-cli|aws-sdk|boto|botocore|pacu|curl|python-requests|go-http|terraform|S3 Browser|rclone|cyberduck", re.I
)
# Systems made for breaking in, and tools that are used for nothing else.
_ATTACK_AGENT = re.compile(r"kali|parrot|pentoo|pacu|stratus-red-team|enumerate-iam|weirdAAL", re.I)
MANY_SECRETS = 5
_READS = ("Get", "List", "Describe", "Head", "Lookup", "Filter")
_CONSOLE = re.compile(
    r"console\.|signin\.|Mozilla|aws-internal|EC2ConsoleFrontend|AWS Internal|\.amazonaws\.com$", re.I
)

TELLING, LISTING = 1.0, 1.5
ALONE = 2.0  # what a session must weigh to be told where nothing else is
_MAKES = {
    "persistence": frozenset(("CreateUser CreateAccessKey CreateLoginProfile UpdateLoginProfile AttachUserPolicy AttachRolePolicy AttachGroupPolicy "
                              "PutUserPolicy PutRolePolicy AddUserToGroup UpdateAssumeRolePolicy CreatePolicyVersion CreateRole").split()),
    "evasion": frozenset("StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteDetector DeleteFlowLogs DeactivateMFADevice".split()),
    "impact": frozenset(("RunInstances DeleteBucket DeleteObject DeleteObjects ScheduleKeyDeletion DeleteSnapshot ModifySnapshotAttribute "
                         "ModifyImageAttribute ModifyDBSnapshotAttribute PutBucketPolicy SendCommand").split()),
}  # fmt: skip
# What a call was made with, said beside its resource: names as CloudTrail has them.
_SAID = re.compile(
    r'"?\b(MFAUsed|instanceType|imageId|groupName|policyArn|policyName|accessKeyId|userId|cidrIp|Principal|userName|snapshotId)"?[:=]\s*"?([\w:./*@+-]{1,200})'
)
_SAID_OF = ("requestParameters.", "responseElements.", "additionalEventData.")
_FARM = re.compile(r"^(?:p\d|g\d|inf\d|trn\d)|(?:12|16|18|24|32|48|96)xlarge$")


@dataclass(slots=True)
class Session:
    """Calls of one identity with one access key from one agent and address."""

    key: str
    arn: str
    type: str
    agent: str
    ip: str
    first: datetime
    last: datetime
    calls: int
    actions: frozenset[str]
    errors: int
    secrets: int = 0
    shared: bool = False
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    @property
    def instance(self) -> str:
        """The EC2 instance whose role credentials these are, if they are."""
        match = _INSTANCE.search(self.arn)
        return match[1] if match else ""


def tell_cloud(book: ActBook, query: Query, hits: RuleHits, hit_rows: dict[str, Row]) -> list[Session]:
    """Find the attacker's sessions and enter their calls into the book."""
    sessions = [_session(r) for r in query(_SESSIONS).to_pylist()]
    if not sessions:
        return []
    for s in sessions:
        s.shared = is_ip(s.ip) and any(o.ip == s.ip and o.arn != s.arn for o in sessions)
    _score(sessions, hits, hit_rows)
    chosen = [s for s in sessions if s.score >= SEED]
    if not chosen and not book.acts():  # nothing else is told: the best of the weak
        best = max(s.score for s in sessions)
        chosen = [s for s in sessions if s.score == best >= ALONE]
    chosen = _with_offspring(query, sessions, chosen)
    ours = {s.ip for s in sessions if s not in chosen}
    for session in chosen:
        session.shared = session.ip in ours
        groups = _groups(_calls(query, session))
        said = fields_by_id(
            query, [g[0]["event_id"] for g in groups if not g[0]["event_action"].startswith(_READS)][:200]
        )
        for group in groups:
            _call(book, session, group, said.get(group[0]["event_id"], {}))
    _issued(book, query, chosen)
    return chosen


def _session(row: dict[str, Any]) -> Session:
    return Session(
        row["key"],
        row["arn"],
        row["type"],
        row["agent"],
        row["ip"],
        row["first"],
        row["last"],
        row["calls"],
        frozenset(row["actions"]),
        row["errors"],
        row["secrets"],
    )


def _score(sessions: list[Session], hits: RuleHits, hit_rows: dict[str, Row]) -> None:
    rules: dict[tuple[str, str, str, str], dict[str, float]] = defaultdict(dict)
    for event_id, found in hits.by_event.items():
        row = hit_rows.get(event_id)
        if row is not None and row["source"] == "aws.cloudtrail":
            who = (row["cloud_access_key_id"], row["cloud_identity_arn"], row["user_agent_original"], row["source_ip"])
            rules[who].update({r: hits.weights[r] for r in found})
    for s in sessions:
        matched = rules[(s.key, s.arn, s.agent, s.ip)]
        # Listing is what administrators do all day: however many such rules match, together they say little.
        s.score += sum(w for w in matched.values() if w >= TELLING) + min(
            LISTING, sum(w for w in matched.values() if w < TELLING)
        )
        s.reasons += [hits.detections[rule].title for rule in sorted(matched)]
        for points, reason in _marks(s, sessions):
            s.score += points
            s.reasons.append(reason)
        at_home = s.shared or not is_ip(s.ip)
        if _CONSOLE.search(s.agent) and not _COMMAND_LINE.search(s.agent) and (at_home or s.score < SEED):
            s.score *= 0.4


def _marks(s: Session, sessions: list[Session]) -> list[tuple[float, str]]:
    """What speaks for misuse without any rule: points and the reason."""
    marks: list[tuple[float, str]] = []
    cli = bool(_COMMAND_LINE.search(s.agent))
    if s.instance and _PERSONAL_OS.search(s.agent):
        marks.append((5.0, "credentials of a cloud instance used from a personal computer's command line"))
    elif s.instance and cli and is_ip(s.ip):
        marks.append((2.0, "credentials of a cloud instance used from a command line"))
    if _ATTACK_AGENT.search(s.agent):
        marks.append((5.0, "the agent names a system or tool made for attacks"))
    if s.secrets >= MANY_SECRETS and is_ip(s.ip):
        marks.append((2.5, "many secrets read"))
    others = [o for o in sessions if o.key == s.key and s.key and (o.agent != s.agent) and o.first < s.first]
    if others and cli and all(o.ip != s.ip for o in others):
        marks.append((3.5, "a key used from a new agent and a new address"))
    elif others and cli:
        marks.append((1.0, "a key used from a new agent"))
    if {"ListBuckets"} <= s.actions and s.actions & {"ListObjects", "ListObjectsV2", "GetObject"}:
        marks.append((1.5, "buckets listed, then their objects"))
    if "GetCallerIdentity" in s.actions and cli:
        marks.append((1.0, "asked whose key it is"))
    made = [kind for kind, actions in _MAKES.items() if s.actions & actions]
    elsewhere = is_ip(s.ip) and not s.shared
    if elsewhere and len(made) >= 2:
        marks.append((2.5, f"{' and '.join(made)} from an address that nobody else uses"))
    mine = [o for o in sessions if o.arn == s.arn and o.ip == s.ip]
    if elsewhere and "ConsoleLogin" in s.actions and s.errors and s.calls > s.errors:
        marks.append((2.0, "signed in after failing from an address that nobody else uses"))
    if elsewhere and any("ConsoleLogin" in o.actions and o.errors for o in mine) and made:
        marks.append((1.5, "changes after a sign-in that failed at first"))
    if s.errors >= 5 and s.errors * 3 >= s.calls:
        marks.append((2.0, "many calls denied"))
    return marks


def _with_offspring(query: Query, sessions: list[Session], chosen: list[Session]) -> list[Session]:
    """Add sessions with the same key and agent, and those of keys that a chosen session made or assumed."""
    keys = {(s.key, s.agent) for s in chosen}
    # A console session changes its temporary keys; who, from where and with what stay the same.
    seats = {(s.arn, s.agent, s.ip) for s in chosen if is_ip(s.ip)}
    born: set[str] = set()
    users: set[str] = set()
    for s in chosen:
        if s.actions & {"CreateAccessKey", "AssumeRole", "GetSessionToken", "GetFederationToken"}:
            calls = [
                r
                for r in _calls(query, s)
                if r["event_action"] in ("CreateAccessKey", "AssumeRole", "GetSessionToken", "GetFederationToken")
            ]
            for names in fields_by_id(query, [r["event_id"] for r in calls]).values():
                born |= {v for k, v in names.items() if k.endswith("accessKeyId") and "responseElements" in k}
        if "CreateUser" in s.actions:
            users |= {
                r["cloud_resource"]
                for r in _calls(query, s)
                if r["event_action"] == "CreateUser" and not r["error_code"]
            }
    return [
        s
        for s in sessions
        if s in chosen
        or (s.key and (s.key, s.agent) in keys)
        or s.key in born
        or (s.arn, s.agent, s.ip) in seats
        or (":user/" in s.arn and s.arn.rsplit("/", 1)[-1] in users)
    ]


def _calls(query: Query, s: Session) -> list[Row]:
    where = (
        "source = 'aws.cloudtrail' AND cloud_access_key_id = {key:String} AND cloud_identity_arn = {arn:String} "
        "AND user_agent_original = {agent:String} AND source_ip = {ip:String}"
    )
    return rows(query, where, {"key": s.key, "arn": s.arn, "agent": s.agent, "ip": s.ip}, 20_000)


def _groups(calls: list[Row]) -> list[list[Row]]:
    """Calls of the same action on the same resource, cut where five minutes lie between two."""
    by_what: dict[tuple[str, str, str], list[list[Row]]] = defaultdict(list)
    for row in calls:
        groups = by_what[(row["event_action"], row["cloud_resource"], row["error_code"])]
        if groups and row["time"] - groups[-1][-1]["time"] <= timedelta(minutes=5):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [g for groups in by_what.values() for g in groups]


def _said(fields: dict[str, str], resource: str) -> str:
    """What the call was made with, and what it gave: up to four names and values."""
    found: dict[str, str] = {}
    for name, value in fields.items():
        if name.startswith(_SAID_OF) and value:
            for match in _SAID.finditer(f"{name.rsplit('.', 1)[-1]}={value}" if value[:1] not in "[{" else value):
                if match[2] not in resource and match[2] not in found.values():
                    found.setdefault(match[1], match[2])
    return ", ".join(f"{k}={v}" for k, v in list(found.items())[:4])


def _call(book: ActBook, s: Session, group: list[Row], fields: dict[str, str]) -> None:
    row = group[0]
    action, resource = row["event_action"], row["cloud_resource"]
    detail = {
        "key": s.key, "arn": s.arn, "ip": s.ip, "agent": s.agent.strip("[]"), "service": row["cloud_service_name"], "account": row["cloud_account_id"],
        "region": row["cloud_region"], "error": row["error_code"], "instance": s.instance, "resource": resource,
        "said": _said(fields, resource), "ip_shared": "yes" if s.shared else "",
    }  # fmt: skip
    techniques = set(techniques_of_call(action)) | {"T1078.004"}
    if s.instance:
        techniques |= {"T1552.005"}
    if action == "RunInstances" and any(_FARM.search(v) for v in re.split("[ =,]+", detail["said"])):
        techniques |= {"T1496.001"}
    if action == "ConsoleLogin" and row["error_code"]:
        techniques = {"T1110"}
    verb = "read-object" if action == "GetObject" and not row["error_code"] else "called-api"
    draft = ActDraft(
        verb, _identity(s), (action,), "", _identity(s), {k: v for k, v in detail.items() if v}, techniques
    )
    draft.why = "; ".join(s.reasons[:3])
    book.add(draft, group, s.key, s.agent, s.ip, action, resource, row["error_code"], group[0]["event_id"])


def _identity(s: Session) -> str:
    """The last two parts of the ARN as spelled (role/session), or the user's name."""
    tail = s.arn.rsplit(":", 1)[-1]
    return tail.removeprefix("assumed-role/") if tail else s.key


def _issued(book: ActBook, query: Query, chosen: list[Session]) -> None:
    """Where the attacker's role credentials came from: the AssumeRole that names the same instance or role session."""
    for s in chosen:
        session_name = s.arn.rsplit("/", 1)[-1] if s.type == "AssumedRole" else ""
        if not session_name:
            continue
        where = (
            "source = 'aws.cloudtrail' AND startsWith(event_action, 'AssumeRole') AND has(mapValues(fields), {name:String}) "
            "AND time <= {first:DateTime64(6, 'UTC')}"
        )
        found = rows(query, where, {"name": session_name, "first": s.first}, 50)
        if not found:
            continue
        row = found[0]
        detail = {
            "session": session_name,
            "role": s.arn.split("/")[1] if s.arn.count("/") >= 2 else "",
            "by": row["source_ip"] or row["user_agent_original"],
        }
        draft = ActDraft(
            "issued-credentials",
            detail["by"] or "AWS",
            (row["event_action"],),
            "",
            "",
            {k: v for k, v in detail.items() if v},
            context=True,
        )
        draft.why = "these credentials were used by the attacker later"
        book.add(draft, found[:1], s.arn)
