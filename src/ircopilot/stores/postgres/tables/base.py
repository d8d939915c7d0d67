"""What all tables are made of: one metadata, and columns that carry the organisation.

Identifiers are text in C collation, so that they sort the same everywhere. Columns that hold text out of evidence
are JSON, not JSONB: JSONB refuses U+0000, which an attacker can put into any record.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, ForeignKeyConstraint, MetaData, Text, func

metadata = MetaData()

Id = Text(collation="C")


def org_column() -> Column[str]:
    """`org_id`, first part of every primary key."""
    return Column("org_id", Id, ForeignKey("organisations.org_id", ondelete="CASCADE"), primary_key=True)


def key_column(name: str, type_: Any = Id) -> Column[object]:
    """A further part of the primary key."""
    return Column(name, type_, primary_key=True, autoincrement=False)


def need(name: str, type_: Any = Id, **more: Any) -> Column[object]:
    """A column that is never null."""
    return Column(name, type_, nullable=False, **more)


def now_column(name: str) -> Column[object]:
    """A time that the database fills in, UTC."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def time_column(name: str) -> Column[object]:
    """A time that may be missing, UTC."""
    return Column(name, DateTime(timezone=True))


def within(table: str, *columns: str) -> ForeignKeyConstraint:
    """A reference that carries the organisation, so that no row can point into another tenant."""
    names = ["org_id", *columns]
    return ForeignKeyConstraint(names, [f"{table}.{c}" for c in names], ondelete="CASCADE")
