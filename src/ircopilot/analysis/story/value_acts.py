"""Acts that records tell by value, not by process: deliveries, services, script blocks, flows with the attacker's addresses."""

from __future__ import annotations

import re

from ircopilot.analysis.query import Query, Row, fields_by_id, rows
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft, account, clip, program
from ircopilot.analysis.story.expand import Cluster
from ircopilot.analysis.story.host_acts import tell_script
from ircopilot.domain.secrets import masked

_HOST_URL = re.compile(r"HostUrl=(\S+)")
_REFERRER = re.compile(r"ReferrerUrl=(\S+)")


def tell_deliveries(book: ActBook, cluster: Cluster) -> None:
    """Files of the cluster that a browser or mail program wrote, with the address it came from."""
    for row in sorted(cluster.deliveries, key=lambda r: (r["time"], r["event_id"])):
        if row["event_code"] in names.CONNECTIONS:
            _delivery_connection(book, cluster, row)
            continue
        path = row["file_path"]
        plain = re.sub(r"(?i):zone\.identifier$", "", path)
        contents = row["file_stream_contents"]
        detail = {
            "file": plain,
            "account": account(row),
            "path": row["process_executable"],
            "pid": str(row["process_pid"]),
        }
        if match := _HOST_URL.search(contents) or _REFERRER.search(contents):
            detail["url"] = masked(match[1])
        detail |= {
            n: row[f"hash_{n}"] for n in ("sha256", "sha1", "md5") if row[f"hash_{n}"] and ":zone" not in path.lower()
        }
        draft = ActDraft(
            "downloaded", program(row), (names.shown(plain),), row["host_name"], account(row), detail, {"T1105"}
        )
        draft.why = "the file ran later as the attacker's program"
        known = book.add(draft, [row], plain.lower())
        if "url" in detail and known.detail.get("url") != detail["url"] and _HOST_URL.search(contents):
            known.detail["url"] = detail["url"]


def tell_arrivals(book: ActBook, cluster: Cluster) -> None:
    """Files of the cluster that the system itself wrote: they came from another host over file sharing."""
    for row in cluster.arrivals:
        detail = {
            "file": row["file_path"],
            "path": row["process_executable"],
            "pid": str(row["process_pid"] or ""),
            "account": account(row),
        }
        draft = ActDraft(
            "wrote-file",
            program(row),
            (names.shown(row["file_path"]),),
            row["host_name"],
            account(row),
            {k: v for k, v in detail.items() if v},
        )
        draft.techniques |= {"T1570", "T1021.002"}
        draft.why = "written by the system, as files that arrive over the network are"
        book.add(draft, [row], program(row).lower(), row["file_path"].lower())


def _delivery_connection(book: ActBook, cluster: Cluster, row: Row) -> None:
    ip = row["destination_ip"]
    if ip in cluster.peers:
        detail = {"port": str(row["destination_port"]), "local_ip": row["source_ip"], "pid": str(row["process_pid"])}
        draft = ActDraft("connected", program(row), (ip,), row["host_name"], account(row), detail)
        draft.why = "the browser reached the attacker's address"
        book.add(draft, [row], program(row).lower(), ip, row["destination_port"])


def tell_services(book: ActBook, cluster: Cluster, query: Query) -> None:
    """Services installed on the cluster's hosts that a member installed, or that run a file of the cluster."""
    bases = {names.base(f) for f in cluster.files}
    found = rows(
        query, "event_code IN ('7045', '4697') AND source IN ('windows.system', 'windows.security')", limit=5000
    )
    commands = {m.process.command_line.lower() for m in cluster.members.values() if m.process.command_line}
    for row in found:
        image = row["service_executable"]
        named = any(b in image.lower() for b in bases) or image.lower() in commands
        flagged = book.hits.strongest(row["event_id"]) >= 2
        if not (
            named
            or row["service_name"].lower() in cluster.services
            or (flagged and names.short_host(row["host_name"]) in cluster.hosts)
        ):
            continue
        cluster.services.add(row["service_name"].lower())
        # The account of a 7045 is the one that the service runs as, not the one that installed it.
        who = account(row) if row["source"] == "windows.security" else ""
        detail = {"service": row["service_name"], "image": clip(image, 300), "account": who}
        draft = ActDraft(
            "installed-service", who or "the service control manager", (row["service_name"],), row["host_name"], who,
            {k: v for k, v in detail.items() if v}, {"T1569.002"} if named else set(), why="it runs the attacker's program",
        )  # fmt: skip
        book.add(draft, [row], row["service_name"].lower())


def tell_scripts(book: ActBook, cluster: Cluster, query: Query) -> None:
    """Script blocks on the cluster's hosts that name its addresses, files or domains, or that a rule flags."""
    start = min(m.since for m in cluster.members.values())
    found = rows(
        query,
        "event_code = '4104' AND script_block_text != '' AND time >= {start:DateTime64(6, 'UTC')}",
        {"start": start},
        5000,
    )
    bases = {names.base(f) for f in cluster.files if len(names.base(f)) > 6}
    for row in found:
        if names.short_host(row["host_name"]) not in cluster.hosts:
            continue
        low = row["script_block_text"].lower()
        weight = book.hits.strongest(row["event_id"])
        if any(ip in low for ip in cluster.peers) or any(b in low for b in bases) or weight >= 4:
            tell_script(book, row)


def tell_flows(book: ActBook, cluster: Cluster, query: Query) -> None:
    """What network sensors saw of the attacker's addresses: HTTP objects, certificates, connections."""
    if not cluster.peers:
        return
    where = "source LIKE 'zeek.%' AND (destination_ip IN {ips:Array(String)} OR source_ip IN {ips:Array(String)})"
    sessions: list[Row] = []
    for row in rows(query, where, {"ips": sorted(cluster.peers)}, 10_000):
        log = row["source"].removeprefix("zeek.")
        if log == "conn":
            _flow(book, cluster, row)
        elif log == "http":
            _http(book, row)
        elif log == "ssl":
            sessions.append(row)
            _certificate(book, row, [row])
    _named_flows(book, cluster, query)
    _chained_certificates(book, query, sessions)


def _chained_certificates(book: ActBook, query: Query, sessions: list[Row]) -> None:
    """Certificates that stand in a log of their own, joined by fingerprint or file id (Zeek: `cert_chain_fps`, `…_fuids`)."""
    chains: dict[str, Row] = {}
    named = fields_by_id(query, [r["event_id"] for r in sessions])
    for row in sessions:
        for field, value in named.get(row["event_id"], {}).items():
            if field.startswith("cert_chain"):
                for part in value.strip("[]").replace('"', "").split(","):
                    chains.setdefault(part.strip(), row)
    if not chains:
        return
    certificates = rows(query, "source = 'zeek.x509' AND tls_subject != ''", limit=5000)
    own = fields_by_id(query, [r["event_id"] for r in certificates])
    for row in certificates:
        keys = own.get(row["event_id"], {})
        session = chains.get(keys.get("fingerprint", "-")) or chains.get(keys.get("id", "-"))
        if session is not None:
            ends = {name: session[name] for name in ("destination_ip", "destination_port")}
            _certificate(book, dict(row) | ends, [session, row])


def _named_flows(book: ActBook, cluster: Cluster, query: Query) -> None:
    """Connections of programs with the cluster's peers in tables that know no process id (VM insights, firewalls)."""
    where = "source = 'generic' AND process_name != '' AND destination_ip IN {ips:Array(String)}"
    for row in rows(query, where, {"ips": sorted(cluster.peers)}, 2000):
        detail = {
            "port": str(row["destination_port"] or ""),
            "local_ip": row["source_ip"],
            "transport": row["network_transport"],
        }
        draft = ActDraft(
            "connected",
            row["process_name"],
            (row["destination_ip"],),
            row["host_name"],
            "",
            {k: v for k, v in detail.items() if v},
        )
        draft.techniques = {"T1071"} | ({"T1190"} if names.is_server(row["process_name"]) else set())
        draft.why = "a program reached an address of the attacker"
        book.add(draft, [row], row["process_name"].lower(), row["destination_ip"], row["destination_port"])


def _flow(book: ActBook, cluster: Cluster, row: Row) -> None:
    detail = {"port": str(row["destination_port"]), "transport": row["network_transport"], "local_ip": row["source_ip"]}
    draft = ActDraft("flow", row["source_ip"], (row["destination_ip"],), "", "", {k: v for k, v in detail.items() if v})
    draft.why = "a network sensor saw it"
    book.add(draft, [row], row["source_ip"], row["destination_ip"], row["destination_port"])


def _http(book: ActBook, row: Row) -> None:
    detail = {
        "port": str(row["destination_port"]), "url": masked(row["url_full"]), "mime": row["file_mime_type"], "method": row["http_request_method"],
        "status": str(row["http_response_status_code"] or ""), "bytes": str(row["destination_bytes"] or ""), "agent": row["user_agent_original"],
    }  # fmt: skip
    draft = ActDraft(
        "fetched",
        row["source_ip"],
        (row["destination_ip"],),
        "",
        "",
        {k: v for k, v in detail.items() if v and v != "-"},
    )
    if any(t in row["file_mime_type"] for t in ("dosexec", "executable", "x-elf", "java-archive")):
        draft.techniques |= {"T1105"}
    draft.why = "a network sensor saw the transfer"
    book.add(
        draft,
        [row],
        row["source_ip"],
        row["destination_ip"],
        row["destination_port"],
        row["file_mime_type"],
        row["url_full"],
        row["destination_bytes"],
    )


def _certificate(book: ActBook, row: Row, shown_by: list[Row]) -> None:
    subject = row["tls_subject"]
    if not subject:
        return
    detail = {"port": str(row["destination_port"]), "issuer": row["tls_issuer"], "sha256": row["hash_sha256"]}
    draft = ActDraft(
        "presented-certificate", row["destination_ip"], (subject,), detail={k: v for k, v in detail.items() if v}
    )
    draft.techniques |= {"T1573.002"}
    draft.why = "the attacker's server presented it"
    book.add(draft, shown_by, row["destination_ip"], subject)
