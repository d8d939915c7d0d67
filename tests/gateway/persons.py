"""People with accounts, and their browsers: an HTTP client with the session's cookie and its token."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from gateway.conftest import Served
from ircopilot.access import passwords
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts, members
from ircopilot.stores.postgres.organisations import make_organisation

PASSWORD = "quiet harbour lanterns"
_HASHES: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    email: str
    account_id: str
    member_id: str
    org_id: str


def person(stores: StoreSet, org_id: str, role: str = "analyst", account_id: str = "", email: str = "") -> Person:
    """A member of the organisation, which is made if it is new; somebody new unless an account is named."""
    hash_ = _HASHES.setdefault(PASSWORD, passwords.hash_password(PASSWORD))
    member_id, known = str(uuid.uuid4()), bool(account_id)
    account_id = account_id or str(uuid.uuid4())
    email = email or f"p-{account_id[:13]}@example.org"
    with stores.database.tenant(org_id, account_id) as tx:
        make_organisation(tx, org_id)
        if not known:
            accounts.make_account(tx.connection, account_id, email, "Pat Example")
            accounts.set_password_hash(tx.connection, account_id, hash_)
        members.add_member(tx, member_id, "Pat Example", role, account_id)
    return Person(email, account_id, member_id, org_id)


def browser(served: Served) -> httpx.Client:
    """A client that keeps cookies, not signed in."""
    return httpx.Client(base_url=served.url, trust_env=False, timeout=20, headers={"User-Agent": "tests"})


def sign_in(http: httpx.Client, who: Person, **more: str) -> dict[str, str]:
    """Sign in; from then on the client sends the session's token."""
    answer = http.post("/v1/auth/sign-in", json={"email": who.email, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return keep_token(http, answer)


def keep_token(http: httpx.Client, answer: httpx.Response) -> dict[str, str]:
    """Send the token of a session that has just begun."""
    found: dict[str, str] = answer.json()
    http.headers["X-CSRF-Token"] = found["csrf_token"]
    return found


@contextmanager
def signed_in(served: Served, who: Person) -> Iterator[httpx.Client]:
    """A browser of somebody who has signed in."""
    with browser(served) as http:
        sign_in(http, who)
        yield http
