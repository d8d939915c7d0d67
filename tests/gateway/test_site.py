"""The web application's files: policies with hashes, caching, human URLs, and nothing outside of what was built."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateway.conftest import LIMITS, SETTINGS, serving
from gateway.test_incidents import problem
from ircopilot.gateway.site import load_site, page_policy
from ircopilot.stores import StoreSet

INLINE = 'self.__next_f.push([1,"a<b & c"])'
PAGE = f"<!doctype html><script src='/theme.js'></script><script>{INLINE}</script><p>NAME</p>"
SHELLS = [["/incidents", "/"], ["/incidents/:path+", "/incident"], ["/sign-in/:path+", "/sign-in"]]


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def raw(web: httpx.Client, path: str) -> httpx.Response:
    """The answer to a path as it stands, dots and all."""
    return web.send(web.build_request("GET", web.base_url.copy_with(raw_path=path.encode())))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built site, in small."""
    root = tmp_path_factory.mktemp("built") / "static"
    for name in ("index", "incident", "sign-in", "404"):
        put(root / f"{name}.html", PAGE.replace("NAME", name))
        put(root / f"{name}.txt", f"payload of {name}")
    put(root / "incident/__next._tree.txt", "tree of incident")
    put(root / "_next/static/chunks/a1b2.js", "x" * 2000)
    (root / "_next/static/chunks/a1b2.js.gz").write_bytes(gzip.compress(b"x" * 2000))
    (root / "_next/static/chunks/a1b2.js.br").write_bytes(b"squeezed")
    put(root / "shells.json", json.dumps(SHELLS))
    put(root.parent / "secret.txt", "secret")
    (root / "link.txt").symlink_to(root.parent / "secret.txt")
    return root


@pytest.fixture(scope="module")
def web(stores: StoreSet, folder: Path) -> Iterator[httpx.Client]:
    """Calls without a key, of a gateway that has the site."""
    with (
        serving(stores, SETTINGS, LIMITS, load_site(folder)) as served,
        httpx.Client(base_url=served.url, trust_env=False, timeout=20) as http,
    ):
        yield http


def test_a_page_may_run_its_own_scripts_and_no_others(web: httpx.Client) -> None:
    answer = web.get("/")
    policy = answer.headers["content-security-policy"]
    digest = base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == f"script-src 'self' 'sha256-{digest}'"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"


def test_each_page_has_the_hashes_of_its_own_scripts() -> None:
    one, two = page_policy("<script>1</script>"), page_policy("<SCRIPT>1</SCRIPT><script\nasync>2</script >")
    assert one.count("sha256-") == 1
    assert two.count("sha256-") == 2
    assert page_policy("<p>&lt;script&gt;</p>").count("sha256-") == 0


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/incidents", "index"),
        ("/incidents/INC-12", "incident"),
        ("/incidents/INC.12%2F../timeline?t=2031-05-01T10:00:00Z", "incident"),
        ("/sign-in", "sign-in"),
        ("/sign-in/first?token=iri_x", "sign-in"),
    ],
)
def test_a_human_address_is_answered_with_its_shell(web: httpx.Client, path: str, page: str) -> None:
    answer = web.get(path)
    assert (answer.status_code, f"<p>{page}</p>" in answer.text) == (200, True)
    assert "sha256-" in answer.headers["content-security-policy"]


def test_payloads_of_moving_between_pages_are_found_too(web: httpx.Client) -> None:
    assert web.get("/incidents/INC-12/timeline.txt?_rsc=1").text == "payload of incident"
    assert web.get("/incidents/INC-12/__next._tree.txt").text == "tree of incident"
    assert web.get("/index.txt").headers["content-type"].startswith("text/x-component")


def test_what_is_hashed_is_kept_for_ever_and_the_rest_is_asked_for_again(web: httpx.Client) -> None:
    script = "/_next/static/chunks/a1b2.js"
    answer = web.get(script, headers={"Accept-Encoding": "gzip, br;q=0"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text == "x" * 2000
    assert web.get(script, headers={"Accept-Encoding": "identity"}).headers.get("content-encoding") is None
    with web.stream("GET", script, headers={"Accept-Encoding": "br"}) as squeezed:
        assert b"".join(squeezed.iter_raw()) == b"squeezed"
    tag = web.get("/").headers["etag"]
    again = web.get("/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert web.head("/").content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/_next/../../secret.txt", "/link.txt",
        "/_next/static/chunks/..%2f..%2f..%2f..%2fsecret.txt", "/_next/static/none.js", "/shells.json", "/nothing",
        "/incident.html%00.txt", "/_next/static/chunks/a1b2.js.gz", "/c:\\secret.txt",
    ],
)  # fmt: skip
def test_nothing_is_found_that_was_not_built(web: httpx.Client, path: str) -> None:
    answer = raw(web, path)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text


def test_the_api_never_answers_with_a_page(web: httpx.Client) -> None:
    for path in ("/v1", "/v1/", "/v1/nothing", "/v1/incidents/INC-12/timeline", "//v1/runs", "//healthz"):
        problem(raw(web, path), 401, "unauthenticated")
    problem(web.post("/incidents/INC-12", content=b"{}"), 401, "unauthenticated")
    assert web.get("/healthz").json() == {"status": "ok"}
    assert "default-src 'none'" in web.get("/healthz").headers["content-security-policy"]


def test_without_a_built_site_there_is_none(tmp_path: Path) -> None:
    assert load_site(tmp_path) is None


def test_a_gateway_without_a_site_answers_as_before(http: httpx.Client) -> None:
    assert http.get("/incidents/INC-12").status_code == 404
