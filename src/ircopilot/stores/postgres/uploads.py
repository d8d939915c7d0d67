"""Uploads under way: how far each has come. A byte counts once its part is durable and recorded here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update

from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.json_text import storable
from ircopilot.stores.postgres.tables import deposits
from ircopilot.stores.postgres.tables.evidence import upload_parts, uploads


class UnknownUpload(ProblemError):
    """The incident has no upload of that id."""

    type = "unknown-upload"
    status = 404
    title = "There is no such upload"


class UploadExpired(ProblemError):
    """The upload was not finished in time; its bytes are gone."""

    type = "upload-expired"
    status = 410
    title = "The upload has expired"


class UploadConflict(ProblemError):
    """The upload is at another byte, or somebody else has just sent these bytes."""

    type = "upload-conflict"
    status = 409
    title = "The upload is at another place"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload: `received` of `length` bytes are here. `wrapped_key`: of its parts, see `vault.staging`."""

    upload_id: str
    incident_id: str
    name: str
    metadata: dict[str, Any]
    length: int
    received: int
    wrapped_key: str
    state: str
    deposit_id: str | None
    sha256: str | None
    and_run: bool
    made_by: str
    made_at: datetime
    expires_at: datetime


def add_upload(tx: Tx, upload: Upload) -> None:
    """Begin an upload."""
    row = {name: getattr(upload, name) for name in Upload.__dataclass_fields__ if name != "made_at"}
    tx.connection.execute(uploads.insert().values(row | {"org_id": tx.org_id, "name": storable(upload.name)}))


def find_upload(tx: Tx, incident_id: str, upload_id: str, now: datetime) -> Upload:
    """The incident's upload. Raises `UnknownUpload`, `UploadExpired`."""
    here = uploads.c
    query = select(uploads).where(here.upload_id == upload_id, here.incident_id == incident_id)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise UnknownUpload(f"no upload {upload_id[:40]}", "begin one: POST …/uploads")
    found = _upload(row)
    if found.expires_at <= now:
        raise UploadExpired(f"it expired at {found.expires_at.isoformat()}", "begin it again")
    return found


def list_uploads(tx: Tx, incident_id: str, now: datetime, limit: int) -> list[Upload]:
    """Uploads of the incident that have not expired, the latest first."""
    here = uploads.c
    query = select(uploads).where(here.incident_id == incident_id, here.expires_at > now)
    return [
        _upload(row) for row in tx.connection.execute(query.order_by(here.made_at.desc(), here.upload_id).limit(limit))
    ]


def add_part(tx: Tx, upload_id: str, first: int, size: int, file: str, expires_at: datetime) -> None:
    """The part's bytes count from now on. Raises `UploadConflict` when the upload is not at `first` any more."""
    here = uploads.c
    moved = tx.connection.execute(
        update(uploads)
        .where(here.upload_id == upload_id, here.state == "open", here.received == first, here.length >= first + size)
        .values(received=first + size, expires_at=expires_at)
    )
    if moved.rowcount != 1:
        raise UploadConflict(f"the upload is not at byte {first} any more", "ask where it is: HEAD")
    row = {"org_id": tx.org_id, "upload_id": upload_id, "first_byte": first, "size": size, "file": file}
    tx.connection.execute(upload_parts.insert().values(row))


def parts_of(tx: Tx, upload_id: str) -> list[tuple[int, str]]:
    """(first byte, file) of each part, in order."""
    here = upload_parts.c
    query = select(here.first_byte, here.file).where(here.upload_id == upload_id).order_by(here.first_byte)
    return [(int(row.first_byte), row.file) for row in tx.connection.execute(query)]


def finish_upload(tx: Tx, upload_id: str, deposit_id: str, sha256: str) -> bool:
    """The upload became that deposit; False when it had become one before, or is gone. Its parts are not needed any more."""
    here = uploads.c
    done = tx.connection.execute(
        update(uploads)
        .where(here.upload_id == upload_id, here.state == "open")
        .values(state="done", deposit_id=deposit_id, sha256=sha256)
    )
    tx.connection.execute(upload_parts.delete().where(upload_parts.c.upload_id == upload_id))
    return bool(done.rowcount)


def forget_upload(tx: Tx, upload_id: str) -> None:
    """Remove an upload and the list of its parts."""
    tx.connection.execute(uploads.delete().where(uploads.c.upload_id == upload_id))


def forget_expired(tx: Tx, now: datetime) -> list[str]:
    """Remove the organisation's expired uploads; their ids, so that their files can go too."""
    gone = tx.connection.execute(uploads.delete().where(uploads.c.expires_at <= now).returning(uploads.c.upload_id))
    return list(gone.scalars())


def bytes_held(tx: Tx, *, alone: bool = True) -> int:
    """What the organisation has handed in, each content once, and what its open uploads will come to.

    Whoever adds bytes in this transaction (`alone`) holds others back until it ends, so that two cannot both take the
    last room.
    """
    if alone:
        tx.connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('bytes:' || :org, 0))"), {"org": tx.org_id}
        )
    each = select(deposits.c.sha256, func.max(deposits.c.size).label("size")).group_by(deposits.c.sha256).subquery()
    kept = select(func.coalesce(func.sum(each.c.size), 0)).scalar_subquery()
    coming = (
        select(func.coalesce(func.sum(uploads.c.length), 0)).where(uploads.c.state == "open").scalar_subquery()
    )  # fmt: skip
    return int(tx.connection.execute(select(kept + coming)).scalar_one())


def _upload(row: Row[Any]) -> Upload:
    return Upload(**{name: row._mapping[name] for name in Upload.__dataclass_fields__})
