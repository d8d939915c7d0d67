"""Bring the schema to the newest version: by the owner role, one process at a time, never waiting long on a lock."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from ircopilot.stores.postgres.database import DatabaseUrls
from ircopilot.stores.postgres.errors import SchemaTooNew

HEAD = "0010"
_LOCK = 0x1AC0_9170  # any constant that nothing else in this database uses


def migrate(urls: DatabaseUrls) -> None:
    """Migrate to `HEAD`. A second process waits for the first (60 s); a table in use is waited for 5 s, then it raises.

    Raises `SchemaTooNew` when a newer ircopilot was here before.
    """
    engine = create_engine(urls.database_owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        if _version(connection) == HEAD:
            return
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        if _version(connection) != HEAD:
            _upgrade(connection)


def migrations_folder() -> Path:
    """Where the migrations lie, installed or not."""
    return Path(__file__).with_name("migrations")


def _version(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('public.alembic_version')")).scalar() is None:
        return None
    return connection.execute(text("SELECT version_num FROM public.alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    # Only a database that is behind pays for importing Alembic.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaTooNew(str(error), "use the ircopilot that migrated it, or a newer one") from error
