"""The sample incident once more, for a test to change: its evidence and its results under a name of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from conftest import SampleCase
from ircopilot.domain.ids import stable_uuid
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import incidents, results, runs

_LINKS = (
    "INSERT INTO incident_artifacts SELECT org_id, :new, sha256, name, format, parent_sha256, member, received_from, "
    "received_at FROM incident_artifacts WHERE incident_id = :old",
    "INSERT INTO incident_loads SELECT org_id, :new, load_id FROM incident_loads WHERE incident_id = :old",
)


@dataclass(frozen=True, slots=True)
class Copied:
    """An incident like the sample's."""

    stores: StoreSet
    org: str
    key: str
    incident_id: str

    @property
    def url(self) -> str:
        return f"/v1/incidents/{self.key}"

    def document(self, stage: str = "report") -> dict[str, Any]:
        """The newest document of a stage."""
        with self.stores.database.tenant(self.org) as tx:
            found = results.latest_result(tx, self.incident_id, stage)
        assert found is not None
        return found.document

    def draft_again(self, **changes: Any) -> None:
        """The report as another run drafted it: the one before, with these changes."""
        document = {**self.document(), **changes}
        with self.stores.database.tenant(self.org) as tx:
            run_id = str(uuid.uuid4())
            runs.start_run(tx, self.incident_id, run_id)
            runs.finish_run(tx, run_id)
            results.save_result(tx, self.incident_id, run_id, "report", document)


def copy_case(stores: StoreSet, case: SampleCase) -> Copied:
    """An incident with the sample's evidence, findings and report, and nothing that people did."""
    key = f"COPY-{uuid.uuid4()}"
    old = stable_uuid("incident", case.org, case.key)
    with stores.database.tenant(case.org) as tx:
        new = incidents.upsert_incident(tx, key, "Sample").incident_id
        run_id = str(uuid.uuid4())
        runs.start_run(tx, new, run_id)
        runs.finish_run(tx, run_id)
        for statement in _LINKS:
            tx.connection.execute(text(statement), {"new": new, "old": old})
        for stage in ("collect", "timeline", "forensic", "report"):
            found = results.latest_result(tx, old, stage)
            assert found is not None
            results.save_result(tx, new, run_id, stage, found.document)
    return Copied(stores, case.org, key, new)
