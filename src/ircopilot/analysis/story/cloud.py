"""What the attacker's cloud sessions called, as acts, and where their credentials came from."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta

from ircopilot.analysis.query import Query, Row, fields_by_id, rows
from ircopilot.analysis.story.acts import ActBook, ActDraft
from ircopilot.analysis.story.cloud_sessions import ALONE, ALONE_OF_FEW, FEW, TELLING, Session, read_sessions
from ircopilot.analysis.story.cloud_techniques import techniques_of_call
from ircopilot.analysis.story.weights import SEED, RuleHits

_READS = ("Get", "List", "Describe", "Head", "Lookup", "Filter")

# What a call was made with, said beside its resource: names as CloudTrail has them.
_SAID = re.compile(
    r'"?\b(MFAUsed|instanceType|imageId|groupName|policyArn|policyName|accessKeyId|userId|cidrIp|Principal|AWS|userName|snapshotId|valuesToAdd|layers)"?'
    r'[:=]\s*\[?\s*"?([\w:./*@+-]{1,200})'
)
_SAID_OF = ("requestParameters.", "responseElements.", "additionalEventData.")
_FARM = re.compile(r"^(?:p\d|g\d|inf\d|trn\d)|(?:12|16|18|24|32|48|96)xlarge$")


def tell_cloud(book: ActBook, query: Query, hits: RuleHits, hit_rows: dict[str, Row]) -> list[Session]:
    """Find the attacker's sessions and enter their calls into the book."""
    sessions = read_sessions(query, hits, hit_rows)
    if not sessions:
        return []
    chosen = [s for s in sessions if s.score >= SEED]
    flagged_only = False
    # Where nothing else is told: the best of the weak, of many calls those that a rule is sure of.
    if not chosen and not book.acts():
        best = max(s.score for s in sessions)
        flagged_only = sum(s.calls for s in sessions) > FEW
        enough = ALONE if flagged_only else ALONE_OF_FEW
        chosen = [s for s in sessions if s.score == best >= enough]
    chosen = _with_offspring(query, sessions, chosen)
    ours = {s.ip for s in sessions if s not in chosen}
    for session in chosen:
        session.shared = session.ip in ours
        groups = _groups(_calls(query, session))
        if flagged_only:
            groups = [g for g in groups if any(hits.strongest(r["event_id"]) >= TELLING for r in g)]
        said = fields_by_id(
            query, [g[0]["event_id"] for g in groups if not g[0]["event_action"].startswith(_READS)][:200]
        )
        for group in groups:
            _call(book, session, group, said.get(group[0]["event_id"], {}))
    _issued(book, query, chosen)
    return chosen


def _with_offspring(query: Query, sessions: list[Session], chosen: list[Session]) -> list[Session]:
    """Add sessions with the same key and agent, and those of keys that a chosen session made or assumed."""
    keys = {(s.key, s.agent) for s in chosen}
    # A console session changes its temporary keys; who, from where and with what stay the same.
    seats = {(s.arn, s.agent, s.ip) for s in chosen if s.ip}
    # A machine does not call from where a person does.
    places = {(s.agent, s.ip) for s in chosen if s.ip}
    of_machines = {(s.agent, s.ip) for s in chosen if s.ip and s.instance}
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
        or (s.instance and (s.agent, s.ip) in places)
        or (s.type == "IAMUser" and (s.agent, s.ip) in of_machines)
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
            for match in _SAID.finditer(f"{name.rsplit('.', 1)[-1]}={value}"):
                if match[2] not in resource and match[2] not in found.values():
                    found.setdefault(match[1], match[2])
    return ", ".join(f"{k}: “{v}”" for k, v in list(found.items())[:4])


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
    if action == "RunInstances" and any(_FARM.search(v) for v in re.split("[ :,“”]+", detail["said"])):
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
