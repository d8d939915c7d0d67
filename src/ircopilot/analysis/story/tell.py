"""Tell the story: from rule matches to clusters of processes and sessions, and from those to acts in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ircopilot.analysis.query import Query, Row, rows, rows_by_id
from ircopilot.analysis.story import cloud, logins, names
from ircopilot.analysis.story.acts import ActBook
from ircopilot.analysis.story.cloud_sessions import Session
from ircopilot.analysis.story.doubt import Told, is_doubtful
from ircopilot.analysis.story.entries import tell_entries
from ircopilot.analysis.story.expand import STARTERS, Cluster, Grower, Member
from ircopilot.analysis.story.host_acts import tell_cluster, tell_exploited, tell_start
from ircopilot.analysis.story.left import LeftAside, left_aside, service_keys
from ircopilot.analysis.story.network import Network, read_network
from ircopilot.analysis.story.office import tell_office
from ircopilot.analysis.story.processes import ProcessTable, build_processes
from ircopilot.analysis.story.served import detect_served, merged
from ircopilot.analysis.story.single import tell_record
from ircopilot.analysis.story.usual import usual_starts
from ircopilot.analysis.story.value_acts import tell_arrivals, tell_deliveries, tell_flows, tell_scripts, tell_services
from ircopilot.analysis.story.web import is_attempt, tell_requests, web_attackers
from ircopilot.analysis.story.weights import SEED, STRONG, RuleHits, Suspicion, suspect_processes, weigh_rules
from ircopilot.domain.findings import Act, Detection

MAX_CLUSTERS = 40
KEEP_SHARE = 0.3
ALONE = 1.0  # what a match must weigh to be told where nothing else is
ALONE_OF_FEW, FEW = 0.5, 300  # … and where the whole evidence is so few records that each was picked to be looked at
NEAR = timedelta(minutes=30)
# Records of a lasting change that name no process: accounts, groups, tasks, services, subscriptions, logs cleared.
CHANGES = frozenset("104 1102 4697 4698 4702 4719 4720 4724 4728 4732 4738 4756 4662 4769 7045 19 20 21".split())
MAX_CALLERS = 3
TELLING, FAMILY = 1.0, 3  # what a rule must weigh, and how many such a family must match, to be told as one
WEAK = 0.1
# What a browser or the shell is seen doing is how things arrive; the story begins with what they bring.
NO_SEED = names.BROWSERS | STARTERS | {"explorer.exe"}
LOG_CLEARED = frozenset({"1102", "104"})
_COUNT = "SELECT count() AS n FROM {events}"
_HOSTS = "SELECT DISTINCT host_name AS host FROM {events} WHERE host_name != '' LIMIT 5000"


@dataclass(slots=True)
class Story:
    """Acts in order, and what they were read from."""

    acts: tuple[Act, ...] = ()
    clusters: list[Cluster] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    network: Network = field(default_factory=Network)
    hits: RuleHits = field(default_factory=lambda: RuleHits({}, {}, {}))
    peers: set[str] = field(default_factory=set)
    told_rules: set[str] = field(default_factory=set)
    detections: tuple[Detection, ...] = ()
    doubtful: bool = False
    left: list[LeftAside] = field(default_factory=list)


def tell_story(query: Query, detections: Iterable[Detection], matched: Mapping[str, list[str]]) -> Story:
    """The story of the incident. `matched` holds the event ids of each rule's matches."""
    hit_rows = rows_by_id(query, {i for ids in matched.values() for i in ids})
    table, network = build_processes(query), read_network(query)
    own = detect_served(query, table)
    hit_rows |= own.rows
    detections = (*detections, *own.detections)
    hits = weigh_rules(detections, merged(matched, own), hit_rows)
    hits.usual = usual_starts(table)
    suspects = suspect_processes(table, hits, hit_rows)
    book = ActBook(hits)
    grower = Grower(query, table, network)
    clusters = _clusters(grower, table, suspects, hits)
    for cluster in clusters:
        _tell(book, query, cluster, table, network)
    visitors = web_attackers(query, book, clusters, network)
    tell_requests(book, query, visitors)
    sessions = cloud.tell_cloud(book, query, hits, hit_rows)
    peers = visitors | {ip for c in clusters for ip in c.peers}
    logons = _tell_logins(book, query, clusters, peers, network)
    for cluster in _sessions(grower, logons, suspects, clusters):
        clusters.append(cluster)
        _tell(book, query, cluster, table, network)
    enough = STRONG / 2
    if not book.acts():
        enough = ALONE_OF_FEW if query(_COUNT).to_pylist()[0]["n"] <= FEW else ALONE
    _tell_loose(book, hits, hit_rows, clusters, table, _named_hosts(query, book.acts(), clusters), enough)
    askers = {a.subject for a in book.acts() if a.verb == "requested"} - visitors
    tell_requests(book, query, askers)
    peers |= askers
    tell_office(book, query)
    doubtful = is_doubtful(Told(book.acts(), clusters, sessions, peers, hits))
    if not doubtful:
        peers |= tell_entries(book, query, clusters, table, network)
    _tell_others(book, query, clusters)
    acts = book.acts()
    doubtful = doubtful and not any(a.verb == "alerted" for a in acts)
    told = {r for a in acts for i in a.evidence for r in hits.by_event.get(i, ())}
    left = left_aside(hits, hit_rows, acts, clusters, table)
    return Story(acts, clusters, sessions, network, hits, peers, told, detections, doubtful, left)


def _clusters(grower: Grower, table: ProcessTable, suspects: dict[str, Suspicion], hits: RuleHits) -> list[Cluster]:
    """Clusters worth telling: strongest first, each seed in one cluster only; weak ones beside a strong one are dropped."""
    scored: list[tuple[float, Cluster]] = []
    covered: set[str] = set()
    families = _families(grower, suspects)
    for key in _seeds(table, suspects, families, grower.routine):
        if key in covered or len(scored) >= MAX_CLUSTERS:
            continue
        suspicion = suspects.get(key) or families[key]
        rules = sorted(hits.detections[r].title for r in suspicion.rules)
        cluster = grower.grow(table.by_key[key], "; ".join(rules[:3]), suspicion.since)
        covered |= set(cluster.members)
        scored.append((_score(cluster, suspects, hits), cluster))
    if not scored:
        return []
    best = max(s for s, _ in scored)
    kept = [c for s, c in sorted(scored, key=lambda sc: -sc[0]) if s >= KEEP_SHARE * best]
    for s, cluster in sorted(scored, key=lambda sc: -sc[0]):
        if (
            cluster not in kept
            and (s >= STRONG or set(cluster.peers))
            and any(_tied(cluster, k, grower.network) for k in kept)
        ):
            kept.append(cluster)
    return kept


def _tied(weak: Cluster, strong: Cluster, network: Network) -> bool:
    """True if a weaker cluster belongs to a kept one: same address or file, or on a host that it runs on or reached, soon after."""
    if set(weak.peers) & set(strong.peers) or {names.base(f) for f in weak.files} & {
        names.base(f) for f in strong.files
    }:
        return True
    reached = strong.hosts | {network.own[ip] for ip in strong.targets if ip in network.own}
    first, last = (pick(m.since for m in strong.members.values()) for pick in (min, max))
    # What came before the first act of the strong one leads to it by an address or a file, or not at all.
    early = NEAR if weak.peers or weak.files else timedelta(0)
    return bool(weak.hosts & reached) and any(first - early <= m.since <= last + NEAR for m in weak.members.values())


def _families(grower: Grower, suspects: dict[str, Suspicion]) -> dict[str, Suspicion]:
    """Suspicion of whole families, by their uppermost process: one command may say little where five together say much."""
    found: dict[str, Suspicion] = {}
    for key, suspicion in sorted(suspects.items()):
        top = grower.top_of(grower.table.by_key[key])
        family = found.setdefault(top.key, Suspicion())
        family.rules |= {r: w for r, w in suspicion.rules.items() if w >= TELLING}
        if suspicion.since:
            family.since = min(family.since, suspicion.since) if family.since else suspicion.since
    return {k: f for k, f in found.items() if len(f.rules) >= FAMILY and f.score >= SEED}


def _seeds(
    table: ProcessTable, suspects: dict[str, Suspicion], families: dict[str, Suspicion], routine: set[str]
) -> list[str]:
    """Processes to start from, most suspicious first: the strong ones, or the best of the weak where there are none."""
    order = sorted(suspects.items(), key=lambda kv: (-kv[1].score, kv[0]))
    usable = [(key, s.score) for key, s in order if key not in routine and table.by_key[key].name not in NO_SEED]
    strong = [key for key, score in usable if score >= SEED]
    strong += [
        key
        for key, family in sorted(families.items(), key=lambda kv: (-kv[1].score, kv[0]))
        if key not in strong and key not in routine and table.by_key[key].name not in NO_SEED
    ]
    if strong or not usable:
        return strong
    return [key for key, score in usable if score >= max(WEAK, 0.6 * usable[0][1])][:5]


def _score(cluster: Cluster, suspects: dict[str, Suspicion], hits: RuleHits) -> float:
    rules: dict[str, float] = {}
    for key in cluster.members:
        rules.update(suspects[key].rules if key in suspects else {})
    strongest = max(rules.values(), default=0)
    score = sum(rules.values()) + 2.0 * bool(cluster.peers) + 2.0 * bool(cluster.deliveries)
    return score if strongest >= STRONG / 2 else score / 2


def _tell(book: ActBook, query: Query, cluster: Cluster, table: ProcessTable, network: Network) -> None:
    tell_services(book, cluster, query)
    tell_cluster(book, cluster, table, network)
    for process in cluster.exploited.values():
        where = "process_entity_id = {entity:String} OR (process_entity_id = '' AND process_pid = {pid:UInt64})"
        params = {"entity": process.entity or "-", "pid": process.pid}
        effects = [
            r
            for r in (
                *rows(query, f"event_code IN ('3', '5156', 'network-connection', '11') AND ({where})", params),
                *table.audit.of([process.pid]),
            )
            if table.actor(r) is process
        ]
        for ip in _callers(cluster, effects, network):
            cluster.peers.setdefault(ip, set())
        tell_exploited(book, process, cluster, effects, network)
    tell_deliveries(book, cluster)
    tell_arrivals(book, cluster)
    tell_scripts(book, cluster, query)
    tell_flows(book, cluster, query)


def _callers(cluster: Cluster, effects: list[Row], network: Network) -> set[str]:
    """Who reached the exploited server just before it acted: a known peer if one did, else those who came only then."""
    near: set[str] = set()
    otherwise: set[str] = set()
    for row in effects:
        ip, _ = network.peer(row)
        if row["network_direction"] == "inbound" and names.peer_ip(ip) and ip not in network.own:
            (near if _near(cluster, row["time"]) else otherwise).add(ip)
    if known := near & set(cluster.peers):
        return known
    once = near - otherwise
    return once if len(once) <= MAX_CALLERS else set()


def _near(cluster: Cluster, at: datetime) -> bool:
    first = min(m.since for m in cluster.members.values())
    return first - timedelta(seconds=60) <= at <= first + timedelta(seconds=5)


def _sessions(
    grower: Grower, logons: list[Row], suspects: dict[str, Suspicion], clusters: list[Cluster]
) -> list[Cluster]:
    """What ran in the Windows sessions of the attacker's logons: shells, programs of the user's own, and what rules flag."""
    opened = {
        (names.short_host(r["host_name"]), r["logon_id"]): r
        for r in reversed(logons)
        if r["source"] == "windows.security" and r["logon_id"] not in ("", "0x0", "0x3e7")
    }
    covered = {key for c in clusters for key in c.members}
    found: list[Cluster] = []
    for process in list(grower.table.by_key.values()) if opened else ():
        logon = next((o for r in process.start_rows if (o := opened.get((process.host, r["logon_id"])))), None)
        if logon is None or process.key in covered or process.start is None or process.start < logon["time"]:
            continue
        own = process.name in names.SHELLS or names.user_writable(process.executable) or process.key in suspects
        if own and process.name not in names.BOUNDARY | names.SIDE_EFFECTS | names.BROWSERS:
            cluster = grower.grow(process, "run in a session that the attacker opened")
            covered |= set(cluster.members)
            found.append(cluster)
    return found[:MAX_CLUSTERS]


def _tell_logins(book: ActBook, query: Query, clusters: list[Cluster], peers: set[str], network: Network) -> list[Row]:
    guessing = logins.guessed_addresses(query)
    logins.tell_guessing(book, query, guessing)
    told = logins.tell_logons(
        book, query, peers | {ip for ip, ok in guessing.items() if ok}, None, "from an address of the attacker"
    )
    hosts = {h for c in clusters for h in c.hosts}
    inner = {ip for h in hosts for ip in network.hosts.get(h, ())}
    if inner and clusters:
        since = min(m.since for c in clusters for m in c.members.values())
        told += logins.tell_logons(book, query, inner, since, "from a host that was already compromised")
    logins.tell_sessions(book, query, told)
    return told


def _named_hosts(query: Query, acts: tuple[Act, ...], clusters: list[Cluster]) -> set[str]:
    """Hosts of the evidence that the attacker's commands and look-ups name: what befell them just then is told, too."""
    known = {names.short_host(r["host"]) for r in query(_HOSTS).to_pylist()}
    said = [m.process.command_line for c in clusters for m in c.members.values() if not m.injected]
    said += [o for a in acts if a.verb == "resolved" for o in a.objects]
    return {h for h in known if len(h) > 3 and any(logins.names_any(text.replace(".", " "), {h}) for text in said)}


def _tell_loose(
    book: ActBook,
    hits: RuleHits,
    hit_rows: dict[str, Row],
    clusters: list[Cluster],
    table: ProcessTable,
    named: set[str],
    enough: float,
) -> None:
    """Strong matches that no process of the story explains: told on their own when they are near it, or nothing else is."""
    acts = book.acts()
    told = {i for a in acts for i in a.evidence}
    hosts = {h for c in clusters for h in c.hosts} | {names.short_host(a.host) for a in acts if a.verb == "logged-on"}
    hosts |= named
    whose = {(names.short_host(a.host), a.user.rsplit("\\", 1)[-1].lower()) for a in acts if a.user and not a.context}
    services = service_keys(acts)
    members = {m.process.entity for c in clusters for m in c.members.values() if m.process.entity}
    times = [a.time for a in acts if not a.context]
    # What weighs more than all that is told is told wherever it happened.
    heaviest = max((hits.strongest(i) for i in told), default=0.0)
    lo, hi = (min(times) - timedelta(minutes=30), max(times) + timedelta(minutes=30)) if times else (None, None)
    for event_id, rules in sorted(hits.by_event.items()):
        row = hit_rows.get(event_id)
        weight = hits.strongest(event_id)
        if row is None or event_id in told or row["source"] == "aws.cloudtrail" or is_attempt(row):
            continue
        if services and any(s in row["registry_path"].lower() for s in services):
            continue  # the service manager's own record of a service that is told already
        host, user = names.short_host(row["host_name"]), row["user_name"].lower()
        by_them = (host, user) in whose or (user == f"{host}$" and (host, "system") in whose)
        if weight < enough and not (by_them and row["event_code"] in CHANGES):
            continue
        near = (
            lo is not None
            and hi is not None
            and lo <= row["time"] <= hi
            and names.short_host(row["host_name"]) in hosts
        )
        of_other = bool(row["process_entity_id"]) and row["process_entity_id"] not in members
        if acts and (not near or of_other) and weight <= heaviest:
            continue
        best = max(sorted(rules), key=lambda r: hits.weights[r])
        if (process := table.started_by(row)) and process.start:
            tell_start(book, Member(process, process.start, f"rule: {hits.detections[best].title}"), table)
            continue
        # A log's clearing before the first act may be the recording's own beginning.
        early = lo is not None and row["event_code"] in LOG_CLEARED and row["time"] < min(times)
        tell_record(book, row, hits.detections[best], context=early)


def _tell_others(book: ActBook, query: Query, clusters: list[Cluster]) -> None:
    """Alerts, messages and responders' actions that name what the story is about."""
    acts = [a for a in book.acts() if not a.context]
    if not acts:
        return
    hosts = {names.short_host(a.host) for a in acts if a.host}
    users = {a.user.rsplit("\\", 1)[-1].lower() for a in acts if a.user and " " not in a.user}
    files = {names.base(f) for c in clusters for f in c.files}
    values = {v for v in hosts | users | files | {ip for c in clusters for ip in c.peers} if len(v) > 3}
    keys = {a.detail["key"].lower() for a in acts if a.detail.get("key")}
    logins.tell_alerts(book, query, hosts, values | keys)
    start, stop = acts[0].time - timedelta(days=1), max(a.end_time or a.time for a in acts) + timedelta(days=7)
    logins.tell_comms(book, query, values | keys, start, stop)
