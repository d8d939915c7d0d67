"""Loading of made-up records through the real stores."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from ircopilot.domain.event import Event
from ircopilot.domain.evidence import Artifact, Load
from ircopilot.evidence.load import load_artifact
from ircopilot.evidence.sniff import sniff
from ircopilot.stores import StoreSet
from ircopilot.stores.events import EventScope
from ircopilot.stores.postgres import artifacts, incidents


@dataclass
class Bench:
    """An incident of its own. `load` takes bytes, or records to be written as JSON lines."""

    stores: StoreSet
    org: str
    incident: str

    def artifact(self, data: bytes, name: str = "made-up.json") -> Artifact:
        """Keep bytes as an artifact of the incident."""
        sha256, size = self.stores.vault.put(self.org, [data])
        kept = Artifact(sha256=sha256, size=size, name=name, format=sniff(data, whole=True).format)
        with self.stores.database.tenant(self.org) as tx:
            artifacts.record_artifact(tx, self.incident, kept)
        return kept

    def load(self, content: bytes | Sequence[Any], **more: Any) -> Load:
        """Load what is given."""
        data = content if isinstance(content, bytes) else "".join(json.dumps(r) + "\n" for r in content).encode()
        found = sniff(data, whole=True)
        assert found.decoder and found.mapping, found.unreadable
        more = {"open_plaintext": partial(io.BytesIO, data)} | more
        return load_artifact(
            self.stores, self.org, self.incident, self.artifact(data), found.decoder, found.mapping, **more
        )

    def events(self, load: Load) -> list[Event]:
        """The events of a load in the artifact's order."""
        scope = EventScope(self.org, (load.load_id,))
        ids = self.stores.events.run_event_query(scope, "SELECT event_id FROM {events}").column("event_id").to_pylist()
        found = self.stores.events.fetch_events(scope, [str(i) for i in ids])
        assert len(found) == len(ids)
        return sorted(found.values(), key=lambda e: e.seq)


@pytest.fixture
def bench(stores: StoreSet) -> Bench:
    org = str(uuid.uuid4())
    with stores.database.tenant(org) as tx:
        incidents.ensure_organisation(tx)
        incident = incidents.upsert_incident(tx, "INC-1", "made up")
    return Bench(stores, org, incident.incident_id)


Loader = Callable[..., Load]
