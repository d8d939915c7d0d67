"""Second factors: enrolled, shown, used once, and no way around them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import asdict, replace

import httpx
import orjson
import pyotp
import pytest

from gateway.conftest import Served
from gateway.persons import PASSWORD, Person, browser, keep_token, person, sign_in
from gateway.test_incidents import problem
from ircopilot.access.recovery import reset_account
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import accounts, factors
from ircopilot.stores.postgres.organisations import change_organisation, find_organisation
from ircopilot.stores.redis_sessions import _key

COOKIE = "ircopilot"


@pytest.fixture
def who(stores: StoreSet, org: str) -> Person:
    return person(stores, org)


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with browser(served) as made:
        yield made


@pytest.fixture(autouse=True)
def _calm(stores: StoreSet, served: Served) -> None:
    """All tests come from one address, whose failures must not add up."""
    for counts in (stores.failures, served.gate.stores.failures):
        for kind in ("password", "factor", "passkey"):
            counts.forget(f"{kind}:address:127.0.0.1")


def enrol(http: httpx.Client, label: str = "Phone") -> tuple[str, list[str], dict[str, str]]:
    """(secret, recovery codes, answer) of an authenticator app."""
    begun = http.post("/v1/me/totp", json={"label": label})
    assert begun.status_code == 201, begun.text
    made = begun.json()
    # The code of the step before is good, too, and leaves the present one for what comes next.
    code = pyotp.TOTP(made["secret"]).at(time.time() - 30)
    answer = http.post("/v1/me/totp/confirm", json={"id": made["id"], "code": code})
    assert answer.status_code == 200, answer.text
    keep_token(http, answer)
    return made["secret"], answer.json()["recovery_codes"], made


def unused(stores: StoreSet, who: Person) -> None:
    """Forget which codes were used: the test needs several within one step."""
    with stores.database.person(who.account_id) as connection:
        from sqlalchemy import text

        connection.execute(text("UPDATE factors SET counter = 0 WHERE kind = 'totp'"))


def require_mfa(stores: StoreSet, org_id: str) -> None:
    with stores.database.tenant(org_id) as tx:
        found = find_organisation(tx)
        assert found is not None
        assert change_organisation(tx, found.version, require_mfa=True)


def test_a_one_time_code_lets_in_once(http: httpx.Client, who: Person, stores: StoreSet, served: Served) -> None:
    sign_in(http, who)
    old = http.cookies[COOKIE]
    with browser(served) as elsewhere:
        sign_in(elsewhere, who)
        secret, codes, made = enrol(http)
        problem(elsewhere.get("/v1/me"), 401, "unauthenticated")  # it has shown no such factor
    assert re.fullmatch(r"[A-Z2-7]{32}", secret)
    assert made["qr_svg"].startswith("<svg")
    assert made["uri"].startswith("otpauth://totp/")
    assert len(set(codes)) == 10
    assert http.cookies[COOKIE] != old
    listed = http.get("/v1/me/factors")
    assert [f["kind"] for f in listed.json()["items"]] == ["totp"]
    assert secret not in listed.text
    with stores.database.person(who.account_id) as connection:
        (kept,) = factors.list_factors(connection, who.account_id)
    assert secret not in kept.material
    with browser(served) as one, browser(served) as two:
        begun = sign_in(one, who)
        assert begun["next"] == "second_factor"
        waiting = one.cookies[COOKIE]
        code = pyotp.TOTP(secret).now()
        through = one.post("/v1/auth/factor/totp", json={"code": code})
        assert through.status_code == 200, through.text
        assert one.cookies[COOKIE] != waiting
        assert one.get("/v1/me").status_code == 200
        sign_in(two, who)
        problem(two.post("/v1/auth/factor/totp", json={"code": code}), 403, "factor-refused")
        problem(two.post("/v1/auth/factor/totp", json={"code": "000000"}), 403, "factor-refused")
        problem(two.get("/v1/me"), 403, "second-factor-required")
        two.cookies.set(COOKIE, waiting, domain="127.0.0.1")


def test_a_session_that_waits_may_do_nothing_else(http: httpx.Client, who: Person, served: Served) -> None:
    sign_in(http, who)
    enrol(http)
    with browser(served) as one:
        sign_in(one, who)
        for method, path in (
            ("GET", "/v1/me"), ("PATCH", "/v1/me"), ("GET", "/v1/incidents"), ("POST", "/v1/incidents"),
            ("POST", "/v1/me/totp"), ("POST", "/v1/me/password"), ("GET", "/v1/me/factors"),
            ("POST", "/v1/me/recovery-codes"), ("POST", "/v1/auth/organisation"), ("POST", "/v1/api-keys"),
            ("POST", "/v1/me/passkeys/begin"), ("GET", "/v1/nothing"),
        ):  # fmt: skip
            problem(one.request(method, path, json={}), 403, "second-factor-required")
        for body in ({}, {"code": ""}, {"code": None}, {"code": ["123456"]}, {"code": "123456", "stage": "full"}):
            problem(one.post("/v1/auth/factor/totp", json=body), 422, "invalid-request")
        waiting = one.get("/v1/auth/session").json()
        assert waiting["next"] == "second_factor"
        assert waiting["csrf_token"] == one.headers["X-CSRF-Token"]
        assert one.post("/v1/auth/sign-out").status_code == 204
        problem(one.get("/v1/auth/session"), 401, "unauthenticated")


def test_a_recovery_code_lets_in_once(http: httpx.Client, who: Person, served: Served, stores: StoreSet) -> None:
    sign_in(http, who)
    _, codes, _ = enrol(http)
    with browser(served) as one:
        sign_in(one, who)
        came = one.post("/v1/auth/factor/recovery", json={"code": codes[3].upper().replace("-", " ")})
        assert came.status_code == 200, came.text
        keep_token(one, came)
        assert one.get("/v1/me/factors").json()["recovery_codes_left"] == 9
        sign_in(one, who)
        problem(one.post("/v1/auth/factor/recovery", json={"code": codes[3]}), 403, "factor-refused")
        keep_token(one, one.post("/v1/auth/factor/recovery", json={"code": codes[4]}))
        fresh = one.post("/v1/me/recovery-codes").json()["recovery_codes"]
        sign_in(one, who)
        problem(one.post("/v1/auth/factor/recovery", json={"code": codes[5]}), 403, "factor-refused")
        assert one.post("/v1/auth/factor/recovery", json={"code": fresh[0]}).status_code == 200
    # Another account's code is none of ours.
    other = person(stores, who.org_id)
    with browser(served) as two:
        sign_in(two, other)
        enrol(two)
        sign_in(two, other)
        problem(two.post("/v1/auth/factor/recovery", json={"code": fresh[1]}), 403, "factor-refused")


def test_guessing_codes_is_slowed_down(http: httpx.Client, who: Person, served: Served, stores: StoreSet) -> None:
    sign_in(http, who)
    secret, _, _ = enrol(http)
    unused(stores, who)
    with browser(served) as one:
        sign_in(one, who)
        for _ in range(12):
            served.gate.stores.failures.add(f"factor:account:{who.account_id}")
        refused = one.post("/v1/auth/factor/totp", json={"code": pyotp.TOTP(secret).now()})
        problem(refused, 429, "too-many-attempts")
        served.gate.stores.failures.forget(f"factor:account:{who.account_id}")
        assert one.post("/v1/auth/factor/totp", json={"code": pyotp.TOTP(secret).now()}).status_code == 200


def test_an_organisation_that_asks_for_a_factor_gets_one(
    http: httpx.Client, who: Person, served: Served, stores: StoreSet
) -> None:
    sign_in(http, who)
    assert http.get("/v1/incidents").status_code == 200
    require_mfa(stores, who.org_id)
    problem(http.get("/v1/incidents"), 403, "enrolment-required")  # at once, in a session that was open
    assert http.get("/v1/me").json()["next"] == "enrol"
    problem(http.patch("/v1/me", json={"name": "x"}), 403, "enrolment-required")
    problem(http.post("/v1/me/password", json={"old": PASSWORD, "new": "x"}), 403, "enrolment-required")
    problem(http.post("/v1/auth/factor/totp", json={"code": "123456"}), 403, "enrolment-required")
    assert sign_in(http, who)["next"] == "enrol"
    secret, _, _ = enrol(http)
    assert http.get("/v1/incidents").status_code == 200
    # In another organisation, too, the factor is asked for: it is the account's.
    there = person(stores, f"{who.org_id}-b", account_id=who.account_id, email=who.email)
    unused(stores, who)
    with browser(served) as one:
        assert sign_in(one, who, organisation=there.org_id)["next"] == "second_factor"
        keep_token(one, one.post("/v1/auth/factor/totp", json={"code": pyotp.TOTP(secret).now()}))
        switched = one.post("/v1/auth/organisation", json={"organisation": who.org_id})
        assert switched.json()["next"] == "full"


def test_factors_are_changed_only_in_a_young_session(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    sign_in(http, who)
    secret = http.cookies[COOKIE]
    session = stores.sessions.find(secret)
    assert session is not None
    old = replace(session, begun=session.begun - 1000)
    stores.live.client.set(_key(secret), orjson.dumps(asdict(old)), ex=600)
    problem(http.post("/v1/me/totp", json={"label": "x"}), 403, "sign-in-again")
    problem(http.post("/v1/me/passkeys/begin"), 403, "sign-in-again")
    problem(http.delete("/v1/me/factors/x"), 403, "sign-in-again")
    problem(http.post("/v1/me/recovery-codes"), 403, "sign-in-again")


def test_a_factor_is_removed_and_is_nobody_elses(
    http: httpx.Client, who: Person, stores: StoreSet, served: Served
) -> None:
    sign_in(http, who)
    _, _, made = enrol(http)
    with browser(served) as two:
        sign_in(two, person(stores, who.org_id))
        problem(two.delete(f"/v1/me/factors/{made['id']}"), 404, "unknown-factor")
        code = pyotp.TOTP(made["secret"]).now()
        problem(two.post("/v1/me/totp/confirm", json={"id": made["id"], "code": code}), 404, "unknown-factor")
        problem(two.post("/v1/me/recovery-codes"), 403, "factor-refused")
    # Confirming once more what is confirmed gives nobody codes.
    code = pyotp.TOTP(made["secret"]).now()
    problem(http.post("/v1/me/totp/confirm", json={"id": made["id"], "code": code}), 403, "factor-refused")
    assert http.delete(f"/v1/me/factors/{made['id']}").status_code == 204
    assert http.get("/v1/me/factors").json() == {"items": [], "recovery_codes_left": 0}
    assert sign_in(http, who)["next"] == "full"


def test_a_sealed_secret_opens_in_its_own_place_only(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    sign_in(http, who)
    _, _, made = enrol(http)
    other = person(stores, who.org_id)
    with stores.database.person(who.account_id) as connection:
        (mine,) = factors.list_factors(connection, who.account_id)
    with stores.database.person(other.account_id) as connection:
        assert accounts.get_account(connection, who.account_id) is None
        factors.add_totp(connection, other.account_id, made["id"], "moved", mine.material)
        factors.confirm_factor(connection, other.account_id, made["id"])
    sign_in(http, other)
    answer = http.post("/v1/auth/factor/totp", json={"code": pyotp.TOTP(made["secret"]).now()})
    problem(answer, 500, "unsealed-secret")
    assert made["secret"] not in answer.text


def test_who_lost_it_all_is_let_in_from_the_machine(
    http: httpx.Client, who: Person, stores: StoreSet, served: Served
) -> None:
    sign_in(http, who)
    enrol(http)
    for lost, next_stage in ((False, "second_factor"), (True, "full")):
        password = reset_account(stores.database, who.email.upper(), without_factors=lost)
        problem(http.get("/v1/me"), 401, "unauthenticated")
        with browser(served) as new:
            refused = new.post("/v1/auth/sign-in", json={"email": who.email, "password": PASSWORD})
            problem(refused, 401, "sign-in-refused")
            begun = new.post("/v1/auth/sign-in", json={"email": who.email, "password": password})
            assert begun.json()["next"] == next_stage
    with pytest.raises(UnusableArgument):
        reset_account(stores.database, "nobody@example.org")


def test_a_session_that_is_used_does_not_grow_idle(http: httpx.Client, who: Person, stores: StoreSet) -> None:
    sign_in(http, who)
    secret = http.cookies[COOKIE]
    session = stores.sessions.find(secret)
    assert session is not None
    stores.sessions.touch(secret, session, at=session.seen - 3000)
    assert http.get("/v1/me").status_code == 200
    fresh = stores.sessions.find(secret)
    assert fresh is not None
    assert fresh.seen >= session.seen
    assert fresh.until == session.until
    assert stores.live.client.ttl(_key(secret)) > 3500
