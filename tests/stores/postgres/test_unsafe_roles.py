"""The process refuses to start when the application's or the lobby's role could see every organisation."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from ircopilot.embedded.postgres import SUPERUSER
from ircopilot.settings import StackUrls
from ircopilot.stores import open_stores
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.errors import UnsafeRole

MakeUrl = Callable[[str], str]


@pytest.fixture
def superuser(stack: StackUrls) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    url = make_url(stack.database_owner_url)
    with psycopg.connect(
        host=str(url.query["host"]), user=SUPERUSER, dbname=url.database, autocommit=True
    ) as connection:
        yield connection


@pytest.fixture
def login(stack: StackUrls, superuser: psycopg.Connection[tuple[object, ...]]) -> Iterator[MakeUrl]:
    """Makes a login role with the given options, dropped after the test; its URL."""
    made: list[str] = []

    def make(options: str) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'known' {options}".encode())
        made.append(name)
        superuser.execute(f"GRANT CONNECT ON DATABASE {superuser.info.dbname} TO {name}".encode())
        url = make_url(stack.database_owner_url).set(username=name, password="known")
        return url.render_as_string(hide_password=False)

    yield make
    for name in reversed(made):
        superuser.execute(f"DROP OWNED BY {name}; DROP ROLE {name}".encode())


def refuse(stack: StackUrls, **urls: str) -> str:
    with pytest.raises(UnsafeRole) as caught:
        open_stores(stack.model_copy(update=urls))
    return caught.value.detail


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS", "has BYPASSRLS"),
        ("REPLICATION", "may replicate"),
        ("CREATEROLE", "may grant roles"),
        ("IN ROLE ircopilot_owner", "owns table"),
        ("NOINHERIT IN ROLE ircopilot_owner", "owns table"),
        (f"IN ROLE {SUPERUSER}", "is a superuser"),
        ("IN ROLE pg_execute_server_program", "pg_execute_server_program"),
        ("IN ROLE pg_read_server_files", "pg_read_server_files"),
    ],
)
@pytest.mark.parametrize("which", ["database_app_url", "database_lobby_url"])
def test_a_role_that_could_bypass_is_refused(
    stack: StackUrls, login: MakeUrl, options: str, reason: str, which: str
) -> None:
    assert reason in refuse(stack, **{which: login(options)})


def test_the_owner_is_refused_as_application_and_as_lobby(stack: StackUrls) -> None:
    assert "owns table" in refuse(stack, database_app_url=stack.database_owner_url)
    assert "owns table" in refuse(stack, database_lobby_url=stack.database_owner_url)


def test_a_harmless_role_is_let_in(stack: StackUrls, login: MakeUrl) -> None:
    database = Database(stack.model_copy(update={"database_app_url": login("IN ROLE ircopilot_app")}))
    database.check()
    database.close()


@pytest.mark.parametrize("weakness", ["DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"])
def test_a_table_whose_security_was_taken_off_stops_the_start(
    stack: StackUrls, superuser: psycopg.Connection[tuple[object, ...]], weakness: str
) -> None:
    superuser.execute(f"ALTER TABLE loads {weakness}".encode())
    try:
        assert "table loads, whose row-level security is not forced" in refuse(stack)
    finally:
        superuser.execute("ALTER TABLE loads ENABLE ROW LEVEL SECURITY; ALTER TABLE loads FORCE ROW LEVEL SECURITY")


def test_a_role_that_changes_for_the_worse_is_refused_at_its_next_connection(
    stack: StackUrls, login: MakeUrl, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    url = login("")
    database = Database(stack.model_copy(update={"database_app_url": url}))
    database.check()
    superuser.execute(f"ALTER ROLE {make_url(url).username} BYPASSRLS".encode())
    with database.session(), pytest.raises(UnsafeRole), database.session():
        pass
    database.close()
