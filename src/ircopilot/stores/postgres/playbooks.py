"""Playbooks of an organisation. A version is added, never changed; the playbook's row says which is the latest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from ircopilot.domain.work import Playbook, PlaybookStep, PlaybookUse
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables.cases import playbook_uses, playbook_versions, playbooks

_JOINED = playbook_versions.join(playbooks)
_COLUMNS = (*playbook_versions.c, playbooks.c.version.label("latest"))


def make_playbook(tx: Tx, playbook_id: str) -> None:
    """Make a playbook, whose first version is to be added."""
    tx.connection.execute(insert(playbooks).values(org_id=tx.org_id, playbook_id=playbook_id))


def add_version(
    tx: Tx, playbook_id: str, version: int, name: str, description: str, steps: tuple[PlaybookStep, ...], by: str
) -> None:
    """Add a version."""
    row = {
        "org_id": tx.org_id, "playbook_id": playbook_id, "version": version, "name": name, "description": description,
        "steps": [step.model_dump() for step in steps], "created_by": by,
    }  # fmt: skip
    tx.connection.execute(insert(playbook_versions).values(row))


def step_on(tx: Tx, playbook_id: str, seen: int) -> bool:
    """Make the number after `seen` the latest, if `seen` is it and the playbook is not archived."""
    mine = (playbooks.c.playbook_id == playbook_id) & (playbooks.c.version == seen) & playbooks.c.archived_at.is_(None)
    return tx.connection.execute(update(playbooks).where(mine).values(version=seen + 1)).rowcount == 1


def archive_playbook(tx: Tx, playbook_id: str) -> bool:
    """Take a playbook off the list; what was made by it stays. False when it was off, or never was."""
    mine = (playbooks.c.playbook_id == playbook_id) & playbooks.c.archived_at.is_(None)
    return tx.connection.execute(update(playbooks).where(mine).values(archived_at=func.now())).rowcount == 1


def find_playbook(tx: Tx, playbook_id: str, version: int | None = None, *, archived: bool = False) -> Playbook | None:
    """A version of a playbook, the latest unless told."""
    query = select(*_COLUMNS).select_from(_JOINED).where(playbooks.c.playbook_id == playbook_id)
    query = query.where(playbook_versions.c.version == (playbooks.c.version if version is None else version))
    if not archived:
        query = query.where(playbooks.c.archived_at.is_(None))
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else _playbook(row)


def list_playbooks(tx: Tx) -> list[Playbook]:
    """The latest version of each playbook that is not archived, by name."""
    latest = and_(playbooks.c.archived_at.is_(None), playbook_versions.c.version == playbooks.c.version)
    query = select(*_COLUMNS).select_from(_JOINED).where(latest)
    order = (playbook_versions.c.name, playbook_versions.c.playbook_id)
    return [_playbook(row) for row in tx.connection.execute(query.order_by(*order))]


def list_versions(tx: Tx, playbook_id: str) -> list[Playbook]:
    """All versions of a playbook, newest first."""
    query = select(*_COLUMNS).select_from(_JOINED).where(playbooks.c.playbook_id == playbook_id)
    return [_playbook(row) for row in tx.connection.execute(query.order_by(playbook_versions.c.version.desc()))]


def use_playbook(tx: Tx, incident_id: str, playbook: Playbook, by: str) -> bool:
    """Remember that a playbook was applied to an incident; False when it was before."""
    row = {
        "org_id": tx.org_id, "incident_id": incident_id, "playbook_id": playbook.playbook_id,
        "version": playbook.version, "name": playbook.name, "applied_by": by,
    }  # fmt: skip
    statement = upsert(playbook_uses).values(row).on_conflict_do_nothing().returning(playbook_uses.c.version)
    return tx.connection.execute(statement).first() is not None


def list_uses(tx: Tx, incident_id: str) -> list[PlaybookUse]:
    """The playbooks that were applied to an incident, in the order in which they were."""
    query = select(playbook_uses).where(playbook_uses.c.incident_id == incident_id)
    names = tuple(PlaybookUse.model_fields)
    rows = tx.connection.execute(query.order_by(playbook_uses.c.applied_at, playbook_uses.c.playbook_id))
    return [PlaybookUse(**{name: row._mapping[name] for name in names}) for row in rows]


def _playbook(row: Row[Any]) -> Playbook:
    names = ("playbook_id", "version", "latest", "name", "description", "created_by", "created_at")
    steps = tuple(PlaybookStep(**step) for step in row.steps)
    return Playbook(**{name: row._mapping[name] for name in names}, steps=steps)
