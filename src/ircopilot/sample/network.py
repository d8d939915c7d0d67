"""What the Zeek sensor wrote of the morning's flows, its clock some seconds ahead.

Source: Zeek 6 log formats (book of Zeek, "Log Files"), TSV with `#fields` and `#types`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from ircopilot.sample.dice import Dice
from ircopilot.sample.world import RESOLVER, SCANNER, SENSOR_DRIFT_S, Flow, World, at

FIVE = ("ts:time", "uid:string", "id.orig_h:addr", "id.orig_p:port", "id.resp_h:addr", "id.resp_p:port")
COLUMNS: dict[str, tuple[str, ...]] = {
    "conn": (*FIVE, "proto:enum", "service:string", "duration:interval", "orig_bytes:count", "resp_bytes:count",
             "conn_state:string", "local_orig:bool", "local_resp:bool", "missed_bytes:count", "history:string",
             "orig_pkts:count", "orig_ip_bytes:count", "resp_pkts:count", "resp_ip_bytes:count",
             "tunnel_parents:set[string]"),
    "dns": (*FIVE, "proto:enum", "trans_id:count", "rtt:interval", "query:string", "qclass:count",
            "qclass_name:string", "qtype:count", "qtype_name:string", "rcode:count", "rcode_name:string", "AA:bool",
            "TC:bool", "RD:bool", "RA:bool", "Z:count", "answers:vector[string]", "TTLs:vector[interval]",
            "rejected:bool"),
    "http": (*FIVE, "trans_depth:count", "method:string", "host:string", "uri:string", "referrer:string",
             "version:string", "user_agent:string", "origin:string", "request_body_len:count",
             "response_body_len:count", "status_code:count", "status_msg:string", "tags:set[enum]",
             "resp_fuids:vector[string]", "resp_filenames:vector[string]", "resp_mime_types:vector[string]"),
    "files": ("ts:time", "fuid:string", *FIVE[1:], "source:string", "depth:count", "analyzers:set[string]",
              "mime_type:string", "filename:string", "duration:interval", "local_orig:bool", "is_orig:bool",
              "seen_bytes:count", "total_bytes:count", "missing_bytes:count", "overflow_bytes:count",
              "timedout:bool", "md5:string", "sha1:string", "sha256:string"),
    "ssl": (*FIVE, "version:string", "cipher:string", "curve:string", "server_name:string", "resumed:bool",
            "established:bool", "ssl_history:string", "cert_chain_fps:vector[string]", "sni_matches_cert:bool"),
    "x509": ("ts:time", "fingerprint:string", "certificate.version:count", "certificate.serial:string",
             "certificate.subject:string", "certificate.issuer:string", "certificate.not_valid_before:time",
             "certificate.not_valid_after:time", "certificate.key_alg:string", "san.dns:vector[string]",
             "basic_constraints.ca:bool", "host_cert:bool", "client_cert:bool"),
}  # fmt: skip
EDGE_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36 Edg/122.0.0.0"

Rows = dict[str, list[tuple[float, tuple[str, ...]]]]


def add_network_noise(world: World) -> None:
    """Flows that no Windows host of the sample tells of: the vulnerability scanner, phones and printers."""
    dice = Dice("network")
    for host in ("10.20.4.17", "10.20.4.32", "10.20.4.40", "10.20.8.12", "10.20.9.5"):
        for port in (21, 22, 23, 80, 135, 139, 443, 445, 1433, 3306, 3389, 5985, 8080, 8443):
            time = at("07:30:00") + dice.seconds(0, 1500)
            world.flows.append(Flow(time, SCANNER, dice.number(40000, 60000), host, port, "tcp", "-", 0.0, 0, 0,
                                    "REJ" if port % 2 else "S0"))  # fmt: skip
    for _ in range(260):
        time, phone = dice.seconds(at("07:00:00"), at("11:00:00")), f"10.20.6.{dice.number(20, 90)}"
        page = (("method", "GET"), ("host", "firmware.deskphone.example"), ("uri", f"/cfg/{dice.hex(6)}.xml"),
                ("bytes", str(dice.number(300, 4000))), ("mime", "application/xml"))  # fmt: skip
        world.flows.append(Flow(time, phone, dice.number(40000, 60000), "192.0.2.99", 80, "tcp", "http", 0.3,
                                210, 2400, extra=(("http", page),)))  # fmt: skip
    for _ in range(700):
        name = dice.pick(("time", "printer", "wpad", "ldap", "erp", "mail")) + ".hollowbrook.example"
        answer = "" if name.startswith("wpad") else f"10.20.8.{dice.number(20, 30)}"
        world.flows.append(Flow(dice.seconds(at("07:00:00"), at("11:00:00")), f"10.20.6.{dice.number(20, 90)}",
                                dice.number(40000, 60000), RESOLVER, 53, "udp", "dns", 0.01, 41, 57,
                                extra=(("dns", (("query", name), ("answer", answer))),)))  # fmt: skip


def zeek_logs(world: World) -> dict[str, bytes]:
    """Each log's file name and its bytes."""
    rows: Rows = {name: [] for name in COLUMNS}
    dice = Dice("zeek")
    seen: set[str] = set()
    for flow in sorted(world.flows, key=lambda f: (f.time, f.orig_h, f.orig_p)):
        _tell(rows, flow, dice, seen, world)
    return {f"{name}.log": _log(name, sorted(rows[name])) for name in COLUMNS}


def _tell(rows: Rows, flow: Flow, dice: Dice, seen: set[str], world: World) -> None:
    """One flow's lines in all the logs."""
    ts = flow.time + SENSOR_DRIFT_S + dice.seconds(0, 0.02)
    uid = "C" + dice.letters(17)
    ends = (flow.orig_h, str(flow.orig_p), flow.resp_h, str(flow.resp_p))
    inside = "T" if flow.resp_h.startswith("10.") else "F"
    sent, got = max(1, flow.orig_bytes // 1200), max(1, flow.resp_bytes // 1200)
    five = (uid, *ends)
    rows["conn"].append((ts, (
        *five, flow.proto, flow.service, f"{flow.duration:.6f}" if flow.duration else "-", str(flow.orig_bytes),
        str(flow.resp_bytes), flow.state, "T", inside, "0", "ShADadFf" if flow.state == "SF" else "S", str(sent),
        str(flow.orig_bytes + 40 * sent), str(got), str(flow.resp_bytes + 40 * got), "-",
    )))  # fmt: skip
    count = 1
    for kind, pairs in flow.extra:
        told = dict(pairs)
        if kind == "dns":
            rows["dns"].append((ts, _dns(five, told, dice)))
        elif kind == "http":
            fuid = "F" + dice.letters(17)
            rows["http"].append((ts + 0.05, _http(five, told, fuid)))
            rows["files"].append((ts + 0.06, _file(five, told, fuid)))
            count += 1
        else:
            count += _tls(rows, ts, five, told, seen)
        count += 1
    world.count(flow.malicious, count)


def _dns(five: tuple[str, ...], told: dict[str, str], dice: Dice) -> tuple[str, ...]:
    found = bool(told["answer"])
    return (
        *five, "udp", str(dice.number(1, 65535)), "0.011802", told["query"], "1", "C_INTERNET", "1", "A",
        "0" if found else "3", "NOERROR" if found else "NXDOMAIN", "F", "F", "T", "T", "0", told["answer"] or "-",
        "300.000000" if found else "-", "F",
    )  # fmt: skip


def _http(five: tuple[str, ...], told: dict[str, str], fuid: str) -> tuple[str, ...]:
    agent = EDGE_AGENT if "sha256" in told else "Deskphone/4.2"
    return (
        *five, "1", told["method"], told["host"], told["uri"], "-", "1.1", agent, "-", "0", told["bytes"], "200", "OK",
        "(empty)", fuid, told.get("filename", "-"), told["mime"],
    )  # fmt: skip


def _file(five: tuple[str, ...], told: dict[str, str], fuid: str) -> tuple[str, ...]:
    digest = [told.get(name, hashlib.sha512((name + told["uri"]).encode()).hexdigest()[:size])
              for name, size in (("md5", 32), ("sha1", 40), ("sha256", 64))]  # fmt: skip
    return (
        fuid, *five, "HTTP", "0", "MD5,SHA1,SHA256", told["mime"], told.get("filename", "-"), "0.412000", "F", "F",
        told["bytes"], told["bytes"], "0", "0", "F", *digest,
    )  # fmt: skip


def _tls(rows: Rows, ts: float, five: tuple[str, ...], told: dict[str, str], seen: set[str]) -> int:
    """A handshake, and the server's certificate when it is seen for the first time; how many x509 lines that made."""
    fingerprint = hashlib.sha256(told["subject"].encode()).hexdigest()
    own = told["subject"] == told["issuer"]
    rows["ssl"].append((ts + 0.03, (
        *five, "TLSv12", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "x25519", told["sni"], "F", "T", "CsxknGIi",
        fingerprint, "T",
    )))  # fmt: skip
    if fingerprint in seen:
        return 0
    seen.add(fingerprint)
    begins = at("00:00:00") - (86400 * 5 if own else 86400 * 90)
    rows["x509"].append((ts + 0.03, (
        fingerprint, "3", fingerprint[:16].upper(), told["subject"], told["issuer"], f"{begins:.6f}",
        f"{begins + 86400 * 397:.6f}", "rsaEncryption", told["sni"], "F", "T", "F",
    )))  # fmt: skip
    return 1


def _log(name: str, rows: list[tuple[float, tuple[str, ...]]]) -> bytes:
    """A log with Zeek's header and its closing line, written later than the last packet."""
    opened = datetime.fromtimestamp(int(at("07:00:00") + SENSOR_DRIFT_S), UTC).strftime("%Y-%m-%d-%H-%M-%S")
    closed = datetime.fromtimestamp(int(at("14:30:00")), UTC).strftime("%Y-%m-%d-%H-%M-%S")
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{name}",
            f"#open\t{opened}", "\t".join(["#fields", *(c.rsplit(":", 1)[0] for c in COLUMNS[name])]),
            "\t".join(["#types", *(c.rsplit(":", 1)[1] for c in COLUMNS[name])])]  # fmt: skip
    body = ["\t".join((f"{ts:.6f}", *cells)) for ts, cells in rows]
    return ("\n".join([*head, *body, f"#close\t{closed}"]) + "\n").encode()
