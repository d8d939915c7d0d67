"""What of one incident another one gets when they are merged: links and rows, never events."""

from __future__ import annotations

from sqlalchemy import Table, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.ids import stable_uuid
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import (
    artifact_errors,
    custody,
    deposits,
    incident_artifacts,
    incident_loads,
    incidents,
)
from ircopilot.stores.postgres.tables.cases import comments, playbook_uses
from ircopilot.stores.postgres.tables.evidence import event_marks, event_notes, uploads
from ircopilot.stores.postgres.tables.reports import entity_words, indicator_words, report_records

_LINKED = (
    incident_loads, incident_artifacts, artifact_errors, playbook_uses, event_marks, report_records, entity_words,
    indicator_words,
)  # fmt: skip


def link_evidence(tx: Tx, from_id: str, into_id: str) -> None:
    """Let the second incident have the loads, artifacts, deposits and playbooks of the first as well, what was marked on
    their events, and what analysts said of entities and indicators; what was said of them there goes before.
    """
    for table in _LINKED:
        _copy(tx, table, from_id, into_id)
    query = select(deposits).where(deposits.c.incident_id == from_id)
    rows = [dict(row) for row in tx.connection.execute(query).mappings()]
    for row in rows:
        deposit_id = stable_uuid("deposit", tx.org_id, into_id, row["sha256"], row["name"])
        row |= {"incident_id": into_id, "deposit_id": deposit_id}
    if rows:
        tx.connection.execute(insert(deposits).on_conflict_do_nothing(), rows)


def tell_custody_of_merge(tx: Tx, from_id: str, into_id: str, actor: str, detail: dict[str, str]) -> None:
    """A line on each artifact of the first incident, in the custody of both."""
    for incident_id in (from_id, into_id):
        lines = select(
            incident_artifacts.c.org_id, literal(incident_id), incident_artifacts.c.sha256, literal("merged"),
            literal(actor), literal(detail, custody.c.detail.type),
        ).where(incident_artifacts.c.incident_id == from_id)  # fmt: skip
        columns = ["org_id", "incident_id", "sha256", "act", "actor", "detail"]
        tx.connection.execute(custody.insert().from_select(columns, lines))


def move_notes_and_uploads(tx: Tx, from_id: str, into_id: str) -> None:
    """Notes on events, and uploads that are under way, go on at the second incident."""
    for table in (event_notes, uploads):
        tx.connection.execute(update(table).where(table.c.incident_id == from_id).values(incident_id=into_id))


def merged_from(tx: Tx, into_id: str, viewer: Viewer) -> list[str]:
    """Keys of the incidents that were merged into this one, of which the viewer may know."""
    query = select(incidents.c.key).where(incidents.c.merged_into == into_id, in_sight(viewer))
    return list(tx.connection.execute(query.order_by(incidents.c.key)).scalars())


def move_comments(tx: Tx, from_id: str, into_id: str) -> None:
    """The comments go on at the second incident; what was said of the first as a whole is said of the second.

    What was said of the first one's reports and claims stays with these: the second numbers its own anew.
    """
    mine = (comments.c.incident_id == from_id) & comments.c.anchor_type.not_in(("claim", "report"))
    whole = mine & (comments.c.anchor_type == "incident")
    tx.connection.execute(update(comments).where(whole).values(anchor_id=into_id))
    tx.connection.execute(update(comments).where(mine).values(incident_id=into_id))


def _copy(tx: Tx, table: Table, from_id: str, into_id: str) -> None:
    names = [column.name for column in table.c]
    columns = [literal(into_id) if name == "incident_id" else table.c[name] for name in names]
    rows = select(*columns).where(table.c.incident_id == from_id)
    tx.connection.execute(insert(table).from_select(names, rows).on_conflict_do_nothing())
