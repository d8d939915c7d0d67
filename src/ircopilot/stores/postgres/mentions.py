"""Mentions: comments that name somebody, and which of them that person has read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Join, and_, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from ircopilot.domain.work import Comment
from ircopilot.stores.postgres.cases import Viewer, in_sight
from ircopilot.stores.postgres.comments import comment_of
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables import incidents
from ircopilot.stores.postgres.tables.cases import comments, mention_reads

Mention = tuple[Comment, str, str, bool]


def list_mentions(tx: Tx, viewer: Viewer, before: tuple[datetime, str] | None, limit: int) -> list[Mention]:
    """Comments that name the viewer, the latest first, of incidents that the viewer may know of: each with the key and
    title of its incident and whether it was read. `before`: only those older than this time and id.
    """
    here = comments.c
    query = (
        select(comments, incidents.c.key, incidents.c.title, mention_reads.c.read_at)
        .select_from(_joined().outerjoin(mention_reads, _read_by(viewer)))
        .where(_of(viewer))
        .order_by(here.created_at.desc(), here.comment_id.desc())
    )
    if before is not None:
        query = query.where(tuple_(here.created_at, here.comment_id) < tuple_(*before))
    rows = tx.connection.execute(query.limit(limit))
    return [(comment_of(row), row.key, row.title, row.read_at is not None) for row in rows]


def count_unread(tx: Tx, viewer: Viewer) -> int:
    """How many of them the viewer has not read."""
    query = (
        select(func.count())
        .select_from(_joined().outerjoin(mention_reads, _read_by(viewer)))
        .where(_of(viewer), mention_reads.c.read_at.is_(None))
    )
    return int(tx.connection.execute(query).scalar_one())


def read_mentions(tx: Tx, viewer: Viewer, comment_ids: Iterable[str]) -> None:
    """Note that the viewer has read these; what is no mention of the viewer is passed over."""
    mine = (
        select(comments.c.org_id, literal(viewer.principal), comments.c.comment_id)
        .select_from(_joined())
        .where(_of(viewer), comments.c.comment_id.in_(list(comment_ids)))
    )
    statement = insert(mention_reads).from_select(["org_id", "principal", "comment_id"], mine)
    tx.connection.execute(statement.on_conflict_do_nothing())


def _joined() -> Join:
    return comments.join(incidents, incidents.c.incident_id == comments.c.incident_id)


def _of(viewer: Viewer) -> ColumnElement[bool]:
    here = comments.c
    named = here.mentions.contains([viewer.principal])
    return and_(named, here.deleted_at.is_(None), here.author != viewer.principal, in_sight(viewer))


def _read_by(viewer: Viewer) -> ColumnElement[bool]:
    of = mention_reads.c
    return and_(of.comment_id == comments.c.comment_id, of.principal == viewer.principal)
