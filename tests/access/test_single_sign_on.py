"""Single sign-on against a certified provider: who comes back is who went, and nobody else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx
import pytest

from access.conftest import Provider
from gateway.conftest import SETTINGS, Served, serving
from gateway.persons import Person, browser, keep_token, person, sign_in, signed_in
from gateway.test_incidents import problem
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import oidc_providers

SECRET = "not a secret"


@pytest.fixture(scope="module")
def served(stores: StoreSet) -> Iterator[Served]:
    """A gateway that may call a provider on this machine."""
    with serving(stores, SETTINGS.model_copy(update={"oidc_private": True})) as gateway:
        yield gateway


@pytest.fixture
def owner(stores: StoreSet, org: str) -> Person:
    return person(stores, org, "owner")


@pytest.fixture
def http(served: Served, owner: Person) -> Iterator[httpx.Client]:
    """The owner's browser."""
    with signed_in(served, owner) as made:
        yield made


@pytest.fixture
def login() -> str:
    """Somebody that the provider knows, and no other test."""
    return f"u{uuid.uuid4().hex[:10]}"


def set_up(http: httpx.Client, served: Served, provider: Provider, **more: Any) -> str:
    """The organisation's provider; its id."""
    provider.control(late_s=0, secret=SECRET, redirect_uris=[f"{served.url}/v1/auth/oidc/callback"])
    body = {
        "name": "Test ID", "issuer": provider.issuer, "client_id": "ircopilot", "client_secret": SECRET,
        "scopes": "openid email profile groups", "group_roles": {"responders": "analyst", "leads": "lead"}, **more,
    }  # fmt: skip
    made = http.post("/v1/oidc-providers", json=body)
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


def tell(provider: Provider, login: str, **claims: Any) -> None:
    """What the provider says of somebody."""
    base = {"email": f"{login}@example.org", "name": "Sam Example", "groups": ["responders"]}
    provider.control(people={login: base | claims})


def begin(new: httpx.Client, provider_id: str, back_to: str = "/") -> str:
    answer = new.post("/v1/auth/oidc/start", json={"provider_id": provider_id, "back_to": back_to})
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url


def at_provider(url: str, login: str) -> str:
    """Sign in there, as a person with a browser does; the address that it sends the browser back to."""
    with httpx.Client(trust_env=False, timeout=20) as there:
        answer = there.get(url)
        for _ in range(12):
            while answer.is_redirect:
                place = urljoin(str(answer.url), answer.headers["location"])
                if "/v1/auth/oidc/callback" in place:
                    return place
                answer = there.get(place)
            form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form, answer.text[:2000]
            assert prompt
            fields = {"prompt": prompt[1]} | ({"login": login, "password": "x"} if prompt[1] == "login" else {})
            answer = there.post(urljoin(str(answer.url), form[1]), data=fields)
    raise AssertionError("the provider never came to an end")


def come_back(new: httpx.Client, provider_id: str, login: str) -> httpx.Response:
    """All of it, in one browser."""
    return new.get(at_provider(begin(new, provider_id), login))


def with_query(url: str, **change: str) -> str:
    """The address with other parameters."""
    parts = urlsplit(url)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | change)).geturl()


def test_a_member_is_made_when_first_seen_and_has_the_role_of_its_groups(
    http: httpx.Client, served: Served, provider: Provider, login: str, owner: Person
) -> None:
    provider_id = set_up(http, served, provider)
    tell(provider, login)
    with browser(served) as new:
        answer = new.get(at_provider(begin(new, provider_id, "/incidents?x=1"), login))
        assert (answer.status_code, answer.headers["location"]) == (303, "/incidents?x=1"), answer.text
        me = new.get("/v1/me").json()
        assert (me["role"], me["email"], me["organisation_id"]) == ("analyst", f"{login}@example.org", owner.org_id)
        tell(provider, login, groups=["x", "leads", "responders"])
        assert come_back(new, provider_id, login).status_code == 303
        again = new.get("/v1/me").json()
        assert (again["member_id"], again["role"]) == (me["member_id"], "lead")
    emails = [m["email"] for m in http.get("/v1/members").json()["items"]]
    assert emails.count(f"{login}@example.org") == 1


def test_the_provider_may_change_its_keys(http: httpx.Client, served: Served, provider: Provider, login: str) -> None:
    provider_id = set_up(http, served, provider)
    tell(provider, login)
    with browser(served) as new:
        assert come_back(new, provider_id, login).status_code == 303
        before = provider.control()
        assert provider.control(rotate=True) != before
        assert come_back(new, provider_id, login).status_code == 303


def test_an_answer_to_another_question_lets_nobody_in(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider)
    tell(provider, login)
    with browser(served) as new, browser(served) as other:
        # Another nonce: a token that was made for somebody else's sign-in.
        problem(
            new.get(at_provider(with_query(begin(new, provider_id), nonce="0" * 43), login)), 403, "provider-refused"
        )
        # Another state, none, and one used twice.
        back = at_provider(begin(new, provider_id), login)
        problem(new.get(with_query(back, state="0" * 43)), 403, "provider-refused")
        problem(new.get(with_query(back, state="")), 403, "provider-refused")
        # In another browser, which would work in the attacker's account.
        problem(other.get(back), 403, "provider-refused")
        back = at_provider(begin(new, provider_id), login)
        problem(new.get(with_query(back, iss="https://evil.example")), 403, "provider-refused")
        back = at_provider(begin(new, provider_id), login)
        problem(new.get(with_query(back, code="made-up")), 403, "provider-refused")
        back = at_provider(begin(new, provider_id), login)
        problem(new.get(with_query(back, error="access_denied", code="")), 403, "provider-refused")
        back = at_provider(begin(new, provider_id), login)
        assert new.get(back).status_code == 303
        problem(new.get(back), 403, "provider-refused")
        # A stolen code is of no use without the verifier, which stays here.
        mine, theirs = at_provider(begin(new, provider_id), login), begin(other, provider_id)
        state = dict(parse_qsl(urlsplit(theirs).query))["state"]
        problem(other.get(with_query(mine, state=state)), 403, "provider-refused")
        problem(other.get("/v1/me"), 401, "unauthenticated")


def test_a_token_that_has_run_out_or_is_of_another_client_lets_nobody_in(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider)
    tell(provider, login)
    with browser(served) as new:
        provider.control(late_s=3600)
        problem(come_back(new, provider_id, login), 403, "provider-refused")
        provider.control(late_s=0)
        seen = http.get(f"/v1/oidc-providers/{provider_id}").headers["etag"]
        wrong = http.patch(
            f"/v1/oidc-providers/{provider_id}", json={"client_secret": "another"}, headers={"If-Match": seen}
        )
        assert wrong.status_code == 200
        problem(come_back(new, provider_id, login), 403, "provider-refused")


def test_who_is_in_no_known_group_is_refused_or_gets_the_default(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider)
    with browser(served) as new:
        for groups in ([], ["strangers"], "owner", None, {"responders": 1}, [["responders"]]):
            tell(provider, login, groups=groups)
            problem(come_back(new, provider_id, login), 403, "provider-refused")
        seen = http.get(f"/v1/oidc-providers/{provider_id}").headers["etag"]
        at = f"/v1/oidc-providers/{provider_id}"
        assert http.patch(at, json={"default_role": "viewer"}, headers={"If-Match": seen}).status_code == 200
        assert come_back(new, provider_id, login).status_code == 303
        assert new.get("/v1/me").json()["role"] == "viewer"


def test_a_disabled_member_and_a_disabled_provider_let_nobody_in(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider)
    tell(provider, login)
    at = f"/v1/oidc-providers/{provider_id}"
    with browser(served) as new:
        assert come_back(new, provider_id, login).status_code == 303
        member = new.get("/v1/me").json()["member_id"]
        assert http.post(f"/v1/members/{member}/disable").status_code == 200
        problem(new.get("/v1/me"), 401, "unauthenticated")
        problem(come_back(new, provider_id, login), 403, "provider-refused")
        http.post(f"/v1/members/{member}/enable")
        back = at_provider(begin(new, provider_id), login)
        seen = http.get(at).headers["etag"]
        assert http.patch(at, json={"enabled": False}, headers={"If-Match": seen}).status_code == 200
        problem(new.get(back), 404, "unknown-provider")
        problem(new.post("/v1/auth/oidc/start", json={"provider_id": provider_id}), 404, "unknown-provider")
        assert http.delete(at).status_code == 204
        problem(http.get(at), 404, "unknown-provider")


def test_a_provider_never_opens_an_account_that_others_know(
    http: httpx.Client, served: Served, provider: Provider, login: str, owner: Person, stores: StoreSet
) -> None:
    provider_id = set_up(http, served, provider)
    victim = person(stores, f"{owner.org_id}-b", "owner")
    tell(provider, login, email=victim.email)
    with browser(served) as new:
        assert come_back(new, provider_id, login).status_code == 303
        me = keep_token(new, new.get("/v1/me"))
        assert [o["id"] for o in new.get("/v1/me").json()["organisations"]] == [owner.org_id]
        assert me["member_id"] != victim.member_id
        problem(new.post("/v1/auth/organisation", json={"organisation": victim.org_id}), 403, "forbidden")
        body = {"old": "x" * 20, "new": "y" * 20}
        problem(new.post("/v1/me/password", json=body), 403, "forbidden")
    with browser(served) as theirs:  # and the victim's own sign-in is what it was
        assert sign_in(theirs, victim)["organisation_id"] == victim.org_id
    # Nor does it stand in for a member who is here already.
    tell(provider, f"{login}x", email=owner.email)
    with browser(served) as new:
        problem(come_back(new, provider_id, f"{login}x"), 403, "provider-refused")


def test_a_second_factor_is_asked_for_unless_the_provider_is_trusted(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider)
    trusted = set_up(http, served, provider, name="Trusted", trust_mfa=True)
    tell(provider, login)
    seen = http.get("/v1/organisation").headers["etag"]
    assert http.patch("/v1/organisation", json={"require_mfa": True}, headers={"If-Match": seen}).status_code == 200
    with browser(served) as new:
        assert come_back(new, provider_id, login).status_code == 303
        assert new.get("/v1/me").json()["next"] == "enrol"
        problem(new.get("/v1/incidents"), 403, "enrolment-required")
    tell(provider, f"{login}y")
    with browser(served) as new:
        assert come_back(new, trusted, f"{login}y").status_code == 303
        assert new.get("/v1/incidents").status_code == 200


def test_the_secret_goes_in_and_never_comes_out(
    http: httpx.Client, served: Served, provider: Provider, stores: StoreSet, owner: Person
) -> None:
    provider_id = set_up(http, served, provider, client_secret="a secret of its own")
    at = f"/v1/oidc-providers/{provider_id}"
    for told in (http.get(at), http.get("/v1/oidc-providers")):
        assert "a secret of its own" not in told.text
        assert "secret" not in told.text
    with stores.database.tenant(owner.org_id) as tx:
        kept = oidc_providers.get_provider(tx, provider_id)
    assert "a secret of its own" not in repr(kept)
    public = {"organisation": owner.org_id}
    with browser(served) as anybody:
        listed = anybody.get("/v1/auth/oidc/providers", params=public).json()["items"]
        assert listed == [{"id": provider_id, "name": "Test ID"}]
        assert anybody.get("/v1/auth/oidc/providers", params={"organisation": "nobody's"}).json() == {"items": []}
    stranger = person(stores, f"{owner.org_id}-x", "owner")
    with signed_in(served, stranger) as other:
        for method in ("GET", "PATCH", "DELETE"):
            answer = other.request(method, at, json={} if method == "PATCH" else None, headers={"If-Match": '"v1"'})
            problem(answer, 404, "unknown-provider")
        assert other.get("/v1/oidc-providers").json()["items"] == []
    for bad in ("ftp://x", "https://", "https://a b", "javascript:alert(1)", "http://user:pw@host"):
        answer = http.post(
            "/v1/oidc-providers", json={"name": "x", "issuer": bad, "client_id": "c", "client_secret": "s"}
        )
        problem(answer, 422, "invalid-request")
    for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "x", "/a\r\nb"):
        answer = http.post("/v1/auth/oidc/start", json={"provider_id": provider_id, "back_to": bad})
        problem(answer, 422, "invalid-request")


def test_addresses_of_this_machine_are_not_called_unless_allowed(
    http: httpx.Client, served: Served, provider: Provider, stores: StoreSet
) -> None:
    provider_id = set_up(http, served, provider)
    with serving(stores) as strict, browser(strict) as new:
        answer = new.post("/v1/auth/oidc/start", json={"provider_id": provider_id})
        problem(answer, 424, "provider-unreachable")
        for issuer in ("https://127.0.0.1:1", "https://[::1]:1", "https://localhost:1"):
            body = {"name": "x", "issuer": issuer, "client_id": "c", "client_secret": "s"}
            found = http.post("/v1/oidc-providers", json=body).json()["id"]
            problem(new.post("/v1/auth/oidc/start", json={"provider_id": found}), 424, "provider-unreachable")


def test_a_provider_is_tried_before_it_is_set_up(
    http: httpx.Client, served: Served, provider: Provider, stores: StoreSet, owner: Person
) -> None:
    found = http.post("/v1/oidc-providers/discover", json={"issuer": provider.issuer})
    assert found.status_code == 200, found.text
    told = found.json()
    assert told["redirect_uri"] == f"{served.url}/v1/auth/oidc/callback"
    assert told["authorization_endpoint"].startswith(provider.issuer)
    assert told["keys"] >= 1
    assert http.get("/v1/oidc-providers").json()["items"] == []
    wrong = http.post("/v1/oidc-providers/discover", json={"issuer": f"{provider.issuer}/elsewhere"})
    problem(wrong, 424, "provider-unreachable")
    nowhere = http.post("/v1/oidc-providers/discover", json={"issuer": "https://[::1"})
    problem(nowhere, 424, "provider-unreachable")
    with serving(stores) as strict, signed_in(strict, owner) as there:
        answer = there.post("/v1/oidc-providers/discover", json={"issuer": provider.issuer})
        problem(answer, 424, "provider-unreachable")


def test_a_browser_that_is_refused_is_told_by_the_page_where_it_began(
    http: httpx.Client, served: Served, provider: Provider, login: str
) -> None:
    provider_id = set_up(http, served, provider, group_roles={"nobody": "viewer"})
    tell(provider, login)
    with browser(served) as new:
        back = at_provider(begin(new, provider_id), login)
        answer = new.get(back, headers={"Accept": "text/html,application/xhtml+xml"})
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == "/sign-in?refused=provider-refused"
        problem(new.get("/v1/me"), 401, "unauthenticated")


def test_the_last_owner_stays_one_whatever_the_groups_say(
    http: httpx.Client, served: Served, provider: Provider, login: str, owner: Person
) -> None:
    provider_id = set_up(http, served, provider, group_roles={"owners": "owner", "responders": "analyst"})
    tell(provider, login, groups=["owners"])
    with browser(served) as new:
        assert come_back(new, provider_id, login).status_code == 303
        me = keep_token(new, new.get("/v1/me"))
        assert me["role"] == "owner"
        assert new.post(f"/v1/members/{owner.member_id}/disable").status_code == 200
        tell(provider, login, groups=["responders"])
        assert come_back(new, provider_id, login).status_code == 303
        assert keep_token(new, new.get("/v1/me"))["role"] == "owner"
        assert new.post(f"/v1/members/{owner.member_id}/enable").status_code == 200
        assert come_back(new, provider_id, login).status_code == 303
        assert new.get("/v1/me").json()["role"] == "analyst"


def test_two_who_change_a_provider_do_not_lose_each_others_change(
    http: httpx.Client, served: Served, provider: Provider
) -> None:
    at = f"/v1/oidc-providers/{set_up(http, served, provider)}"
    problem(http.patch(at, json={"name": "x"}), 428, "precondition-required")
    seen = {"If-Match": http.get(at).headers["etag"]}
    changed = http.patch(at, json={"name": "x", "default_role": "viewer"}, headers=seen)
    assert (changed.json()["name"], changed.json()["default_role"]) == ("x", "viewer")
    problem(http.patch(at, json={"name": "y"}, headers=seen), 412, "precondition-failed")
    seen = {"If-Match": changed.headers["etag"]}
    assert http.patch(at, json={"no_default_role": True}, headers=seen).json()["default_role"] is None
