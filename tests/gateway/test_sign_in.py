"""Signing in with a password, by a first link, and what a session is and is not good for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import argon2
import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.persons import PASSWORD, Person, browser, keep_token, person, sign_in, signed_in
from gateway.test_incidents import problem
from ircopilot.access.errors import TooManyAttempts
from ircopilot.access.joining import first_link
from ircopilot.access.throttle import Throttle
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts, members
from ircopilot.stores.postgres.invitations import make_invitation
from ircopilot.stores.postgres.organisations import make_organisation

COOKIE = "ircopilot"


@pytest.fixture
def who(stores: StoreSet, org: str) -> Person:
    return person(stores, org)


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with browser(served) as made:
        yield made


@pytest.fixture(autouse=True)
def _calm(stores: StoreSet) -> None:
    """All tests come from one address, whose failures must not add up."""
    stores.failures.forget("password:address:127.0.0.1")


def attempt(http: httpx.Client, email: str, password: str = "not the password") -> httpx.Response:
    return http.post("/v1/auth/sign-in", json={"email": email, "password": password})


def test_a_session_stands_for_its_member(http: httpx.Client, who: Person) -> None:
    begun = sign_in(http, who)
    assert (begun["role"], begun["next"], begun["member_id"]) == ("analyst", "full", who.member_id)
    me = http.get("/v1/me").json()
    assert (me["email"], me["kind"], me["organisation_id"]) == (who.email, "user", who.org_id)
    assert me["csrf_token"] == begun["csrf_token"]
    assert "incident:write" in me["permissions"]
    assert "member:write" not in me["permissions"]
    opened = http.post("/v1/incidents", json={"title": "t"})
    assert opened.status_code == 201, opened.text
    problem(http.post("/v1/rule-sets", content=b"x"), 403, "forbidden")
    assert http.post("/v1/auth/sign-out").status_code == 204
    problem(http.get("/v1/me"), 401, "unauthenticated")


def test_the_cookie_is_kept_from_scripts_and_other_sites(served: Served, http: httpx.Client, who: Person) -> None:
    answer = attempt(http, who.email, PASSWORD)
    parts = {p.strip().lower() for p in answer.headers["set-cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert not any(p.startswith("domain") for p in parts)
    assert "secure" not in parts  # plain HTTP on loopback
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=")
    assert answer.json()["csrf_token"] not in answer.headers["set-cookie"]


def test_address_and_password_are_told_apart_by_nobody(
    http: httpx.Client, who: Person, monkeypatch: pytest.MonkeyPatch, stores: StoreSet, org: str
) -> None:
    work: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counted(self: argon2.PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002
        work.append(hash.split("$")[3])
        return verify(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counted)
    gone = person(stores, org)
    with stores.database.tenant(org) as tx:
        members.change_member(tx, gone.member_id, state="disabled")
    told = []
    tries = (
        (who.email, "not the password"), ("nobody@example.org", PASSWORD), ("no address", PASSWORD), (gone.email, PASSWORD),
    )  # fmt: skip
    for email, password in tries:
        answer = attempt(http, email, password)
        problem(answer, 401, "sign-in-refused")
        assert "set-cookie" not in answer.headers
        told.append({k: v for k, v in answer.json().items() if k not in ("request_id", "trace_id")})
    assert told == [told[0]] * 4
    # The same argon2 work each time, with the same parameters.
    assert len(work) == 4
    assert len(set(work)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_guessing_is_slowed_down_also_once_redis_was_emptied(
    http: httpx.Client, who: Person, stores: StoreSet, served: Served, known: bool
) -> None:
    email = who.email if known else f"nobody-{who.email}"
    for _ in range(5):
        problem(attempt(http, email), 401, "sign-in-refused")
    for _ in range(3):  # the wait doubles: a slow machine may let one more guess through, not many
        if (answer := attempt(http, email)).status_code == 429:
            break
    problem(answer, 429, "too-many-attempts")
    assert int(answer.headers["retry-after"]) >= 1
    for _ in range(4):
        served.gate.stores.failures.add(f"password:account:{email}")
    problem(attempt(http, email, PASSWORD), 429, "too-many-attempts")
    stores.live.client.flushdb()
    problem(attempt(http, email, PASSWORD), 429, "too-many-attempts")
    served.gate.stores.failures.forget(f"password:account:{email}")
    assert attempt(http, email, PASSWORD).status_code == (200 if known else 401)


def test_one_address_is_slowed_down_over_all_accounts(http: httpx.Client, who: Person, served: Served) -> None:
    counts = served.gate.stores.failures
    try:
        for _ in range(36):
            counts.add("password:address:127.0.0.1")
        problem(attempt(http, who.email, PASSWORD), 429, "too-many-attempts")
    finally:
        counts.forget("password:address:127.0.0.1")


def test_a_session_id_is_never_taken_from_outside(http: httpx.Client, who: Person, served: Served) -> None:
    planted = "A" * 43
    http.cookies.set(COOKIE, planted)
    sign_in(http, who)
    mine = http.cookies.jar
    ids = {c.value for c in mine if c.name == COOKIE}
    assert planted not in ids or len(ids) == 2
    with browser(served) as other:
        other.cookies.set(COOKIE, planted)
        problem(other.get("/v1/me"), 401, "unauthenticated")


def test_a_second_sign_in_ends_the_session_before(http: httpx.Client, who: Person, served: Served) -> None:
    sign_in(http, who)
    old = http.cookies[COOKIE]
    sign_in(http, who)
    assert http.cookies[COOKIE] != old
    with browser(served) as other:
        other.cookies.set(COOKIE, old)
        problem(other.get("/v1/me"), 401, "unauthenticated")


@pytest.mark.parametrize("bad", ["", "x", "A" * 43, "é" * 30, "../" * 12, "A" * 5000])
def test_a_forged_session_is_none(http: httpx.Client, bad: str) -> None:
    problem(http.get("/v1/me", headers={"Cookie": f"{COOKIE}={bad}".encode()}), 401, "unauthenticated")


def test_two_cookies_of_one_name_are_none(http: httpx.Client, who: Person) -> None:
    sign_in(http, who)
    mine = http.cookies[COOKIE]
    http.cookies.clear()
    for twice in (f"{COOKIE}={mine}; {COOKIE}={'A' * 43}", f"{COOKIE}={'A' * 43}; {COOKIE}={mine}"):
        problem(http.get("/v1/me", headers={"Cookie": twice}), 401, "unauthenticated")
    assert http.get("/v1/me", headers={"Cookie": f"a=b; {COOKIE}={mine}"}).status_code == 200


def test_what_redis_holds_is_no_session(http: httpx.Client, who: Person, stores: StoreSet, served: Served) -> None:
    sign_in(http, who)
    keys = [k.decode().rpartition(":")[2] for k in stores.live.client.keys("lobby:session:*")]
    assert http.cookies[COOKIE] not in str(stores.live.client.keys("*"))
    with browser(served) as other:
        for key in keys[:20]:
            problem(other.get("/v1/me", headers={"Cookie": f"{COOKIE}={key}"}), 401, "unauthenticated")


def test_another_site_cannot_act_in_a_session(http: httpx.Client, who: Person, served: Served) -> None:
    begun = sign_in(http, who)
    del http.headers["X-CSRF-Token"]
    body, token = {"title": "t"}, {"X-CSRF-Token": begun["csrf_token"]}
    problem(http.post("/v1/incidents", json=body), 403, "forged-request")
    problem(http.post("/v1/incidents", json=body, headers={"X-CSRF-Token": "0" * 64}), 403, "forged-request")
    with browser(served) as other:
        problem(
            http.post("/v1/incidents", json=body, headers={"X-CSRF-Token": sign_in(other, who)["csrf_token"]}),
            403, "forged-request",
        )  # fmt: skip
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{served.port + 1}", served.url + ".evil.example"):
        problem(http.post("/v1/incidents", json=body, headers=token | {"Origin": origin}), 403, "forged-request")
        problem(attempt_from(http, who, origin), 403, "forged-request")
    for site in ("cross-site", "same-site", "none"):
        answer = http.post("/v1/incidents", json=body, headers=token | {"Sec-Fetch-Site": site})
        problem(answer, 403, "forged-request")
    fine = token | {"Origin": served.url, "Sec-Fetch-Site": "same-origin"}
    assert http.post("/v1/incidents", json=body, headers=fine).status_code == 201
    assert http.get("/v1/incidents", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def attempt_from(http: httpx.Client, who: Person, origin: str) -> httpx.Response:
    """Sign in from another site's page, which would make its visitor work in the attacker's account."""
    return http.post(
        "/v1/auth/sign-in", json={"email": who.email, "password": PASSWORD}, headers={"Origin": origin}
    )  # fmt: skip


def test_a_key_needs_no_token_and_goes_before_a_cookie(
    http: httpx.Client, who: Person, served: Served, stores: StoreSet, org: str
) -> None:
    with client(served, new_key(stores, org)) as keyed:
        assert keyed.post("/v1/incidents", json={"title": "t"}).status_code == 201
        me = keyed.get("/v1/me").json()
        assert (me["kind"], me["email"], me["csrf_token"], me["role"]) == ("key", None, None, "owner")
        problem(keyed.post("/v1/me/password", json={"old": "x", "new": "y"}), 403, "forbidden")
    sign_in(http, who)
    problem(http.get("/v1/me", headers={"Authorization": "Bearer nothing"}), 401, "unauthenticated")


def test_a_member_disabled_or_changed_is_so_at_once(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    sign_in(http, who)
    with stores.database.tenant(who.org_id) as tx:
        members.change_member(tx, who.member_id, role="viewer")
    assert http.get("/v1/me").json()["role"] == "viewer"
    problem(http.post("/v1/incidents", json={"title": "t"}), 403, "forbidden")
    with stores.database.tenant(who.org_id) as tx:
        members.change_member(tx, who.member_id, state="disabled")
    problem(http.get("/v1/me"), 401, "unauthenticated")
    with stores.database.tenant(who.org_id) as tx:
        members.change_member(tx, who.member_id, state="active")
    problem(http.get("/v1/me"), 401, "unauthenticated")  # it does not come back


def test_a_new_password_ends_the_other_sessions(served: Served, who: Person) -> None:
    with signed_in(served, who) as one, signed_in(served, who) as two:
        assert len(one.get("/v1/me/sessions").json()["items"]) == 2
        old = one.cookies[COOKIE]
        problem(one.post("/v1/me/password", json={"old": "wrong", "new": "x" * 20}), 401, "sign-in-refused")
        for weak in ("short", "a" * 30, who.email, "x" * 300):
            answer = one.post("/v1/me/password", json={"old": PASSWORD, "new": weak})
            problem(answer, 422, "invalid-request" if len(weak) > 256 else "weak-password")
        changed = one.post("/v1/me/password", json={"old": PASSWORD, "new": "another quiet harbour"})
        keep_token(one, changed)
        assert one.cookies[COOKIE] != old
        assert one.get("/v1/me").status_code == 200
        problem(two.get("/v1/me"), 401, "unauthenticated")
        problem(attempt(two, who.email, PASSWORD), 401, "sign-in-refused")
        assert attempt(two, who.email, "another quiet harbour").status_code == 200


def test_sessions_are_listed_and_ended_one_by_one(served: Served, who: Person, stores: StoreSet, org: str) -> None:
    stranger = person(stores, f"{org}-x")
    with signed_in(served, who) as one, signed_in(served, who) as two, signed_in(served, stranger) as other:
        found = one.get("/v1/me/sessions").json()["items"]
        assert [s["current"] for s in found].count(True) == 1
        assert {s["agent"] for s in found} == {"tests"}
        assert one.cookies[COOKIE] not in str(found)
        theirs = next(s["id"] for s in found if not s["current"])
        problem(other.delete(f"/v1/me/sessions/{theirs}"), 404, "unknown-session")
        assert two.get("/v1/me").status_code == 200
        assert one.delete(f"/v1/me/sessions/{theirs}").status_code == 204
        problem(two.get("/v1/me"), 401, "unauthenticated")
        problem(one.delete(f"/v1/me/sessions/{theirs}"), 404, "unknown-session")


def test_a_person_works_for_one_organisation_at_a_time(
    http: httpx.Client, who: Person, stores: StoreSet, served: Served
) -> None:
    there = person(stores, f"{who.org_id}-b", "viewer", who.account_id, who.email)
    sign_in(http, who, organisation=who.org_id)
    key = http.post("/v1/incidents", json={"title": "here"}).json()["key"]
    refs = http.get("/v1/me").json()["organisations"]
    assert {r["name"] for r in refs} == {who.org_id, there.org_id}
    old, token = http.cookies[COOKIE], http.headers["X-CSRF-Token"]
    problem(http.post("/v1/auth/organisation", json={"organisation": "elsewhere"}), 404, "unknown-organisation")
    keep_token(http, http.post("/v1/auth/organisation", json={"organisation": named(stores, there)}))
    assert http.cookies[COOKIE] != old
    assert http.headers["X-CSRF-Token"] != token
    assert http.get("/v1/me").json()["role"] == "viewer"
    problem(http.get(f"/v1/incidents/{key}"), 404, "unknown-incident")
    with browser(served) as other:
        other.cookies.set(COOKIE, old)
        problem(other.get("/v1/me"), 401, "unauthenticated")


def named(stores: StoreSet, who: Person) -> str:
    """How tests name an organisation that was made under an id of its own."""
    return who.org_id


def test_limits_of_a_session_hold_at_once(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    from dataclasses import replace

    for change in ({"seen": -301.0}, {"begun": -601.0}, {"until": -1.0}):
        sign_in(http, who)
        secret = http.cookies[COOKIE]
        session = stores.sessions.find(secret)
        assert session is not None
        moved = replace(session, **{name: getattr(session, name) + by for name, by in change.items()})
        with stores.database.tenant(who.org_id) as tx:
            from ircopilot.stores.postgres.organisations import change_organisation, find_organisation

            now = find_organisation(tx)
            assert now is not None
            change_organisation(tx, now.version, session_idle_s=300, session_absolute_s=600)
        if "until" in change:
            moved = replace(session, until=session.begun - 1)
        from dataclasses import asdict

        import orjson

        from ircopilot.stores.redis_sessions import _key

        stores.live.client.set(_key(secret), orjson.dumps(asdict(moved)), ex=600)
        problem(http.get("/v1/me"), 401, "unauthenticated")


def test_the_first_owner_comes_by_a_link_once(http: httpx.Client, stores: StoreSet, org: str, served: Served) -> None:
    with stores.database.tenant(org) as tx:
        make_organisation(tx, "First Ltd")
    early = first_link(stores.database, org, "test")
    token = first_link(stores.database, org, "test")
    assert token
    body = {"token": token, "email": f"Ada-{org[4:12]}@Example.org", "name": "Ada", "password": "three quiet words"}
    problem(http.post("/v1/auth/first", json=body | {"token": early}), 404, "unknown-invitation")
    problem(http.post("/v1/auth/first", json=body | {"password": "too short"}), 422, "weak-password")
    problem(http.post("/v1/auth/join", json=dict(body.items())), 404, "unknown-invitation")
    about = http.post("/v1/auth/invitation", json={"token": token}).json()
    assert (about["kind"], about["organisation"], about["role"]) == ("first", "First Ltd", "owner")
    answer = http.post("/v1/auth/first", json=body)
    assert answer.status_code == 201, answer.text
    keep_token(http, answer)
    me = http.get("/v1/me").json()
    assert (me["role"], me["email"]) == ("owner", body["email"].lower())
    problem(http.post("/v1/auth/first", json=body), 404, "unknown-invitation")
    assert first_link(stores.database, org, "test") is None
    with stores.database.tenant(org) as tx:  # one that was made while there was no owner yet
        _, late = make_invitation(tx, "owner", datetime.now(UTC) + timedelta(hours=1), "test", kind="first")
        _, over = make_invitation(tx, "owner", datetime.now(UTC) - timedelta(seconds=1), "test", kind="first")
    again = body | {"email": f"eve-{org[4:12]}@example.org"}
    problem(http.post("/v1/auth/first", json=again | {"token": late}), 409, "owner-exists")
    problem(http.post("/v1/auth/first", json=again | {"token": over}), 404, "unknown-invitation")
    problem(attempt(http, again["email"], "three quiet words"), 401, "sign-in-refused")


def test_a_link_of_another_organisation_needs_the_password_of_the_account(
    http: httpx.Client, who: Person, stores: StoreSet
) -> None:
    there = f"{who.org_id}-c"
    with stores.database.tenant(there) as tx:
        make_organisation(tx, there)
    token = first_link(stores.database, there, "test")
    body = {"token": token, "email": who.email, "name": "Eve", "password": "eve's own password"}
    problem(http.post("/v1/auth/first", json=body), 401, "sign-in-refused")
    joined = http.post("/v1/auth/first", json=body | {"password": PASSWORD})
    assert joined.status_code == 201, joined.text
    assert joined.json()["organisation_id"] == there


def test_a_hash_of_other_days_is_made_anew_at_sign_in(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8 << 10, parallelism=1).hash(PASSWORD)
    with stores.database.person(who.account_id) as connection:
        accounts.set_password_hash(connection, who.account_id, old)
    sign_in(http, who)
    with stores.database.person(who.account_id) as connection:
        fresh = accounts.password_hash(connection, who.account_id)
    assert fresh is not None
    assert "m=65536,t=3" in fresh
    sign_in(http, who)


def test_a_person_is_renamed_here_and_in_the_account(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    sign_in(http, who)
    assert http.patch("/v1/me", json={"name": "Pat Other"}).json()["name"] == "Pat Other"
    with stores.database.tenant(who.org_id) as tx:
        assert members.get_member(tx, who.member_id).name == "Pat Other"
    for bad in ("", "x" * 121, "a\nb", None, 1):
        problem(http.patch("/v1/me", json={"name": bad}), 422, "invalid-request")


def test_nobody_begins_more_than_redis_can_hold(stores: StoreSet) -> None:
    throttle, address = Throttle(stores.failures, "begin"), "192.0.2.77"
    for _ in range(310):
        stores.failures.add(f"begin:address:{address}")
    with pytest.raises(TooManyAttempts) as caught:
        throttle.begun(address)
    assert caught.value.retry_after_s >= 1
    throttle.begun("192.0.2.78")
