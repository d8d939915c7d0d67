"""The login roles and the database: made by the superuser, who comes in by peer and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[object, ...]]

# Nothing that could pass by row-level security; the owner migrates, the others own nothing.
ROLE = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT"


def provision_database(host: str, superuser: str, database: str, passwords: Mapping[str, str]) -> None:
    """Make the roles `ircopilot_{owner,app,lobby}` with their passwords, the database and pgvector; may be repeated."""
    with psycopg.connect(host=host, user=superuser, dbname="postgres", autocommit=True) as connection:
        _make_roles(connection, passwords)
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER ircopilot_owner").format(sql.Identifier(database)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
        grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO ircopilot_app, ircopilot_lobby")
        connection.execute(grant.format(sql.Identifier(database)))
    with psycopg.connect(host=host, user=superuser, dbname=database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute("ALTER SCHEMA public OWNER TO ircopilot_owner")
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute("GRANT USAGE ON SCHEMA public TO ircopilot_app, ircopilot_lobby")


def provision_roles(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Make `ircopilot_{app,lobby}` on somebody else's server, as its owner role; one that exists is left as it is.

    Another installation may be using it with a password of its own.
    """
    with psycopg.connect(owner_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        _make_roles(connection, {r: password for r, password in passwords.items() if not _role_exists(connection, r)})
        for role in passwords:
            name, database = sql.Identifier(f"ircopilot_{role}"), sql.Identifier(connection.info.dbname)
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))


def check_login(url: str) -> None:
    """Connect once. Raises `psycopg.OperationalError` when the server does not let this login in."""
    psycopg.connect(url.replace("+psycopg", "", 1)).close()


def _make_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    for role, password in passwords.items():
        name = f"ircopilot_{role}"
        verb = sql.SQL("ALTER" if _role_exists(connection, role) else "CREATE")
        # The password goes hashed, so that no log of the server can hold it.
        secret = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        query = sql.SQL("{} ROLE {} " + ROLE + " PASSWORD {}")
        connection.execute(query.format(verb, sql.Identifier(name), sql.Literal(secret)))


def _role_exists(connection: Connection, role: str) -> bool:
    query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
    return connection.execute(query, [f"ircopilot_{role}"]).fetchone() is not None
