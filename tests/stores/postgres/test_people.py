"""Tables of people: every table × every act × right, wrong and no account; what an organisation sees; what the lobby finds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database, accounts, factors, members
from ircopilot.stores.postgres.organisations import make_organisation
from ircopilot.stores.postgres.tables import PEOPLE_TABLES

from .test_tenancy import refused

ADA, BO = f"acc-{uuid.uuid4()}", f"acc-{uuid.uuid4()}"
ORG, OTHER = f"org-{uuid.uuid4()}", f"org-{uuid.uuid4()}"
ROWS: dict[str, dict[str, Any]] = {
    "accounts": {"email": "'x@example.org'", "name": "'x'"},
    "passwords": {"hash": "'h'"},
    "factors": {"factor_id": "'f2'", "kind": "'totp'", "label": "'l'", "material": "'m'"},
    "recovery_codes": {"digest": f"'{'2' * 64}'"},
}


@pytest.fixture(scope="module")
def database(stores: StoreSet) -> Database:
    """Ada and Bo, with a row in every table; Ada is a member of one organisation, Bo of another."""
    for account_id, org in ((ADA, ORG), (BO, OTHER)):
        with stores.database.tenant(org, account_id) as tx:
            make_organisation(tx, org)
            assert accounts.make_account(tx.connection, account_id, f"{account_id}@example.org", "n")
            accounts.set_password_hash(tx.connection, account_id, "h")
            factors.add_totp(tx.connection, account_id, "f1", "l", "m")
            factors.replace_codes(tx.connection, account_id, ["1" * 64])
            assert members.add_member(tx, f"m-{account_id}", "n", "viewer", account_id)
    return stores.database


@contextmanager
def undone(database: Database, account: str | None, org: str | None = None) -> Iterator[Connection]:
    """A transaction of the application's role, bound to an account and an organisation, rolled back at the end."""
    with database._app.connect() as connection, connection.begin() as transaction:
        for name, value in (("app.account_id", account), ("app.org_id", org)):
            if value is not None:
                connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
        yield connection
        transaction.rollback()


def test_all_tables_of_people_are_here() -> None:
    assert set(ROWS) == set(PEOPLE_TABLES)


@pytest.mark.parametrize("table", PEOPLE_TABLES)
def test_only_ones_own_rows_are_seen_and_reached(database: Database, table: str) -> None:
    for account, seen in ((ADA, {ADA}), ("acc-unheard-of", set()), ("", set()), (None, set())):
        with undone(database, account) as connection:
            found = connection.execute(text(f"SELECT account_id FROM {table}")).scalars().all()
            assert set(found) == seen
            change = text(f"UPDATE {table} SET account_id = account_id WHERE account_id = :a")
            assert (connection.execute(change, {"a": ADA}).rowcount > 0) is bool(seen)
            gone = text(f"DELETE FROM {table} WHERE account_id = :a")
            assert (connection.execute(gone, {"a": ADA}).rowcount > 0) is bool(seen)


@pytest.mark.parametrize("table", PEOPLE_TABLES)
def test_no_row_is_added_for_or_given_to_somebody_else(database: Database, table: str) -> None:
    columns = ", ".join(ROWS[table])
    values = ", ".join(ROWS[table].values())
    for account in (BO, "", None):
        with undone(database, account) as connection, pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text(f"INSERT INTO {table} (account_id, {columns}) VALUES ('{ADA}', {values})"))
    with undone(database, ADA) as connection:
        assert refused(connection, f"UPDATE {table} SET account_id = :other", other=BO) == "42501"


def test_an_organisation_sees_names_of_its_members_and_no_secret(database: Database) -> None:
    with undone(database, None, ORG) as connection:
        assert connection.execute(text("SELECT account_id FROM accounts")).scalars().all() == [ADA]
        for table in set(PEOPLE_TABLES) - {"accounts"}:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
        assert connection.execute(text("UPDATE accounts SET name = 'x'")).rowcount == 0
        assert connection.execute(text("DELETE FROM accounts")).rowcount == 0


def test_a_person_sees_no_other_organisation_by_being_bound(database: Database) -> None:
    with undone(database, BO, ORG) as connection:
        assert set(connection.execute(text("SELECT org_id FROM members")).scalars()) == {ORG}
        assert set(connection.execute(text("SELECT org_id FROM organisations")).scalars()) == {ORG}
    with undone(database, ADA) as connection:
        assert connection.execute(text("SELECT count(*) FROM members")).scalar_one() == 0


@pytest.mark.parametrize("table", PEOPLE_TABLES)
def test_the_lobby_finds_one_account_by_its_address_and_nothing_of_it(database: Database, table: str) -> None:
    with database.lobby() as connection:
        for act in (
            f"INSERT INTO {table} (account_id) VALUES ('x')",
            f"UPDATE {table} SET account_id = 'x'",
            f"DELETE FROM {table}",
        ):
            assert refused(connection, act) == "42501"
        if table == "accounts":
            assert connection.execute(text("SELECT count(*) FROM accounts")).scalar_one() == 0
        else:
            assert refused(connection, f"SELECT count(*) FROM {table}") == "42501"
    assert accounts.find_account_id(database, f"{ADA}@example.org") == ADA
    assert accounts.find_account_id(database, "%@example.org") is None
    assert accounts.find_account_id(database, "") is None
    assert [m.org_id for m in accounts.memberships_of(database, ADA)] == [ORG]
    assert accounts.memberships_of(database, "") == []


def test_the_lobby_lists_neither_members_nor_invitations_nor_organisations(database: Database) -> None:
    with database.lobby() as connection:
        for table in ("members", "invitations", "organisations", "oidc_providers"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0
    with database.lobby(account_id=ADA) as connection:
        assert set(connection.execute(text("SELECT org_id FROM organisations")).scalars()) == {ORG}
    with database.lobby() as connection:  # a pooled connection goes back without what was looked for
        assert connection.execute(text("SELECT count(*) FROM members")).scalar_one() == 0


def test_an_account_of_an_organisation_is_not_found_by_its_address(database: Database) -> None:
    owned, email = f"acc-{uuid.uuid4()}", f"o-{uuid.uuid4()}@example.org"
    with database.tenant(ORG, owned) as tx:
        assert accounts.make_account(tx.connection, owned, email, "n", ORG)
    assert accounts.find_account_id(database, email) is None
    again = f"acc-{uuid.uuid4()}"
    with database.person(again) as connection:
        assert accounts.make_account(connection, again, email, "n")
    assert accounts.find_account_id(database, email) == again
    third = f"acc-{uuid.uuid4()}"
    with database.person(third) as connection:
        assert not accounts.make_account(connection, third, email, "n")


def test_an_account_has_to_be_named(database: Database) -> None:
    with pytest.raises(UnusableArgument), database.person(""):
        pass
