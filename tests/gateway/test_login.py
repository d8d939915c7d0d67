"""`ircopilot login`: a person's way to a key of their own, and what that key may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gateway.conftest import Served, client
from gateway.persons import PASSWORD, Person, browser, person, sign_in
from gateway.test_incidents import problem
from ircopilot.cli.app import app
from ircopilot.cli.connection import login_file
from ircopilot.domain.errors import ProblemError
from ircopilot.stores import StoreSet


@pytest.fixture
def analyst(stores: StoreSet, org: str) -> Person:
    return person(stores, org, "analyst")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CliRunner:
    monkeypatch.setenv("IRCOPILOT_CONFIG_DIR", str(tmp_path / "config"))
    for name in ("IRCOPILOT_URL", "IRCOPILOT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return CliRunner()


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def test_signing_in_keeps_a_key_and_signing_out_ends_it(served: Served, runner: CliRunner, analyst: Person) -> None:
    done = runner.invoke(app, ["login", served.url, "--email", analyst.email], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, (done.output, done.exception)
    assert PASSWORD not in done.output
    assert '"irc_' in login_file().read_text()
    assert runner.invoke(app, ["incident", "open", "Door", "--key", "LOG-1"]).exit_code == 0
    assert "LOG-1" in runner.invoke(app, ["incident", "list"]).stdout
    key = login_file().read_text().split('"api_key": "')[1].split('"')[0]
    assert "Signed out." in runner.invoke(app, ["logout"]).stdout
    assert not login_file().exists()
    with client(served, key) as http:
        problem(http.get("/v1/incidents"), 401, "unauthenticated")


def test_a_key_at_hand_is_kept_if_it_opens_anything(served: Served, runner: CliRunner, key: str) -> None:
    assert runner.invoke(app, ["login", served.url, "--key"], input=f"{key}\n").exit_code == 0
    assert runner.invoke(app, ["incident", "list"]).exit_code == 0
    for bad in ("hunter2", f"irc_{'0' * 16}_{'A' * 43}"):
        assert isinstance(runner.invoke(app, ["login", served.url, "--key"], input=f"{bad}\n").exception, ProblemError)
    assert key in login_file().read_text(), "the one before is kept"


def test_a_wrong_password_keeps_nothing(served: Served, runner: CliRunner, analyst: Person) -> None:
    done = runner.invoke(app, ["login", served.url, "--email", analyst.email], input="wrong\n")
    assert isinstance(done.exception, ProblemError)
    assert not login_file().exists()


@pytest.fixture
def session(served: Served, analyst: Person) -> Iterator[httpx.Client]:
    with browser(served) as http:
        sign_in(http, analyst)
        yield http


def test_ones_own_key_may_what_its_person_may_and_ends_with_them(
    served: Served, http: httpx.Client, session: httpx.Client, analyst: Person
) -> None:
    made = session.post("/v1/me/api-keys", json={"name": "mine", "expires_at": soon()})
    assert made.status_code == 201, made.text
    assert made.json()["api_key"]["role"] == "analyst"
    with client(served, made.json()["secret"]) as mine:
        assert mine.get("/v1/incidents").status_code == 200
        problem(mine.get("/v1/api-keys"), 403, "forbidden")
        assert http.post(f"/v1/members/{analyst.member_id}/disable").status_code == 200
        problem(mine.get("/v1/incidents"), 401, "unauthenticated")


def test_a_key_of_ones_own_lasts_90_days_and_no_key_makes_another(served: Served, session: httpx.Client) -> None:
    far = (datetime.now(UTC) + timedelta(days=91)).isoformat()
    problem(session.post("/v1/me/api-keys", json={"name": "m", "expires_at": far}), 400, "unusable-argument")
    problem(session.post("/v1/me/api-keys", json={"name": "m"}), 422, "invalid-request")
    secret = session.post("/v1/me/api-keys", json={"name": "m", "expires_at": soon()}).json()["secret"]
    with client(served, secret) as http:
        answer = http.post("/v1/me/api-keys", json={"name": "n", "expires_at": soon()})
        assert answer.status_code == 403, answer.text


def test_only_ones_own_keys_can_be_revoked(served: Served, stores: StoreSet, session: httpx.Client, org: str) -> None:
    made = session.post("/v1/me/api-keys", json={"name": "m", "expires_at": soon()}).json()
    place = f"/v1/me/api-keys/{made['api_key']['id']}"
    with browser(served) as other:
        sign_in(other, person(stores, org, "analyst"))
        problem(other.delete(place), 404, "unknown-key")
        assert other.get("/v1/me/api-keys").json()["items"] == []
    assert [key["id"] for key in session.get("/v1/me/api-keys").json()["items"]] == [made["api_key"]["id"]]
    assert session.delete(place).status_code == 204
    problem(session.delete(place), 404, "unknown-key")
    assert [key["state"] for key in session.get("/v1/me/api-keys").json()["items"]] == ["revoked"]
