"""How a migration makes tables of tenants: row-level security enabled and forced, one policy, rights for the application."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import op

ID = 'text COLLATE "C" NOT NULL'
MAYBE = 'text COLLATE "C"'
ORG = f"org_id {ID} REFERENCES organisations ON DELETE CASCADE"
INCIDENT = "FOREIGN KEY (org_id, incident_id) REFERENCES incidents ON DELETE CASCADE"
NOW = "timestamptz NOT NULL DEFAULT now()"
_OWN = "org_id = nullif(current_setting('app.org_id', true), '')"


def make_tables(tables: Mapping[str, str], append_only: tuple[str, ...] = ()) -> None:
    """Make tables (name → columns as SQL), in order. Rows of those in `append_only` are added and read only."""
    for name, columns in tables.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {name} TO ircopilot_app USING ({_OWN}) WITH CHECK ({_OWN})")
        acts = "SELECT, INSERT" if name in append_only else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {acts} ON {name} TO ircopilot_app")


def no_way_back() -> None:
    """There is no way back but a restored backup."""
    raise NotImplementedError("restore a backup instead")
