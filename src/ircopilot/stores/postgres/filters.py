"""Saved filters: somebody's own, or shared with the organisation."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from ircopilot.domain.work import SavedFilter
from ircopilot.stores.postgres.database import Tx
from ircopilot.stores.postgres.tables.cases import saved_filters

_FIELDS = tuple(SavedFilter.model_fields)


def add_filter(tx: Tx, values: dict[str, Any]) -> SavedFilter | None:
    """Save a filter; None when its owner has one of that name and kind."""
    statement = insert(saved_filters).values(org_id=tx.org_id, **values)
    row = tx.connection.execute(statement.on_conflict_do_nothing().returning(*saved_filters.c)).one_or_none()
    return None if row is None else _filter(row)


def find_filter(tx: Tx, filter_id: str, owner: str, *, lock: bool = False) -> SavedFilter | None:
    """The filter of that id, if it is the owner's or shared."""
    seen = or_(saved_filters.c.owner == owner, saved_filters.c.shared)
    query = select(saved_filters).where(saved_filters.c.filter_id == filter_id, seen)
    row = tx.connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _filter(row)


def change_filter(tx: Tx, filter_id: str, changed: dict[str, Any]) -> SavedFilter | None:
    """Set columns of a filter that the caller has locked; its version grows by one. None when its owner has another of
    that name and kind.
    """
    statement = (
        update(saved_filters)
        .where(saved_filters.c.filter_id == filter_id)
        .values(**changed, version=saved_filters.c.version + 1, updated_at=func.clock_timestamp())
        .returning(*saved_filters.c)
    )
    try:
        with tx.connection.begin_nested():
            return _filter(tx.connection.execute(statement).one())
    except IntegrityError:
        return None


def remove_filter(tx: Tx, filter_id: str) -> None:
    """Forget a filter."""
    tx.connection.execute(saved_filters.delete().where(saved_filters.c.filter_id == filter_id))


def list_filters(
    tx: Tx, owner: str, kind: str | None, after: tuple[str, str] | None, limit: int
) -> list[SavedFilter]:  # fmt: skip
    """The owner's filters and those that others share, by name and id, those that follow `after`."""
    here = saved_filters.c
    query = select(saved_filters).where(or_(here.owner == owner, here.shared))
    if kind is not None:
        query = query.where(here.kind == kind)
    if after is not None:
        query = query.where(tuple_(here.name, here.filter_id) > tuple_(*after))
    return [_filter(row) for row in tx.connection.execute(query.order_by(here.name, here.filter_id).limit(limit))]


def _filter(row: Row[Any]) -> SavedFilter:
    return SavedFilter.model_construct(**{name: row._mapping[name] for name in _FIELDS})
