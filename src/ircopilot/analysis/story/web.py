"""Requests that made a server act: whose requests stand just before its shells, or carry an attack in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft, clip
from ircopilot.analysis.story.expand import Cluster
from ircopilot.analysis.story.network import Network

_WEB = "source IN ('web.access', 'zeek.http')"
BEFORE, AFTER = timedelta(seconds=3), timedelta(seconds=1)
SCRIPTS = (".php", ".phtml", ".jsp", ".jspx", ".asp", ".aspx", ".cfm", ".cgi", ".war")
MOST_PATHS = 12


def web_attackers(query: Query, book: ActBook, clusters: list[Cluster], network: Network) -> set[str]:
    """Addresses whose requests came just before what an exploited server started, time and again or with an attack."""
    served = [m.since for c in clusters if c.exploited for m in c.members.values() if m.process.parent in c.exploited]
    if not served:
        return set()
    known = {ip for c in clusters for ip in c.peers}
    lo, hi = min(served) - BEFORE, max(served) + AFTER
    span = "time >= {lo:DateTime64(6, 'UTC')} AND time <= {hi:DateTime64(6, 'UTC')}"
    near: dict[str, set[datetime]] = defaultdict(set)
    flagged: set[str] = set()
    servers: set[str] = set()
    for row in rows(query, f"{_WEB} AND source_ip != '' AND {span}", {"lo": lo, "hi": hi}, 50_000):
        servers.add(row["destination_ip"])
        hits = {t for t in served if t - BEFORE <= row["time"] <= t + AFTER}
        near[row["source_ip"]] |= hits
        if hits and book.hits.by_event.get(row["event_id"]):
            flagged.add(row["source_ip"])
    often = {ip for ip, hits in near.items() if len(hits) >= 2 and len(hits) * 2 >= len(set(served))}
    alone = {ip for ip, hits in near.items() if hits and sum(bool(h) for h in near.values()) == 1}
    found = flagged | often | (alone if len(served) == 1 else set()) | (known & set(near))
    return {ip for ip in found if names.peer_ip(ip) and ip not in network.own and (ip not in servers or ip in known)}


def tell_requests(book: ActBook, query: Query, ips: Iterable[str]) -> None:
    """What these addresses asked of web servers: one act per method and path, at most `MOST_PATHS` an address."""
    wanted = sorted(set(ips))
    if not wanted:
        return
    told: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows(query, f"{_WEB} AND source_ip IN {{ips:Array(String)}}", {"ips": wanted}, 5000):
        ip, method, path = row["source_ip"], row["http_request_method"], _path(row["url_full"])
        known = (method, path) in told[ip]
        if not known and len(told[ip]) >= MOST_PATHS:
            continue
        told[ip].add((method, path))
        _request(book, row, ip, method, path)


# Scanners that organisations buy and run on themselves; who means harm need not say so, and not from inside.
_OWN_SCANNER = re.compile(
    r"nessus|qualys|openvas|greenbone|rapid7|nexpose|acunetix|tenable|burp ?suite enterprise", re.I
)


def is_attempt(row: Row) -> bool:
    """Whether a request came to nothing, or is that of a scanner of ours: alone it is no activity to be told."""
    refused = 400 <= (row["http_response_status_code"] or 0) < 500
    inside = not names.is_public(row["source_ip"]) and bool(_OWN_SCANNER.search(row["user_agent_original"]))
    return row["source"] in ("web.access", "zeek.http") and (refused or inside)


def tell_request(book: ActBook, row: Row) -> bool:
    """A request that rules flag, told as the request that it is; False where the record names nobody."""
    if row["source"] != "web.access" or not names.is_ip(row["source_ip"]) or not row["url_full"]:
        return False
    _request(book, row, row["source_ip"], row["http_request_method"], _path(row["url_full"]))
    return True


def _request(book: ActBook, row: Row, ip: str, method: str, path: str) -> None:
    agent = row["user_agent_original"] or (row["message"] if "jndi" in row["message"].lower() else "")
    telling = book.hits.by_event.get(row["event_id"]) or "jndi" in agent.lower()
    detail = {
        "ip": ip, "method": method, "url": clip(row["url_full"], 200), "status": str(row["http_response_status_code"] or ""),
        "agent": clip(row["user_agent_original"], 160), "telling": "yes" if telling else "",
    }  # fmt: skip
    draft = ActDraft(
        "requested", ip, (clip(row["url_full"], 200),), row["host_name"], "", {k: v for k, v in detail.items() if v}
    )
    draft.techniques = {"T1190"} if telling else set()
    draft.why = "the address that made the server act asked for it"
    book.add(draft, [row], ip, method, path)


def _path(url: str) -> str:
    """The path of a URL, without the host and the query."""
    plain = url.split("://", 1)[-1] if "://" in url else url
    plain = "/" + plain.split("/", 1)[1] if "://" in url and "/" in plain else plain
    return plain.split("?", 1)[0]
