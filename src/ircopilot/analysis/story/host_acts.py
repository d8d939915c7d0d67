"""What the processes of a cluster did, as acts: starts and ends, files, network, injections, services, scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from ircopilot.analysis.query import Row
from ircopilot.analysis.story import names
from ircopilot.analysis.story.acts import ActBook, ActDraft, account, clip, one_per_source, program
from ircopilot.analysis.story.commands import techniques_of_command
from ircopilot.analysis.story.expand import Cluster, Member
from ircopilot.analysis.story.network import Network, benign_name
from ircopilot.analysis.story.processes import Process, ProcessTable, serves
from ircopilot.analysis.story.scripts import read_script
from ircopilot.domain.secrets import masked
from ircopilot.domain.wording import UNSEEN_PARENT

Handler = Callable[[ActBook, Member, Row, Network, Cluster], None]
_REMOTE_SERVICE = {22: "T1021.004", 445: "T1021.002", 3389: "T1021.001", 5985: "T1021.006", 5986: "T1021.006"}
# The parent technique, Command and Scripting Interpreter, has one of its own for each.
_INTERPRETERS = {"cmd.exe": "T1059.003", "powershell.exe": "T1059.001", "pwsh.exe": "T1059.001"}
# What is installed with Windows or its packages is not what somebody wrote here: who calls it is told where he does.
_INSTALLED = re.compile(r"\\(?:WindowsPowerShell(?:\\v1\.0)?|PowerShell\\\d+)\\Modules\\", re.I)
_MANIFEST = re.compile(r"^\s*ModuleVersion\s*=|#\s*Version number of this module", re.M)
USUAL_PORTS = frozenset({22, 53, 80, 443, 8080, 8443})
DUMP_RIGHTS = 0x0010  # PROCESS_VM_READ: without it memory cannot be read. Source: Windows process access rights.


def tell_cluster(book: ActBook, cluster: Cluster, table: ProcessTable, network: Network) -> None:
    """Enter every act of the cluster's members into the book, and which Office program opened the document that began it."""
    for opener in sorted(cluster.openers.values(), key=lambda p: p.key):
        tell_start(
            book, Member(opener, opener.start or opener.start_rows[0]["time"], "opened the attacker's document"), table
        )
    for member in sorted(cluster.members.values(), key=lambda m: (m.since, m.process.key)):
        if not member.injected:
            tell_start(book, member, table)
            _end(book, member)
        for row in cluster.effects.get(member.process.key, ()):
            handler = _HANDLERS.get(row["event_code"])
            if handler and row["kind"] == "log":
                handler(book, member, row, network, cluster)


def tell_start(book: ActBook, member: Member, table: ProcessTable) -> None:
    """The start of a process as an act: who started it, as whom, and what its command line does."""
    process = member.process
    if not process.start_rows or process.name in names.SIDE_EFFECTS:
        return
    parent = table.parent_of(process)
    served = parent is not None and serves(parent)
    parent_name = names.shown(process.parent_executable or (parent.executable if parent else "")).strip("-")
    by_hand = names.base(parent_name) in names.DELIVERERS | names.OFFICE and names.user_writable(process.executable)
    reading = read_script(process.command_line)
    detail = {
        "pid": str(process.pid or ""),
        # A product that knows processes by ids of its own does not say the parent's number.
        "parent_pid": str(parent.pid)
        if parent and parent.pid and any(r["process_parent_pid"] for r in process.start_rows)
        else "",
        "command": clip(process.command_line),
        "path": process.executable,
        "account": process.account or _number(process),
        "parent_account": parent.account if parent else "",
    }
    if reading.decoded:
        detail |= _script_detail(reading.decoded and process.command_line)
        detail["encoded"] = "yes"
        detail["decoded"] = clip(reading.decoded.split("\n")[0], 200)
    elif features := [w for w, _ in reading.features if w != "names lsass"]:
        detail["features"] = " and ".join(dict.fromkeys(features[:3]))
    for row in process.start_rows:
        for name, column in (
            ("sha256", "hash_sha256"),
            ("md5", "hash_md5"),
            ("sha1", "hash_sha1"),
            ("integrity", "process_integrity_level"),
        ):
            if row[column]:
                detail.setdefault(name, row[column])
    unix = techniques_of_command(process.command_line) if "/" in process.executable else set()
    unix |= {_INTERPRETERS[process.name]} if process.name in _INTERPRETERS else set()
    draft = ActDraft(
        "executed" if by_hand else "spawned", parent_name or UNSEEN_PARENT, (names.shown(process.executable),), _host(process), process.account,
        {k: v for k, v in detail.items() if v}, set(reading.techniques) | ({"T1190"} if served else set()) | unix, why=member.why,
    )  # fmt: skip
    book.add(draft, one_per_source(process.start_rows), process.key)


def _number(process: Process) -> str:
    """Who it ran as where a raw audit record gives no name, but a number."""
    return next(
        (f"uid {r['user_id']}" for r in process.start_rows if r["source"] == "linux.auditd" and r["user_id"]), ""
    )


def _host(process: Process) -> str:
    return process.start_rows[0]["host_name"] if process.start_rows else process.host


def _script_detail(text: str) -> dict[str, str]:
    reading = read_script(text)
    return {
        "features": "; ".join(dict.fromkeys(w for w, _ in reading.features if w != "names lsass")),
        "urls": masked(" ".join(reading.urls[:4])),
        "server_paths": " ".join(reading.server_paths[:3]),
        "functions": " ".join(reading.functions[:3]),
    }


def _end(book: ActBook, member: Member) -> None:
    process = member.process
    if process.end_rows and names.user_writable(process.executable):
        draft = ActDraft(
            "exited",
            names.shown(process.executable),
            (),
            process.end_rows[0]["host_name"],
            process.account,
            {"pid": str(process.pid)},
        )
        book.add(draft, one_per_source(process.end_rows), process.key)


def _draft(verb: str, row: Row, objects: tuple[str, ...], **detail: str) -> ActDraft:
    base = {"pid": str(row["process_pid"] or ""), "path": row["process_executable"], "account": account(row)} | detail
    return ActDraft(verb, program(row), objects, row["host_name"], account(row), {k: v for k, v in base.items() if v})


def _connection(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    connection(book, member, row, network, cluster)


def connection(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> ActDraft | None:
    """A connection with one of the cluster's peers as an act, None for any other."""
    ip, port = network.peer(row)
    aimed = port in cluster.targets.get(ip, ())
    if ip not in cluster.peers and not aimed:
        return None
    inbound = row["network_direction"] == "inbound"
    detail = {
        "port": str(port or ""), "transport": row["network_transport"],
        "local_ip": row["destination_ip"] if inbound else row["source_ip"],
    }  # fmt: skip
    draft = _draft("accepted-connection" if inbound else "connected", row, (ip,), **detail)
    if aimed:
        draft.techniques |= {_REMOTE_SERVICE[port]}
        draft.why = "a host of ours, reached from a compromised one"
    else:
        if not inbound:
            draft.techniques |= {"T1071"} if port in USUAL_PORTS else {"T1071", "T1571"}
        draft.why = "the address is known to almost no other program"
    draft.detail = {k: v for k, v in draft.detail.items() if v}
    return book.add(draft, [row], member.process.key, ip, port)


def _file(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    path = row["file_path"]
    low = path.lower()
    if "__psscriptpolicytest" in low:
        draft = _draft("hosted-powershell", row, (names.shown(path),), file=path)
        draft.techniques |= {"T1059.001"} | ({"T1021.006"} if member.process.name == "wsmprovhost.exe" else set())
        if member.process.name not in ("powershell.exe", "pwsh.exe", "powershell_ise.exe"):
            book.add(draft, [row], member.process.key)
        return
    telling = low.endswith(names.DUMP_SUFFIXES + names.ARCHIVE_SUFFIXES) or (
        names.executable(low) and ":zone" not in low
    )
    if row["event_code"] == "11" and not telling:
        return
    verb = "dumped-memory" if low.endswith((".dmp", ".mdmp")) else "wrote-file"
    hashes = {n: row[f"hash_{n}"] for n in ("sha256", "sha1", "md5")}
    draft = _draft(verb, row, (names.shown(path),), file=path, **hashes)
    draft.why = "written by a process of the incident"
    book.add(draft, [row], member.process.key, low)


def _stream(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    if ":zone.identifier" not in row["file_path"].lower():
        _file(book, member, row, network, cluster)


def _deleted(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    path = row["file_path"]
    telling = names.executable(path) or path.lower().endswith(names.DUMP_SUFFIXES + names.ARCHIVE_SUFFIXES)
    if telling and "__psscriptpolicytest" not in path.lower():
        hashes = {n: row[f"hash_{n}"] for n in ("sha256", "sha1", "md5")}
        draft = _draft("deleted-file", row, (names.shown(path),), file=path, **hashes)
        draft.techniques |= {"T1070.004"}
        book.add(draft, [row], member.process.key, path.lower())


def _loaded(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    path = row["image_loaded"]
    if names.user_writable(path) and path.lower() != member.process.executable.lower():
        hashes = {n: row[f"hash_{n}"] for n in ("sha256", "sha1", "md5")}
        book.add(
            _draft("loaded-image", row, (names.shown(path),), file=path, **hashes),
            [row],
            member.process.key,
            path.lower(),
        )


def _thread(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    target = names.shown(row["process_target_executable"])
    draft = _draft(
        "injected",
        row,
        (target,),
        target_pid=str(row["process_target_pid"]),
        target_path=row["process_target_executable"],
    )
    draft.why = "a thread started in another process"
    book.add(draft, [row], member.process.key, row["process_target_entity_id"] or row["process_target_pid"])


def _access(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    rights = row["granted_access"].lower()
    try:
        readable = int(rights, 16) & DUMP_RIGHTS
    except ValueError:
        return
    if not readable:
        return
    target = names.shown(row["process_target_executable"])
    draft = _draft(
        "accessed-process", row, (target,), access=row["granted_access"], target_pid=str(row["process_target_pid"])
    )
    draft.why = "the rights asked for allow reading its memory"
    book.add(draft, [row], member.process.key, target.lower(), rights)


def _pipe(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    name = row["pipe_name"]
    low = name.lower()
    if low in _COMMON_PIPES or low.startswith(_COMMON_PIPE_STARTS):
        return
    verb = "created-pipe" if row["event_code"] == "17" else "connected-pipe"
    draft = _draft(verb, row, (name,), pipe=name)
    draft.techniques |= (
        {"T1134.001"}
        if cluster.services
        and (stem := names.base(name).strip("\\")) in " ".join(cluster.services)
        and not member.process.name.startswith(stem)  # a service that serves its own pipe takes no token by it
        else set()
    )
    book.add(draft, [row], member.process.key, low)


_COMMON_PIPES = frozenset(
    (
        r"\lsass \srvsvc \wkssvc \samr \ntsvcs \browser \protected_storage \eventlog \atsvc \epmapper \netlogon "
        r"\lsarpc \winreg \spoolss \trkwks \w32time_alt \initshutdown \scerpc \svcctl"
    ).split()
)
_COMMON_PIPE_STARTS = (
    "\\pshost.",
    "\\local\\",
    "\\crashpad",
    "\\mojo.",
    "\\chrome.",
    "\\wkssvc",
    "\\discord",
    "<anonymous",
    "&lt;anonymous",
    "\\dotnet-diagnostic",
)


def _registry(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    low = row["registry_path"].lower()
    if row["event_code"] != "13" or not book.hits.by_event.get(row["event_id"]):
        return
    draft = _draft("set-registry", row, (row["registry_path"],), data=registry_data(row))
    book.add(draft, [row], member.process.key, low)


def registry_data(row: Row) -> str:
    """What a registry value was set to, unless its name says that this is a password."""
    return "" if row["registry_path"].lower().endswith(("password", "passwd")) else clip(row["registry_data"], 160)


def _dns(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    name = row["dns_question_name"]
    if names.is_domain(name) and not benign_name(name) and member.process.name not in names.BOUNDARY:
        draft = _draft("resolved", row, (name,), answers=clip(row["dns_answers"].replace(";", " "), 80))
        found = {a.strip().removeprefix("::ffff:") for a in row["dns_answers"].replace(";", ",").split(",")}
        draft.techniques |= {"T1071"} if found & set(cluster.peers) else set()
        book.add(draft, [row], member.process.key, name.lower())


def _script(book: ActBook, member: Member, row: Row, network: Network, cluster: Cluster) -> None:
    tell_script(book, row)


def tell_script(book: ActBook, row: Row) -> ActDraft | None:
    """A PowerShell script block as an act, when it does anything that a responder would want to read."""
    text = row["script_block_text"]
    reading = read_script(text)
    if (
        not text
        or not (reading.features or reading.urls)
        or _INSTALLED.search(row["file_path"])
        or _MANIFEST.search(text[:4000])
    ):
        return None
    detail = {"text": clip(text, 200), "account": account(row)} | _script_detail(text)
    detail = {k: v for k, v in detail.items() if v}
    draft = ActDraft(
        "ran-script",
        "PowerShell",
        reading.functions[:1],
        row["host_name"],
        account(row),
        detail,
        set(reading.techniques),
    )
    draft.why = "script block logging recorded it"
    return book.add(draft, [row], detail["text"])


def tell_exploited(book: ActBook, process: Process, cluster: Cluster, effects: list[Row], network: Network) -> None:
    """A server process that the attacker made do things: what reached it, what it called, what it wrote just before."""
    starts = [m.since for m in cluster.members.values() if m.process.parent == process.key] or [
        m.since for m in cluster.members.values()
    ]
    first = min(starts)
    member = Member(process, first - timedelta(seconds=120), "exploited")
    for row in effects:
        if not first - timedelta(seconds=120) <= row["time"] <= first + timedelta(seconds=120):
            continue
        if row["event_code"] in names.CONNECTIONS:
            told = connection(book, member, row, network, cluster)
            if told and told.verb == "connected" and row["time"] <= first:
                told.techniques |= {"T1203"}  # as the client of the attacker's server it was made to run code
        elif row["event_code"] == "11" and row["time"] <= first + timedelta(seconds=10):
            draft = _draft("wrote-file", row, (names.shown(row["file_path"]),), file=row["file_path"])
            draft.why = "written by the exploited server just before it started the attacker's process"
            book.add(draft, [row], process.key, row["file_path"].lower())


_HANDLERS: dict[str, Handler] = {
    "3": _connection,
    "5156": _connection,
    "network-connection": _connection,
    "11": _file,
    "29": _file,
    "15": _stream,
    "23": _deleted,
    "26": _deleted,
    "7": _loaded,
    "8": _thread,
    "10": _access,
    "17": _pipe,
    "18": _pipe,
    "13": _registry,
    "22": _dns,
    "4104": _script,
}
