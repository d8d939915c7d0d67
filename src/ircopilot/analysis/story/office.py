"""What else was done in the office suite from an address whose operations are told: sign-ins, mail read, files taken."""

from __future__ import annotations

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft, clip

_FROM = "source = 'm365.audit' AND source_ip IN {ips:Array(String)}"
# Source: MITRE ATT&CK, Office Suite and Identity Provider platforms; Microsoft's audit log activities for the names.
_TECHNIQUES = {
    "UserLoggedIn": "T1078.004", "UserLoginFailed": "T1110", "MailItemsAccessed": "T1114.002", "FileDownloaded": "T1213.002",
    "FileAccessed": "T1213.002", "FileSyncDownloadedFull": "T1213.002", "SearchQueryInitiatedExchange": "T1114.002",
    "SearchQueryInitiatedSharePoint": "T1213.002",
}  # fmt: skip
MOST = 20


def operation(row: Row) -> ActDraft | None:
    """An operation: who, what, on what, from where; None where nobody is named."""
    resource = "" if "{" in row["cloud_resource"] else clip(row["cloud_resource"], 120)
    detail = {"ip": row["source_ip"], "agent": clip(row["user_agent_original"], 120), "service": row["cloud_service_name"],
              "resource": resource, "error": row["error_code"]}  # fmt: skip
    if not row["user_name"]:
        return None
    told = {k: v for k, v in detail.items() if v}
    return ActDraft("called-api", row["user_name"], (row["event_action"],), row["host_name"], row["user_name"], told)


def tell_office(book: ActBook, query: Query) -> None:
    """Enter what the users of the story did from its addresses, where nobody else comes from these."""
    acts = [a for a in book.acts() if a.verb == "called-api" and not a.context and not a.detail.get("key")]
    users = {a.user.lower() for a in acts}
    ips = sorted({a.detail["ip"] for a in acts if names.is_public(a.detail.get("ip", ""))})
    found = rows(query, _FROM, {"ips": ips}, 5000) if ips else []
    common = {r["source_ip"] for r in found if r["user_name"].lower() not in users}
    told = {i for a in acts for i in a.evidence}
    seen: set[tuple[str, ...]] = set()
    for row in found:
        kind = (row["user_name"], row["source_ip"], row["event_action"], row["cloud_resource"])
        if row["source_ip"] in common or row["event_id"] in told or (kind not in seen and len(seen) >= MOST):
            continue
        seen.add(kind)
        draft = operation(row)
        if draft:
            draft.why = "from the address of an operation that rules flag"
            draft.techniques |= {_TECHNIQUES[row["event_action"]]} if row["event_action"] in _TECHNIQUES else set()
            book.add(draft, [row], *kind)
