"""Cloud sessions: one per access key, agent and address; which of them were the attacker's, and what they called."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ircopilot.analysis.query import Query, Row, fields_by_id, rows
from ircopilot.analysis.story.acts import ActBook, ActDraft
from ircopilot.analysis.story.names import is_ip
from ircopilot.analysis.story.weights import SEED, RuleHits

_SESSIONS = """
SELECT cloud_access_key_id AS key, cloud_identity_arn AS arn, any(cloud_identity_type) AS type, user_agent_original AS agent,
  source_ip AS ip, min(time) AS first, max(time) AS last, count() AS calls, groupUniqArray(200)(event_action) AS actions,
  countIf(error_code != '') AS errors
FROM {events} WHERE source = 'aws.cloudtrail' AND (key != '' OR arn != '') GROUP BY key, arn, agent, ip
ORDER BY first, key, arn, agent, ip
"""
_INSTANCE = re.compile(r"/(i-[0-9a-f]{8,17})$")
_PERSONAL_OS = re.compile(r"Darwin|Windows|macos|kali|parrot|pentoo", re.I)
_COMMAND_LINE = re.compile(
    r"aws-cli|boto|botocore|pacu|curl|python-requests|go-http|terraform|S3 Browser|rclone|cyberduck", re.I
)
_CONSOLE = re.compile(
    r"console\.|signin\.|Mozilla|aws-internal|EC2ConsoleFrontend|AWS Internal|\.amazonaws\.com$", re.I
)

TELLING, LISTING = 1.0, 1.5

CLOUD_TECHNIQUES: dict[str, tuple[str, ...]] = {
    "ListBuckets": ("T1619",), "ListObjects": ("T1619",), "ListObjectsV2": ("T1619",), "GetObject": ("T1530",),
    "DescribeInstances": ("T1580",), "ListUsers": ("T1087.004",), "ListRoles": ("T1087.004",), "GetCallerIdentity": ("T1087.004",),
    "GetSecretValue": ("T1555.006",), "ListSecrets": ("T1555.006",), "CreateAccessKey": ("T1098.001",), "CreateUser": ("T1136.003",),
    "AttachUserPolicy": ("T1098.003",), "AttachRolePolicy": ("T1098.003",), "PutUserPolicy": ("T1098.003",),
    "StopLogging": ("T1685.002",), "DeleteTrail": ("T1685.002",), "UpdateTrail": ("T1685.002",), "PutBucketPolicy": ("T1537",),
    "CreateSnapshot": ("T1578.001",), "ModifySnapshotAttribute": ("T1537",), "RunInstances": ("T1578.002",),
    "SendCommand": ("T1651",), "DeleteBucket": ("T1485",), "DeleteObject": ("T1485",), "ConsoleLogin": ("T1078.004",),
    "CreateLoginProfile": ("T1098.001",), "UpdateLoginProfile": ("T1098.001",), "GetPasswordData": ("T1552.005",),
}  # fmt: skip


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
    _score(sessions, hits, hit_rows)
    chosen = [s for s in sessions if s.score >= SEED]
    chosen = _with_offspring(query, sessions, chosen)
    for session in chosen:
        for group in _groups(_calls(query, session)):
            _call(book, session, group)
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
        if _CONSOLE.search(s.agent) and not _COMMAND_LINE.search(s.agent):
            s.score *= 0.4


def _marks(s: Session, sessions: list[Session]) -> list[tuple[float, str]]:
    """What speaks for misuse without any rule: points and the reason."""
    marks: list[tuple[float, str]] = []
    cli = bool(_COMMAND_LINE.search(s.agent))
    if s.instance and _PERSONAL_OS.search(s.agent):
        marks.append((5.0, "credentials of a cloud instance used from a personal computer's command line"))
    elif s.instance and cli and is_ip(s.ip):
        marks.append((2.0, "credentials of a cloud instance used from a command line"))
    others = [o for o in sessions if o.key == s.key and s.key and (o.agent != s.agent) and o.first < s.first]
    if others and cli and all(o.ip != s.ip for o in others):
        marks.append((3.5, "a key used from a new agent and a new address"))
    elif others and cli:
        marks.append((1.0, "a key used from a new agent"))
    if {"ListBuckets"} <= s.actions and s.actions & {"ListObjects", "ListObjectsV2", "GetObject"}:
        marks.append((1.5, "buckets listed, then their objects"))
    if "GetCallerIdentity" in s.actions and cli:
        marks.append((1.0, "asked whose key it is"))
    if s.errors >= 5 and s.errors * 3 >= s.calls:
        marks.append((2.0, "many calls denied"))
    return marks


def _with_offspring(query: Query, sessions: list[Session], chosen: list[Session]) -> list[Session]:
    """Add sessions with the same key and agent, and those of keys that a chosen session made or assumed."""
    keys = {(s.key, s.agent) for s in chosen}
    born: set[str] = set()
    for s in chosen:
        if s.actions & {"CreateAccessKey", "AssumeRole", "GetSessionToken", "GetFederationToken"}:
            calls = [
                r
                for r in _calls(query, s)
                if r["event_action"] in ("CreateAccessKey", "AssumeRole", "GetSessionToken", "GetFederationToken")
            ]
            for names in fields_by_id(query, [r["event_id"] for r in calls]).values():
                born |= {v for k, v in names.items() if k.endswith("accessKeyId") and "responseElements" in k}
    return [s for s in sessions if s in chosen or (s.key and (s.key, s.agent) in keys) or s.key in born]


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


def _call(book: ActBook, s: Session, group: list[Row]) -> None:
    row = group[0]
    action, resource = row["event_action"], row["cloud_resource"]
    detail = {
        "key": s.key, "arn": s.arn, "ip": s.ip, "agent": s.agent.strip("[]"), "service": row["cloud_service_name"], "account": row["cloud_account_id"],
        "region": row["cloud_region"], "error": row["error_code"], "instance": s.instance, "resource": resource,
    }  # fmt: skip
    techniques = set(CLOUD_TECHNIQUES.get(action, ())) | {"T1078.004"}
    if s.instance:
        techniques |= {"T1552.005"}
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
