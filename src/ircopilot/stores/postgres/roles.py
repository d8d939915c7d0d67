"""The login roles: `ircopilot_owner` migrates, `ircopilot_app` and `ircopilot_lobby` work under row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ircopilot.stores.postgres.errors import UnsafeRole

if TYPE_CHECKING:
    import psycopg

OWNER, APP, LOBBY = "ircopilot_owner", "ircopilot_app", "ircopilot_lobby"

# A role that it could become counts as much as itself, hence pg_has_role(…, 'MEMBER').
_BYPASS = """
SELECT 1 AS rank, 'is or can become ' || rolname || ', which '
       || CASE WHEN rolsuper THEN 'is a superuser' WHEN rolbypassrls THEN 'has BYPASSRLS'
               WHEN rolreplication THEN 'may replicate' ELSE 'may grant roles' END
  FROM pg_catalog.pg_roles
 WHERE (rolsuper OR rolbypassrls OR rolreplication OR rolcreaterole)
   AND pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
UNION ALL
SELECT 2, 'may act as ' || rolname FROM pg_catalog.pg_roles
 WHERE rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
   AND pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
UNION ALL
SELECT 3, 'owns table ' || c.relname
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(session_user, c.relowner, 'MEMBER')
UNION ALL
SELECT 4, 'may reach table ' || c.relname || ', whose row-level security is not forced'
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
   AND (pg_catalog.has_any_column_privilege(session_user, c.oid, 'SELECT, INSERT, UPDATE')
        OR pg_catalog.has_table_privilege(session_user, c.oid, 'DELETE, TRUNCATE'))
 ORDER BY 1, 2 LIMIT 1
"""


def refuse_bypass(connection: psycopg.Connection[Any]) -> None:
    """Raise `UnsafeRole` if the connection's role is not bound by row-level security.

    Looks for superuser, BYPASSRLS, replication, the right to grant roles, server file access, ownership of a table,
    and a reachable table without forced row-level security, each also through a role that it could become.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BYPASS)
        row = cursor.fetchone()
    connection.rollback()
    if row is not None:
        raise UnsafeRole(
            f"database role {connection.info.user!r} {row[1]}",
            "give ircopilot the roles that docs/database.md describes: they own nothing and have NOBYPASSRLS",
        )
