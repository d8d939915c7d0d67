"""Row-level security: every tenant table × every act × right, wrong and no organisation, as application and lobby."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from ircopilot.domain.errors import UnusableArgument
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.tables import APPEND_ONLY, PEOPLE_TABLES, TENANT_TABLES, metadata
from ircopilot.stores.postgres.tables.governance import KEPT

from ..seed import _ROWS, insert_row, row_of, seed

ONE_ROW = {"organisations", "incidents", "audit_heads", "policy_versions"}
ORG, OTHER = f"org-{uuid.uuid4()}", f"org-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def database(stores: StoreSet) -> Database:
    """The session's database with two organisations in every table."""
    for org in (ORG, OTHER):
        seed(stores.database, org)
    return stores.database


@contextmanager
def undone(database: Database, org: str | None) -> Iterator[Connection]:
    """A transaction of the application's role in the name of `org` (None: of nobody), rolled back at the end."""
    with database._app.connect() as connection, connection.begin() as transaction:
        if org is not None:
            connection.execute(text("SELECT set_config('app.org_id', :org, true)"), {"org": org})
        yield connection
        transaction.rollback()


def refused(connection: Connection, statement: str, **params: object) -> str:
    """Run it in a savepoint; the error's code (42501: insufficient privilege, row-level security included)."""
    with pytest.raises(DBAPIError) as caught, connection.begin_nested():
        connection.execute(text(statement), params)
    return str(getattr(caught.value.orig, "sqlstate", ""))


def test_every_table_is_in_the_matrix_and_has_forced_security(database: Database) -> None:
    assert set(_ROWS) == set(TENANT_TABLES)
    query = (
        "SELECT relname, relrowsecurity AND relforcerowsecurity AS forced FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    with database.session() as connection:
        found = {row.relname: row.forced for row in connection.execute(text(query))}
    assert found.pop("alembic_version") is False
    assert found == dict.fromkeys((*TENANT_TABLES, *PEOPLE_TABLES), True)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_select_sees_own_rows_only(database: Database, table: str) -> None:
    for org, seen in ((ORG, {ORG}), ("org-unheard-of", set()), ("", set()), (None, set())):
        with undone(database, org) as connection:
            orgs = connection.execute(text(f"SELECT DISTINCT org_id FROM {table}")).scalars().all()
            assert set(orgs) == seen


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_insert_for_another_organisation_is_refused(database: Database, table: str) -> None:
    for org in (OTHER, "", None):
        with undone(database, org) as connection, pytest.raises(ProgrammingError, match="row-level security"):
            insert_row(connection, table, row_of(table, ORG, 2))


@pytest.mark.parametrize("table", sorted(set(TENANT_TABLES) - ONE_ROW))
def test_insert_for_oneself_is_allowed(database: Database, table: str) -> None:
    with undone(database, ORG) as connection:
        before = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        insert_row(connection, table, row_of(table, ORG, 2))
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == before + 1


@pytest.mark.parametrize("table", TENANT_TABLES)
@pytest.mark.parametrize(
    "act", ["UPDATE {t} SET org_id = org_id WHERE org_id = :org", "DELETE FROM {t} WHERE org_id = :org"]
)
def test_update_and_delete_reach_own_rows_only(database: Database, table: str, act: str) -> None:
    statement = act.format(t=table)
    for caller, reached in ((ORG, True), (OTHER, False), ("", False), (None, False)):
        with undone(database, caller) as connection:
            if table in APPEND_ONLY or (table in KEPT and act.startswith("DELETE")):
                assert refused(connection, statement, org=ORG) == "42501"
            else:
                assert (connection.execute(text(statement), {"org": ORG}).rowcount > 0) is reached


@pytest.mark.parametrize("table", sorted(set(TENANT_TABLES) - set(APPEND_ONLY)))
def test_a_row_cannot_be_given_away(database: Database, table: str) -> None:
    with undone(database, ORG) as connection:
        assert refused(connection, f"UPDATE {table} SET org_id = :other", other=OTHER) == "42501"


def test_a_row_cannot_point_into_another_organisation(database: Database) -> None:
    with undone(database, "org-third") as connection:
        insert_row(connection, "organisations", row_of("organisations", "org-third", 1))
        with pytest.raises(DBAPIError, match="foreign key"):
            insert_row(connection, "runs", row_of("runs", "org-third", 1))


LOBBY_READS = (
    "outbox", "jobs", "runs", "api_keys", "members", "organisations", "invitations", "oidc_providers", "audit_heads",
    "policy_versions", "idempotency_keys", "chores", "feed_events",
)  # fmt: skip


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_the_lobby_sees_what_is_open_and_changes_nothing(database: Database, table: str) -> None:
    acts = {
        "select": f"SELECT count(*) FROM {table}",
        "insert": f"INSERT INTO {table} (org_id) VALUES ('{ORG}')",
        "update": f"UPDATE {table} SET org_id = org_id",
        "delete": f"DELETE FROM {table}",
    }
    with database.lobby() as connection:
        for act, statement in acts.items():
            if table in LOBBY_READS and act == "select":
                assert connection.execute(text(statement)).scalar_one() >= (2 if table == "outbox" else 0)
            else:
                assert refused(connection, statement) == "42501", act


@pytest.mark.parametrize(
    ("table", "column"),
    [("feed_events", "payload"), ("feed_events", "incident_id"), ("jobs", "payload"), ("jobs", "result"), ("jobs", "last_error"), ("runs", "parameters"), ("runs", "error"),
     ("runs", "incident_id"), ("api_keys", "last_used_at"),
     ("api_keys", "created_by"), ("members", "name"), ("invitations", "email"), ("invitations", "role"),
     ("oidc_providers", "secret"), ("oidc_providers", "issuer"), ("chores", "kind"), ("chores", "said"), ("organisations", "region"), ("accounts", "name"),
     ("passwords", "hash"), ("factors", "material"), ("recovery_codes", "digest"), ("identities", "subject")],
)  # fmt: skip
def test_the_lobby_sees_no_content(database: Database, table: str, column: str) -> None:
    with database.lobby() as connection:
        assert refused(connection, f"SELECT {column} FROM {table}") == "42501"


def test_the_lobby_sees_no_run_that_is_over_or_local(database: Database) -> None:
    with database.tenant(ORG) as tx:
        for run_id, mode, state in (
            ("s1", "service", "running"),
            ("s2", "service", "done"),
            ("s3", "local", "running"),
        ):
            row = row_of("runs", ORG, 1) | {"run_id": run_id, "mode": mode, "state": state}
            insert_row(tx.connection, "runs", row)
    with database.lobby() as connection:
        seen = connection.execute(text("SELECT run_id FROM runs WHERE org_id = :org"), {"org": ORG}).scalars().all()
    assert seen == ["s1"]


def test_the_lobby_marks_letters_of_all_and_changes_nothing_else(database: Database) -> None:
    with database._lobby.connect() as connection, connection.begin() as transaction:
        assert connection.execute(text("UPDATE outbox SET published_at = now()")).rowcount >= 2
        for column in ("body", "subject", "job_id", "org_id", "publish_after"):
            assert refused(connection, f"UPDATE outbox SET {column} = {column}") == "42501"
        transaction.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE loads DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE loads NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON loads",
        "CREATE POLICY everything ON loads USING (true)",
        "ALTER POLICY tenant ON loads USING (true)",
        "SET LOCAL ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}",
        "ALTER ROLE {me} BYPASSRLS",
        "ALTER ROLE {me} SUPERUSER",
        "GRANT {owner} TO {me}",
        "ALTER TABLE loads OWNER TO {me}",
        "CREATE TABLE public.mine (x int)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TEMP TABLE loads (x int)",
        "TRUNCATE loads CASCADE",
        "COPY loads TO PROGRAM 'cat'",
        "DROP TABLE loads",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT ALL ON TABLES TO {me}",
        "SELECT rolpassword FROM pg_authid",
    ],
)
@pytest.mark.parametrize("pool", ["_app", "_lobby"])
def test_the_fence_cannot_be_taken_down_from_inside(
    database: Database, stack: StackUrls, statement: str, pool: str
) -> None:
    with getattr(database, pool).connect() as connection, connection.begin() as transaction:
        me = connection.execute(text("SELECT session_user")).scalar_one()
        assert refused(connection, statement.format(owner=_owner(stack), me=me)) in ("42501", "22023")
        transaction.rollback()


def test_switching_row_security_off_raises_instead_of_showing_all(database: Database) -> None:
    with undone(database, ORG) as connection:
        connection.execute(text("SET LOCAL row_security = off"))
        assert refused(connection, "SELECT * FROM loads") == "42501"


def test_a_condition_that_raises_is_not_tried_on_foreign_rows(database: Database) -> None:
    with undone(database, ORG) as connection:
        spy = text("SELECT count(*) FROM loads WHERE 1 / (org_id = :org)::int = 1")
        assert connection.execute(spy, {"org": ORG}).scalar_one() == 1


def test_a_pooled_connection_goes_back_without_an_organisation(database: Database) -> None:
    for _ in range(20):
        with database.tenant(ORG) as tx:
            assert tx.connection.execute(text("SELECT count(*) FROM incidents")).scalar_one() > 0
        with undone(database, None) as connection:
            assert connection.execute(text("SELECT count(*) FROM incidents")).scalar_one() == 0


def test_a_transaction_needs_an_organisation(database: Database) -> None:
    with pytest.raises(UnusableArgument), database.tenant(""):
        pass


def test_what_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.tenant(ORG) as tx:
        insert_row(tx.connection, "artifacts", row_of("artifacts", ORG, 7))
        _ = 1 / 0
    with database.tenant(ORG) as tx:
        assert tx.connection.execute(text("SELECT 1 FROM artifacts WHERE sha256 = :s"), {"s": "7" * 64}).all() == []


def test_the_tables_in_code_are_the_tables_in_the_database(stack: StackUrls, database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(stack.database_owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
    assert [d for d in found if d[0] not in ("remove_index",)] == []


def _owner(stack: StackUrls) -> str:
    return create_engine(stack.database_owner_url, poolclass=NullPool).url.username or "postgres"
