"""Comments of incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, tuple_, update
from sqlalchemy.orm import aliased

from ircopilot.domain.work import Comment
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incident_artifacts
from ircopilot.stores.postgres.tables.cases import comments

_FIELDS = tuple(Comment.model_fields)


@dataclass(frozen=True, slots=True)
class CommentFilter:
    """Which comments: on one anchor, on things of one type, of one thread, of threads that are resolved or not."""

    anchor_type: str | None = None
    anchor_id: str | None = None
    thread_id: str | None = None
    resolved: bool | None = None


@dataclass(frozen=True, slots=True)
class CommentCount:
    """How many comments an anchor has, and how many of its threads are not resolved."""

    anchor_type: str
    anchor_id: str
    comments: int
    open_threads: int


def add_comment(tx: Tx, values: dict[str, Any]) -> Comment:
    """Add a comment."""
    statement = insert(comments).values(org_id=tx.org_id, **values).returning(*comments.c)
    return comment_of(tx.connection.execute(statement).one())


def find_comment(tx: Tx, incident_id: str, comment_id: str, *, lock: bool = False) -> Comment | None:
    """The incident's comment of that id; `lock`: nobody else changes it until the transaction ends."""
    query = select(comments).where(comments.c.incident_id == incident_id, comments.c.comment_id == comment_id)
    row = tx.connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    return None if row is None else comment_of(row)


def change_comment(tx: Tx, comment_id: str, changed: dict[str, Any]) -> Comment:
    """Set columns of a comment that the caller has locked; its version grows by one."""
    statement = (
        update(comments)
        .where(comments.c.comment_id == comment_id)
        .values(**changed, version=comments.c.version + 1)
        .returning(*comments.c)
    )
    return comment_of(tx.connection.execute(statement).one())


def list_comments(
    tx: Tx, incident_id: str, which: CommentFilter, after: tuple[datetime, str] | None, limit: int
) -> list[Comment]:
    """Comments of an incident, oldest first, those that follow `after` (time, id)."""
    here = comments.c
    columns = (here.created_at, here.comment_id)
    query = select(comments).where(here.incident_id == incident_id)
    for column, wanted in (
        (here.anchor_type, which.anchor_type), (here.anchor_id, which.anchor_id), (here.thread_id, which.thread_id),
    ):  # fmt: skip
        if wanted is not None:
            query = query.where(column == wanted)
    if which.resolved is not None:
        root = aliased(comments)
        query = query.join(root, and_(root.c.org_id == here.org_id, root.c.comment_id == here.thread_id))
        query = query.where(root.c.resolved_at.is_not(None) if which.resolved else root.c.resolved_at.is_(None))
    if after is not None:
        query = query.where(tuple_(*columns) > tuple_(*after))
    return [comment_of(row) for row in tx.connection.execute(query.order_by(*columns).limit(limit))]


def count_comments(tx: Tx, incident_id: str) -> list[CommentCount]:
    """Counts of all anchors of an incident that have comments. Deleted ones do not count."""
    here = comments.c
    root = and_(here.comment_id == here.thread_id, here.resolved_at.is_(None))
    query = (
        select(here.anchor_type, here.anchor_id, func.count(), func.count().filter(root))
        .where(here.incident_id == incident_id, here.deleted_at.is_(None))
        .group_by(here.anchor_type, here.anchor_id)
        .order_by(here.anchor_type, here.anchor_id)
    )
    return [CommentCount(*row) for row in tx.connection.execute(query)]


def has_artifact(tx: Tx, incident_id: str, sha256: str) -> bool:
    """Whether the incident has that artifact."""
    here = incident_artifacts.c
    query = select(here.sha256).where(here.incident_id == incident_id, here.sha256 == sha256)
    return tx.connection.execute(query).first() is not None


def comment_of(row: Row[Any]) -> Comment:
    """A comment of a row of `comments`."""
    fields = {name: row._mapping[name] for name in _FIELDS}
    return Comment.model_construct(**fields | {"mentions": tuple(fields["mentions"])})
