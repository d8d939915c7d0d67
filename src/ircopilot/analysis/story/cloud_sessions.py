"""Sessions of a cloud's API: one per identity, key, agent and address, and what speaks for each being an attacker's."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from ircopilot.analysis.query import Query, Row
from ircopilot.analysis.story.weights import SEED, STRONG, RuleHits

_SESSIONS = """
SELECT cloud_access_key_id AS key, cloud_identity_arn AS arn, any(cloud_identity_type) AS type, user_agent_original AS agent,
  source_ip AS ip, min(time) AS first, max(time) AS last, count() AS calls, groupUniqArray(200)(event_action) AS actions,
  countIf(error_code != '') AS errors,
  uniqExactArrayIf(if(event_action = 'GetParameters', JSONExtractArrayRaw(fields['requestParameters.names']), [cloud_resource]),
    error_code = '' AND event_action IN ('GetSecretValue', 'GetParameter', 'GetParameters'))
  + 5 * countIf(error_code = '' AND event_action IN ('BatchGetSecretValue', 'GetParametersByPath')) AS secrets
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
# Programs that run on the machine whose credentials they use.
_ON_MACHINE = re.compile(
    r"amazon-cloudwatch-agent|amazon-ssm-agent|ecs-agent|CodeDeployAgent|aws-for-fluent-bit|kubelet|exec-env/AWS_", re.I
)
# Tools that build what is written down, for a role that is taken on for it.
_PROVISIONER = re.compile(r"HashiCorp|Terraform|pulumi|aws-cdk|cloudformation", re.I)
_CONSOLE = re.compile(
    r"console\.|signin\.|Mozilla|aws-internal|EC2ConsoleFrontend|AWS Internal|\.amazonaws\.com$", re.I
)

TELLING, LISTING = 1.0, 1.5
ALONE = 2.0  # what a session must weigh to be told where nothing else is
ALONE_OF_FEW, FEW = 1.0, 100  # … and where there are so few calls that each was picked to be looked at
# What a role's sessions do again and again weighs less, and what is built from a description does.
ROUTINE_TIMES, ROUTINE_APART, ROUTINE = 3, timedelta(minutes=10), 0.3
_MAKES = {
    "persistence": frozenset(("CreateUser CreateAccessKey CreateLoginProfile UpdateLoginProfile AttachUserPolicy AttachRolePolicy AttachGroupPolicy "
                              "PutUserPolicy PutRolePolicy AddUserToGroup UpdateAssumeRolePolicy CreatePolicyVersion CreateRole").split()),
    "evasion": frozenset("StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteDetector DeleteFlowLogs DeactivateMFADevice".split()),
    "impact": frozenset(("RunInstances DeleteBucket DeleteObject DeleteObjects ScheduleKeyDeletion DeleteSnapshot ModifySnapshotAttribute "
                         "ModifyImageAttribute ModifyDBSnapshotAttribute PutBucketPolicy SendCommand").split()),
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
    secrets: int = 0
    shared: bool = False
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    @property
    def instance(self) -> str:
        """The EC2 instance whose role credentials these are, if they are."""
        match = _INSTANCE.search(self.arn)
        return match[1] if match else ""


def read_sessions(query: Query, hits: RuleHits, hit_rows: dict[str, Row]) -> list[Session]:
    """All sessions in order of their first call, each with its score and the reasons for it."""
    sessions = [_session(r) for r in query(_SESSIONS).to_pylist()]
    for s in sessions:
        s.shared = bool(s.ip) and any(o.ip == s.ip and o.arn != s.arn for o in sessions)
    _score(sessions, hits, hit_rows)
    return sessions


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
        telling = (r for r in sorted(matched) if matched[r] >= TELLING or r not in hits.vague)
        s.reasons += [hits.detections[rule].title for rule in telling]
        for points, reason in _marks(s, sessions):
            s.score += points
            s.reasons.append(reason)
        provisioned = _PROVISIONER.search(s.agent) and ":assumed-role/" in s.arn and not _ATTACK_AGENT.search(s.agent)
        if provisioned or _is_routine(s, sessions):
            s.score *= ROUTINE
        if provisioned and max(matched.values(), default=0.0) < STRONG:
            s.score = min(s.score, ALONE)
        at_home = s.shared or not s.ip
        in_browser = _CONSOLE.search(s.agent) and not _COMMAND_LINE.search(s.agent)
        # A sign-in to the console is always made with a browser.
        if in_browser and (at_home or s.score < SEED) and s.actions != {"ConsoleLogin"}:
            s.score *= 0.4


def _is_routine(s: Session, sessions: list[Session]) -> bool:
    """Whether sessions of the same role, each with a key of its own, make the same calls at other times: a pipeline, a scheduled job."""
    role = s.arn.rpartition("/")[0]
    if ":assumed-role/" not in role:
        return False
    alike = [o for o in sessions if o.arn.rpartition("/")[0] == role and o.key != s.key and s.actions <= o.actions]
    starts = sorted({o.first for o in (s, *alike)})
    apart = [b for a, b in pairwise(starts) if b - a >= ROUTINE_APART]
    return len(apart) + 1 >= ROUTINE_TIMES


def _marks(s: Session, sessions: list[Session]) -> list[tuple[float, str]]:
    """What speaks for misuse without any rule: points and the reason."""
    marks: list[tuple[float, str]] = []
    cli = bool(_COMMAND_LINE.search(s.agent))
    if s.instance and _PERSONAL_OS.search(s.agent):
        marks.append((5.0, "credentials of a cloud instance used from a personal computer's command line"))
    elif s.instance and cli and bool(s.ip) and not _ON_MACHINE.search(s.agent):
        marks.append((2.0, "credentials of a cloud instance used from a command line"))
    if _ATTACK_AGENT.search(s.agent):
        marks.append((5.0, "the agent names a system or tool made for attacks"))
    if s.secrets >= MANY_SECRETS and bool(s.ip):
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
    elsewhere = bool(s.ip) and not s.shared
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
