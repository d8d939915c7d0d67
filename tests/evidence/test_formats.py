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
from functools import partial
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


@pytest.fixture
def org() -> str:
    """An organisation of its own, named as the event store wants it: by a UUID."""
    return str(uuid.uuid4())


@pytest.fixture
def load(stores: StoreSet, org: str) -> Callable[[Path], Loaded]:
    """Sends a file through sniffing, decoding, mapping and the event store."""

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
    assert all(2031 == e.time.year for e in events)
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


def Clock():  # noqa: N802
    from ircopilot.domain.evidence import Clock

    return Clock()


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
