"""Which mentions were read by whom they are of, and an index by which a person's mentions are found."""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, NOW, ORG, make_tables, no_way_back

revision = "0010"
down_revision = "0009"

TABLES: dict[str, str] = {
    "mention_reads": f"""
        {ORG}, principal {ID}, comment_id {ID}, read_at {NOW},
        PRIMARY KEY (org_id, principal, comment_id),
        FOREIGN KEY (org_id, comment_id) REFERENCES comments ON DELETE CASCADE""",
}


def upgrade() -> None:
    """Make the table, then the index."""
    make_tables(TABLES)
    op.execute("CREATE INDEX comments_by_mention ON comments USING gin (mentions)")


downgrade = no_way_back
