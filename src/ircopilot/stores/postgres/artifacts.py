"""Artifacts of an incident, what could not be read of them, and their chain of custody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.evidence import Artifact, ParseError
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import artifact_errors, artifacts, custody, incident_artifacts


def record_artifact(tx: Tx, incident_id: str, artifact: Artifact) -> bool:
    """Link the artifact to the incident; True when it was new to it.

    The same bytes given twice are one artifact. Of its several names the least one stands, so that the outcome does
    not hang on the order of giving. A known format is never overwritten by an empty one.
    """
    tx.connection.execute(
        insert(artifacts)
        .values(org_id=tx.org_id, sha256=artifact.sha256, size=artifact.size, media_type=artifact.media_type)
        .on_conflict_do_nothing()
    )
    named = {
        "name": storable(artifact.name),
        "parent_sha256": artifact.parent_sha256,
        "member": None if artifact.member is None else storable(artifact.member),
        "received_from": storable(artifact.received_from),
    }
    row = {"org_id": tx.org_id, "incident_id": incident_id, "sha256": artifact.sha256, "format": artifact.format}
    added = tx.connection.execute(
        insert(incident_artifacts).values(row | named).on_conflict_do_nothing().returning(incident_artifacts.c.sha256)
    ).first()
    if added is not None:
        record_custody(tx, incident_id, artifact.sha256, "received", detail={"name": named["name"]})
        return True
    _rename(tx, incident_id, artifact.sha256, named)
    if artifact.format:
        set_artifact_format(tx, incident_id, artifact.sha256, artifact.format)
    return False


def _rename(tx: Tx, incident_id: str, sha256: str, named: dict[str, str | None]) -> None:
    here = incident_artifacts.c
    tx.connection.execute(
        incident_artifacts.update()
        .where(here.incident_id == incident_id, here.sha256 == sha256, here.name > named["name"])
        .values(named)
    )


def set_artifact_format(tx: Tx, incident_id: str, sha256: str, format_: str) -> None:
    """Say which format the artifact turned out to have."""
    here = incident_artifacts.c
    tx.connection.execute(
        incident_artifacts.update().where(here.incident_id == incident_id, here.sha256 == sha256).values(format=format_)
    )


def list_artifacts(tx: Tx, incident_id: str) -> list[Artifact]:
    """The incident's artifacts, by name and hash: the same order on every run."""
    joined = incident_artifacts.join(artifacts)
    query = (
        select(incident_artifacts, artifacts.c.size, artifacts.c.media_type)
        .select_from(joined)
        .where(incident_artifacts.c.incident_id == incident_id)
        .order_by(incident_artifacts.c.name, incident_artifacts.c.sha256)
    )
    return [artifact_of(row) for row in tx.connection.execute(query)]


def find_artifact(tx: Tx, incident_id: str, sha256: str) -> Artifact | None:
    """The incident's artifact of that hash, if it has one."""
    return next((a for a in list_artifacts(tx, incident_id) if a.sha256 == sha256), None)


def all_artifact_hashes(tx: Tx) -> list[str]:
    """The SHA-256 of every artifact of the organisation, in order."""
    return list(tx.connection.execute(select(artifacts.c.sha256).order_by(artifacts.c.sha256)).scalars())


def artifact_of(row: Row[Any]) -> Artifact:
    """A row of `incident_artifacts` joined with `artifacts`."""
    return Artifact(
        sha256=row.sha256,
        size=row.size,
        name=row.name,
        media_type=row.media_type,
        format=row.format,
        parent_sha256=row.parent_sha256,
        member=row.member,
        received_from=row.received_from,
    )


def record_artifact_errors(tx: Tx, incident_id: str, sha256: str, errors: Iterable[ParseError]) -> None:
    """Keep errors of an artifact that never became a load: an unusable container, a member over a limit.

    One reason per locator; saying it again replaces it.
    """
    key = {"org_id": tx.org_id, "incident_id": incident_id, "sha256": sha256}
    rows = {storable(e.locator): storable(e.reason) for e in errors}
    if not rows:
        return
    statement = insert(artifact_errors).values([key | {"locator": at, "reason": why} for at, why in rows.items()])
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["org_id", "incident_id", "sha256", "locator"],
            set_={"reason": statement.excluded.reason},
            where=or_(artifact_errors.c.reason != statement.excluded.reason),
        )
    )


def artifact_errors_of(tx: Tx, incident_id: str) -> dict[str, list[ParseError]]:
    """Errors kept by `record_artifact_errors`, by artifact hash, by locator."""
    here = artifact_errors.c
    query = select(here.sha256, here.locator, here.reason).where(here.incident_id == incident_id)
    found: dict[str, list[ParseError]] = {}
    for sha256, locator, reason in tx.connection.execute(query.order_by(here.sha256, here.locator)):
        found.setdefault(sha256, []).append(ParseError(locator=locator, reason=reason))
    return found


def record_custody(
    tx: Tx, incident_id: str, sha256: str, act: str, *, actor: str = "ircopilot", detail: dict[str, Any] | None = None
) -> None:
    """Add a line to the chain of custody. The application's role can neither change nor remove one."""
    tx.connection.execute(
        custody.insert().values(
            org_id=tx.org_id, incident_id=incident_id, sha256=sha256, act=act, actor=actor, detail=detail or {}
        )
    )
