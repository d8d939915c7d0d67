"""Passkeys, made and shown by Chromium's virtual authenticator."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.conftest import Served, serving
from gateway.persons import Person, keep_token, person, sign_in
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import audit

Json = dict[str, Any]


class Chromium:
    """The browser's process, on an empty page of the gateway's origin."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, command: str, argument: Any = None) -> Any:
        """What a command gives; asserts that it went well."""
        answer = self.answer(command, argument)
        assert "ok" in answer, answer
        return answer["ok"]

    def answer(self, command: str, argument: Any = None) -> Json:
        """What a command gives, or its error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, argument]) + "\n")
        self._process.stdin.flush()
        found: Json = json.loads(self._process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def served(stores: StoreSet) -> Iterator[Served]:
    """A gateway on loopback, which passkeys know as localhost."""
    with serving(stores) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def chromium(npm_folder: Path, served: Served) -> Iterator[Chromium]:
    """Chromium, started once; skips where there is none."""
    found = os.environ.get("IRCOPILOT_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium is installed")
    process = subprocess.Popen(
        ["node", "browser.mjs", f"http://localhost:{served.port}", found], cwd=npm_folder, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            pytest.skip(f"chromium does not start here: {process.communicate()[1].strip()[-300:]}")
        yield Chromium(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def who(stores: StoreSet, org: str, chromium: Chromium) -> Person:
    """Somebody whose authenticator holds nothing yet."""
    chromium.ask("forget")
    for kind in ("password", "factor", "passkey"):
        stores.failures.forget(f"{kind}:address:127.0.0.1")
    return person(stores, org)


def at_localhost(served: Served) -> httpx.Client:
    """A browser's calls, to the name that passkeys are bound to."""
    return httpx.Client(base_url=f"http://localhost:{served.port}", trust_env=False, timeout=20)


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with at_localhost(served) as made:
        yield made


def enrol(http: httpx.Client, chromium: Chromium) -> httpx.Response:
    begun = http.post("/v1/me/passkeys/begin")
    assert begun.status_code == 200, begun.text
    made = chromium.ask("create", begun.json()["options"])
    body = {"ticket": begun.json()["ticket"], "credential": made, "label": "Laptop"}
    answer = http.post("/v1/me/passkeys", json=body)
    assert answer.status_code == 201, answer.text
    keep_token(http, answer)
    problem(http.post("/v1/me/passkeys", json=body), 403, "factor-refused")  # the same answer once more
    return answer


def answer_to(http: httpx.Client, chromium: Chromium, path: str) -> Json:
    """What the browser says to a challenge: the body to send."""
    begun = http.post(f"{path}/begin")
    assert begun.status_code == 200, begun.text
    return {"ticket": begun.json()["ticket"], "credential": chromium.ask("get", begun.json()["options"])}


def logged(stores: StoreSet, who: Person, answer: httpx.Response) -> list[str]:
    """The acts that a call has left in the audit log."""
    entries = [entry.did for entry in audit.all_entries(stores.database, who.org_id)]
    return [did.act for did in entries if did.request_id == answer.headers["x-request-id"]]


def test_a_passkey_is_a_second_factor(
    http: httpx.Client, served: Served, chromium: Chromium, who: Person, stores: StoreSet
) -> None:
    sign_in(http, who)
    old = http.cookies["ircopilot"]
    enrolled = enrol(http, chromium)
    assert len(enrolled.json()["recovery_codes"]) == 10
    assert "factor.enrol" in logged(stores, who, enrolled)
    assert http.cookies["ircopilot"] != old
    assert [f["kind"] for f in http.get("/v1/me/factors").json()["items"]] == ["passkey"]
    with at_localhost(served) as one:
        assert sign_in(one, who)["next"] == "second_factor"
        problem(one.get("/v1/me"), 403, "second-factor-required")
        body = answer_to(one, chromium, "/v1/auth/factor/passkey")
        came = one.post("/v1/auth/factor/passkey", json=body)
        assert came.status_code == 200, came.text
        assert "session.begin" in logged(stores, who, came)
        assert one.get("/v1/me").status_code == 200
        # The same answer once more, in another session that waits: its challenge is gone.
        sign_in(one, who)
        problem(one.post("/v1/auth/factor/passkey", json=body), 403, "factor-refused")
        fresh = one.post("/v1/auth/factor/passkey/begin").json()
        problem(
            one.post("/v1/auth/factor/passkey", json={"ticket": fresh["ticket"], "credential": body["credential"]}),
            403, "factor-refused",
        )  # fmt: skip


def test_a_challenge_belongs_to_one_session(
    http: httpx.Client, served: Served, chromium: Chromium, who: Person, stores: StoreSet
) -> None:
    sign_in(http, who)
    enrol(http, chromium)
    with at_localhost(served) as one, at_localhost(served) as two:
        sign_in(one, who)
        sign_in(two, who)
        body = answer_to(one, chromium, "/v1/auth/factor/passkey")
        problem(two.post("/v1/auth/factor/passkey", json=body), 403, "factor-refused")
        # Nor does a challenge of one kind do for another.
        body = answer_to(one, chromium, "/v1/auth/passkey")
        problem(one.post("/v1/auth/factor/passkey", json=body), 403, "factor-refused")


def test_a_passkey_alone_lets_in(
    http: httpx.Client, served: Served, chromium: Chromium, who: Person, stores: StoreSet
) -> None:
    sign_in(http, who)
    enrol(http, chromium)
    with at_localhost(served) as one:
        body = answer_to(one, chromium, "/v1/auth/passkey")
        for change in (
            {"ticket": "A" * 43},
            {"credential": {}},
            {"credential": body["credential"] | {"id": "AAAA"}},
            {"credential": body["credential"] | {"response": {}}},
        ):
            problem(one.post("/v1/auth/passkey", json=body | change), 401, "sign-in-refused")
        problem(one.get("/v1/me"), 401, "unauthenticated")
        body = answer_to(one, chromium, "/v1/auth/passkey")
        begun = one.post("/v1/auth/passkey", json=body)
        assert begun.status_code == 200, begun.text
        assert logged(stores, who, begun) == ["session.begin"]
        keep_token(one, begun)
        assert begun.json()["next"] == "full"
        assert one.get("/v1/me").json()["email"] == who.email
        problem(one.post("/v1/auth/passkey", json=body), 401, "sign-in-refused")


def test_an_answer_that_was_changed_or_copied_is_refused(
    http: httpx.Client, served: Served, chromium: Chromium, who: Person, stores: StoreSet
) -> None:
    sign_in(http, who)
    enrol(http, chromium)
    other = person(stores, who.org_id)
    with at_localhost(served) as one:
        # The authenticator's count goes back: somebody has copied it.
        with stores.database.person(who.account_id) as connection:
            from sqlalchemy import text

            connection.execute(text("UPDATE factors SET counter = 1000"))
        body = answer_to(one, chromium, "/v1/auth/passkey")
        problem(one.post("/v1/auth/passkey", json=body), 401, "sign-in-refused")
        with stores.database.person(who.account_id) as connection:
            connection.execute(text("UPDATE factors SET counter = 0"))
        # Another account's name on it, another origin in it.
        body = answer_to(one, chromium, "/v1/auth/passkey")
        theirs = base64.urlsafe_b64encode(other.account_id.encode()).decode().rstrip("=")
        body["credential"]["response"]["userHandle"] = theirs
        problem(one.post("/v1/auth/passkey", json=body), 401, "sign-in-refused")
        body = answer_to(one, chromium, "/v1/auth/passkey")
        said = base64.urlsafe_b64decode(body["credential"]["response"]["clientDataJSON"] + "==").decode()
        evil = said.replace(f"http://localhost:{served.port}", "http://evil.example")
        body["credential"]["response"]["clientDataJSON"] = base64.urlsafe_b64encode(evil.encode()).decode().rstrip("=")
        problem(one.post("/v1/auth/passkey", json=body), 401, "sign-in-refused")
        body = answer_to(one, chromium, "/v1/auth/passkey")
        assert one.post("/v1/auth/passkey", json=body).status_code == 200


def test_a_passkey_that_does_not_verify_its_user_is_none(
    http: httpx.Client, chromium: Chromium, who: Person
) -> None:  # fmt: skip
    sign_in(http, who)
    begun = http.post("/v1/me/passkeys/begin").json()
    made = chromium.ask("create", begun["options"])
    data = bytearray(base64.urlsafe_b64decode(made["response"]["attestationObject"] + "=="))
    flags = data.index(hashlib.sha256(b"localhost").digest()) + 32
    assert data[flags] & 4
    data[flags] &= ~4  # nothing signs what is said at enrolment
    made["response"]["attestationObject"] = base64.urlsafe_b64encode(data).decode().rstrip("=")
    body = {"ticket": begun["ticket"], "credential": made, "label": "x"}
    problem(http.post("/v1/me/passkeys", json=body), 403, "factor-refused")
    assert http.get("/v1/me/factors").json()["items"] == []


def test_without_a_name_of_its_own_the_gateway_has_no_passkeys(stores: StoreSet, who: Person) -> None:
    from gateway.conftest import SETTINGS
    from ircopilot.settings import ServiceSettings

    far = ServiceSettings(gateway_address="192.0.2.1:7464")
    assert (far.site.rp_id, far.site.secure, far.site.cookie) == ("", True, "__Host-ircopilot")
    named = SETTINGS.model_copy(update={"public_url": "https://irc.example.org"})
    assert (named.site.rp_id, named.site.secure, named.site.origin) == (
        "irc.example.org",
        True,
        "https://irc.example.org",
    )
