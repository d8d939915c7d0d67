"""Migration: once, by one process, and never backwards."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from ircopilot.embedded.postgres import SUPERUSER
from ircopilot.settings import StackUrls
from ircopilot.stores.postgres import migrate
from ircopilot.stores.postgres.errors import SchemaTooNew
from ircopilot.stores.postgres.migrate import HEAD, migrations_folder
from ircopilot.stores.postgres.tables import PEOPLE_TABLES, TENANT_TABLES


@pytest.fixture
def empty(stack: StackUrls) -> Iterator[StackUrls]:
    """The URLs with an empty database of its own beside the session's."""
    url = make_url(stack.database_owner_url)
    with psycopg.connect(host=str(url.query["host"]), user=SUPERUSER, dbname="postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE migrating OWNER ircopilot_owner")
        yield stack.model_copy(
            update={"database_owner_url": url.set(database="migrating").render_as_string(hide_password=False)}
        )
        admin.execute("DROP DATABASE migrating WITH (FORCE)")


def answer(urls: StackUrls, query: str) -> object:
    with create_engine(urls.database_owner_url, poolclass=NullPool).begin() as connection:
        result = connection.execute(text(query))
        return result.scalars().all() if result.returns_rows else None


def test_many_processes_migrate_an_empty_database_once(empty: StackUrls) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: migrate(empty), range(4)))
    assert answer(empty, "SELECT version_num FROM alembic_version") == [HEAD]
    tables = answer(empty, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert set(tables) == {*TENANT_TABLES, *PEOPLE_TABLES, "alembic_version"}


def test_a_newer_schema_is_left_alone(empty: StackUrls) -> None:
    migrate(empty)
    answer(empty, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew):
        migrate(empty)
    assert answer(empty, "SELECT version_num FROM alembic_version") == ["9999"]


def test_the_head_that_the_quick_check_knows_is_the_newest_file() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
