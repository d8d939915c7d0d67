"""By which address people reach the gateway, and which address a call is told to come from."""

from __future__ import annotations

import httpx
import pytest
from starlette.datastructures import Headers

from gateway.conftest import SETTINGS, serving
from gateway.persons import PASSWORD, browser, person
from gateway.test_incidents import problem
from ircopilot.access.outward import outward_transport
from ircopilot.access.throttle import network_of
from ircopilot.domain.errors import UnusableArgument
from ircopilot.gateway.door import where_of
from ircopilot.settings import ServiceSettings
from ircopilot.stores import StoreSet


@pytest.mark.parametrize(
    "url",
    ["http://irc.example.org", "irc.example.org", "ftp://x", "https://", "https://a.example/path", "http://10.0.0.1"],
)
def test_a_public_url_that_would_send_sessions_readably_is_refused(url: str) -> None:
    with pytest.raises(UnusableArgument):
        _ = ServiceSettings(public_url=url).site


def test_where_the_browser_finds_the_gateway() -> None:
    assert ServiceSettings().web_url == "http://localhost:7464"
    assert ServiceSettings(public_url="https://irc.example.org/").web_url == "https://irc.example.org"
    assert ServiceSettings(gateway_address="0.0.0.0:1").web_url == "https://0.0.0.0:1"
    assert ServiceSettings(public_url="http://localhost:3000").site.cookie == "ircopilot"


def test_behind_tls_the_cookie_is_of_this_host_alone(stores: StoreSet, org: str) -> None:
    who = person(stores, org)
    stores.failures.forget("password:address:127.0.0.1")
    public = SETTINGS.model_copy(update={"public_url": "https://irc.example.org"})
    with serving(stores, public) as served, browser(served) as http:
        body = {"email": who.email, "password": PASSWORD}
        answer = http.post("/v1/auth/sign-in", json=body, headers={"Origin": "https://irc.example.org"})
        name, _, rest = answer.headers["set-cookie"].partition("=")
        assert name == "__Host-ircopilot"
        parts = {p.strip().lower() for p in rest.split(";")[1:]}
        assert parts >= {"secure", "httponly", "samesite=lax", "path=/"}
        assert not any(p.startswith("domain") for p in parts)
        for origin in (served.url, "http://irc.example.org", "https://irc.example.org.evil.example"):
            problem(http.post("/v1/auth/sign-in", json=body, headers={"Origin": origin}), 403, "forged-request")
        secret = rest.partition(";")[0]
        cookie = {"Cookie": f"ircopilot={secret}"}
        problem(http.get("/v1/me", headers=cookie), 401, "unauthenticated")  # not under the other name
        assert http.get("/v1/me", headers={"Cookie": f"__Host-ircopilot={secret}"}).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "said", "told"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "evil, 203.0.113.9", "203.0.113.9"),
        (2, "evil, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_of_forwarded_addresses_only_our_proxies_are_believed(proxies: int, said: str, told: str) -> None:
    headers = Headers({"X-Forwarded-For": said} if said else {})
    found = where_of({"client": ("192.0.2.1", 1)}, headers, ServiceSettings(proxies=proxies), "r")
    assert found.address == told


def test_a_household_is_one_address() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") != network_of("2001:db8:1:3::4")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("somewhere") == "somewhere"


@pytest.mark.parametrize(
    "url", ["http://example.org/", "https://127.0.0.1:1/", "https://[::1]:1/", "https://localhost:1/"]
)
def test_an_organisations_addresses_reach_no_private_place(url: str) -> None:
    with httpx.Client(transport=outward_transport(False), trust_env=False) as http, pytest.raises(httpx.TransportError):
        http.get(url)
