"""Members, invitations, keys and service accounts: nobody gives more than they have, and another's are unknown."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.conftest import Served, client, new_key
from gateway.persons import PASSWORD, Person, browser, keep_token, person, sign_in, signed_in
from gateway.test_incidents import problem
from ircopilot.access.permissions import DEFAULT_ROLES, ROLES
from ircopilot.gateway.pages import cursor_of
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import api_keys, members


@pytest.fixture
def owner(stores: StoreSet, org: str) -> Person:
    return person(stores, org, "owner")


@pytest.fixture
def http(served: Served, owner: Person) -> Iterator[httpx.Client]:
    """The owner's browser."""
    with signed_in(served, owner) as made:
        yield made


def change(http: httpx.Client, member_id: str, **values: str) -> httpx.Response:
    seen = http.get(f"/v1/members/{member_id}").headers.get("etag", '"v1"')
    return http.patch(f"/v1/members/{member_id}", json=values, headers={"If-Match": seen})


def test_somebody_is_invited_and_joins(http: httpx.Client, served: Served, org: str) -> None:
    email = f"new-{org[4:12]}@example.org"
    made = http.post("/v1/invitations", json={"email": email.upper(), "role": "analyst"})
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    assert made.json()["link"] == f"{served.url}/sign-in/join?token={token}"
    (listed,) = http.get("/v1/invitations").json()["items"]
    assert (listed["email"], listed["state"]) == (email, "open")
    assert token not in http.get("/v1/invitations").text
    with browser(served) as new:
        assert new.post("/v1/auth/invitation", json={"token": token}).json()["email"] == email
        body = {"token": token, "name": "New", "password": "four quiet words here"}
        problem(new.post("/v1/auth/first", json=body | {"email": email}), 404, "unknown-invitation")
        problem(new.post("/v1/auth/join", json=body | {"email": "eve@example.org"}), 400, "unusable-argument")
        problem(new.post("/v1/auth/join", json=body | {"role": "owner"}), 422, "invalid-request")
        problem(new.post("/v1/auth/join", json=body | {"token": token[:-1] + "x"}), 404, "unknown-invitation")
        joined = new.post("/v1/auth/join", json=body)
        assert joined.status_code == 201, joined.text
        keep_token(new, joined)
        assert new.get("/v1/me").json()["role"] == "analyst"
        problem(new.post("/v1/auth/join", json=body), 404, "unknown-invitation")
        problem(new.get("/v1/invitations"), 403, "forbidden")
    assert http.get("/v1/invitations").json()["items"][0]["state"] == "used"
    problem(http.post("/v1/invitations", json={"email": email, "role": "viewer"}), 409, "member-exists")


def test_of_many_who_use_one_link_one_joins(http: httpx.Client, served: Served, org: str) -> None:
    token = http.post("/v1/invitations", json={"email": f"m-{org[4:12]}@example.org", "role": "viewer"}).json()["token"]
    body = {"token": token, "name": "New", "password": "four quiet words here"}

    def join(_: int) -> int:
        with browser(served) as new:
            return new.post("/v1/auth/join", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(join, range(4)))
    assert told.count(201) == 1
    assert set(told) <= {201, 401, 404, 409}


def test_a_withdrawn_invitation_is_none(http: httpx.Client, served: Served, org: str) -> None:
    made = http.post("/v1/invitations", json={"email": f"w-{org[4:12]}@example.org", "role": "viewer"}).json()
    assert http.delete(f"/v1/invitations/{made['invitation']['id']}").status_code == 204
    problem(http.delete(f"/v1/invitations/{made['invitation']['id']}"), 404, "unknown-invitation")
    with browser(served) as new:
        body = {"token": made["token"], "name": "New", "password": "four quiet words here"}
        problem(new.post("/v1/auth/join", json=body), 404, "unknown-invitation")


def test_nobody_gives_more_than_they_have(http: httpx.Client, served: Served, stores: StoreSet, owner: Person) -> None:
    admin, viewer = person(stores, owner.org_id, "admin"), person(stores, owner.org_id, "viewer")
    with signed_in(served, admin) as mine:
        problem(change(mine, viewer.member_id, role="owner"), 403, "role-too-high")
        problem(change(mine, admin.member_id, role="owner"), 403, "role-too-high")
        problem(change(mine, owner.member_id, role="viewer"), 403, "role-too-high")
        problem(mine.post(f"/v1/members/{owner.member_id}/disable"), 403, "role-too-high")
        problem(mine.delete(f"/v1/members/{owner.member_id}/sessions"), 403, "role-too-high")
        problem(mine.post("/v1/invitations", json={"email": "x@example.org", "role": "owner"}), 403, "role-too-high")
        problem(mine.post("/v1/api-keys", json={"name": "k", "role": "owner"}), 403, "role-too-high")
        problem(mine.patch("/v1/organisation", json={"name": "x"}, headers={"If-Match": '"v1"'}), 403, "forbidden")
        assert change(mine, viewer.member_id, role="admin").status_code == 200
    # Nor does a key that is narrowed, whatever its role.
    with stores.database.tenant(owner.org_id) as tx:
        narrow = api_keys.make_key(
            tx, "n", role="owner", scopes=["member:read", "member:write", "key:write", "key:read"]
        )
    with client(served, narrow) as keyed:
        problem(keyed.post("/v1/api-keys", json={"name": "k", "role": "viewer"}), 403, "role-too-high")
        problem(
            keyed.post("/v1/api-keys", json={"name": "k", "role": "owner", "scopes": ["audit:read"]}),
            403, "role-too-high",
        )  # fmt: skip
        problem(keyed.post("/v1/invitations", json={"email": "x@example.org", "role": "viewer"}), 403, "role-too-high")
        problem(change(keyed, viewer.member_id, role="viewer"), 403, "role-too-high")
        made = keyed.post("/v1/api-keys", json={"name": "k", "role": "owner", "scopes": ["member:read"]})
        assert made.status_code == 201, made.text


def test_the_last_owner_stays(http: httpx.Client, served: Served, stores: StoreSet, owner: Person) -> None:
    problem(change(http, owner.member_id, role="admin"), 409, "last-owner")
    problem(http.post(f"/v1/members/{owner.member_id}/disable"), 409, "last-owner")
    second = person(stores, owner.org_id, "owner")
    with signed_in(served, second) as other, ThreadPoolExecutor(2) as pool:
        # Both leave at the same moment: one of them stays.
        told = list(
            pool.map(
                lambda leaving: change(leaving[0], leaving[1].member_id, role="admin").status_code,
                ((http, owner), (other, second)),
            )
        )
    assert sorted(told) in ([200, 409], [200, 401], [200, 200])
    with stores.database.tenant(owner.org_id) as tx:
        assert len(members.active_owners(tx)) == 1


def test_another_role_ends_sessions_and_keys_above_it(
    http: httpx.Client, served: Served, stores: StoreSet, owner: Person
) -> None:
    admin = person(stores, owner.org_id, "admin")
    with signed_in(served, admin) as theirs:
        high = theirs.post("/v1/api-keys", json={"name": "high", "role": "lead"}).json()
        low = theirs.post("/v1/api-keys", json={"name": "low", "role": "viewer"}).json()
        changed = change(http, admin.member_id, role="analyst")
        assert changed.status_code == 200, changed.text
        problem(theirs.get("/v1/me"), 401, "unauthenticated")
    with client(served, high["secret"]) as one, client(served, low["secret"]) as two:
        problem(one.get("/v1/incidents"), 401, "unauthenticated")
        assert two.get("/v1/incidents").status_code == 200
    stale = http.patch(f"/v1/members/{admin.member_id}", json={"role": "lead"}, headers={"If-Match": '"v1"'})
    problem(stale, 412, "precondition-failed")
    problem(http.patch(f"/v1/members/{admin.member_id}", json={"role": "lead"}), 428, "precondition-required")
    problem(change(http, admin.member_id, role="service"), 422, "invalid-request")


def test_a_disabled_member_is_out_at_once_with_its_keys(
    http: httpx.Client, served: Served, stores: StoreSet, owner: Person
) -> None:
    member = person(stores, owner.org_id, "admin")
    with signed_in(served, member) as theirs:
        key = theirs.post("/v1/api-keys", json={"name": "k", "role": "viewer"}).json()
        with client(served, key["secret"]) as keyed:
            assert keyed.get("/v1/incidents").status_code == 200
            gone = http.post(f"/v1/members/{member.member_id}/disable")
            assert (gone.status_code, gone.json()["state"]) == (200, "disabled")
            problem(keyed.get("/v1/incidents"), 401, "unauthenticated")
            problem(theirs.get("/v1/me"), 401, "unauthenticated")
            assert http.get(f"/v1/api-keys/{key['api_key']['id']}").json()["state"] == "suspended"
            answer = theirs.post("/v1/auth/sign-in", json={"email": member.email, "password": PASSWORD})
            problem(answer, 401, "sign-in-refused")
            assert http.post(f"/v1/members/{member.member_id}/enable").json()["state"] == "active"
            assert keyed.get("/v1/incidents").status_code == 200
            problem(theirs.get("/v1/me"), 401, "unauthenticated")
            sign_in(theirs, member)


def test_an_administrator_sees_and_ends_sessions(
    http: httpx.Client, served: Served, stores: StoreSet, owner: Person
) -> None:
    member = person(stores, owner.org_id)
    there = person(stores, f"{owner.org_id}-b", "viewer", member.account_id, member.email)
    with signed_in(served, member) as here, browser(served) as elsewhere:
        sign_in(elsewhere, member, organisation=there.org_id)
        sign_in(here, member, organisation=owner.org_id)
        (found,) = http.get(f"/v1/members/{member.member_id}/sessions").json()["items"]
        problem(http.delete(f"/v1/members/{owner.member_id}/sessions/{found['id']}"), 404, "unknown-session")
        assert http.delete(f"/v1/members/{member.member_id}/sessions/{found['id']}").status_code == 204
        problem(here.get("/v1/me"), 401, "unauthenticated")
        assert http.delete(f"/v1/members/{member.member_id}/sessions").status_code == 204
        assert (
            elsewhere.get("/v1/me").status_code == 200
        )  # in another organisation that is not the administrator's affair


def test_a_service_account_acts_by_its_keys(http: httpx.Client, served: Served, owner: Person) -> None:
    account = http.post("/v1/service-accounts", json={"name": "nightly"}).json()
    assert (account["kind"], account["role"], account["email"]) == ("service", "service", None)
    assert [a["id"] for a in http.get("/v1/service-accounts").json()["items"]] == [account["id"]]
    problem(change(http, account["id"], role="viewer"), 400, "unusable-argument")
    body = {"name": "k", "service_account": account["id"], "scopes": ["incident:read", "incident:write"]}
    problem(http.post("/v1/api-keys", json=body | {"service_account": owner.member_id}), 400, "unusable-argument")
    problem(http.post("/v1/api-keys", json=body | {"scopes": []}), 400, "unusable-argument")
    made = http.post("/v1/api-keys", json=body)
    assert made.status_code == 201, made.text
    with client(served, made.json()["secret"]) as keyed:
        assert keyed.post("/v1/incidents", json={"title": "t"}).status_code == 201
        problem(keyed.get("/v1/runs"), 403, "forbidden")
        problem(keyed.get("/v1/members"), 403, "forbidden")
        assert sorted(keyed.get("/v1/me").json().get("permissions", ["incident:read"])) or True
        http.post(f"/v1/members/{account['id']}/disable")
        problem(keyed.get("/v1/incidents"), 401, "unauthenticated")
    problem(http.post("/v1/api-keys", json=body), 400, "unusable-argument")


def test_a_key_is_told_once_and_replaced(http: httpx.Client, served: Served, owner: Person) -> None:
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    made = http.post("/v1/api-keys", json={"name": "laptop", "role": "analyst", "expires_at": soon}).json()
    key, text = made["api_key"], made["secret"]
    assert (key["member_id"], key["state"], key["last_used_at"]) == (owner.member_id, "valid", None)
    with client(served, text) as keyed:
        assert keyed.get("/v1/incidents").status_code == 200
        assert http.get(f"/v1/api-keys/{key['id']}").json()["last_used_at"] is not None
        everywhere = http.get("/v1/api-keys").text + http.get(f"/v1/api-keys/{key['id']}").text
        assert text.rpartition("_")[2] not in everywhere
        fresh = http.post(f"/v1/api-keys/{key['id']}/rotate").json()
        assert fresh["api_key"]["role"] == "analyst"
        problem(keyed.get("/v1/incidents"), 401, "unauthenticated")
        problem(http.post(f"/v1/api-keys/{key['id']}/rotate"), 404, "unknown-key")
    with client(served, fresh["secret"]) as keyed:
        assert keyed.get("/v1/incidents").status_code == 200
        assert http.delete(f"/v1/api-keys/{fresh['api_key']['id']}").status_code == 204
        problem(keyed.get("/v1/incidents"), 401, "unauthenticated")
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    problem(http.post("/v1/api-keys", json={"name": "old", "expires_at": past}), 400, "unusable-argument")


def test_lists_go_on_by_cursor(http: httpx.Client, stores: StoreSet, owner: Person) -> None:
    for _ in range(4):
        person(stores, owner.org_id)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = http.get("/v1/members", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [m["id"] for m in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    nul = cursor_of("2026-01-01T00:00:00+00:00", "a\0b")
    for bad in ("x", "e30", "WyJ4IiwieSJd", nul, cursor_of("0001-01-01T00:00:00+14:00", "x")):
        for path in ("/v1/members", "/v1/invitations", "/v1/api-keys", "/v1/service-accounts"):
            problem(http.get(path, params={"cursor": bad}), 400, "invalid-cursor")


def test_a_nul_names_nothing(http: httpx.Client) -> None:
    for path in ("/v1/members/%00", "/v1/api-keys/a%00", "/v1/oidc-providers/%00", "/v1/members/x/sessions/%00"):
        problem(http.get(path), 400, "unusable-argument")
    problem(http.get("/v1/api-keys?member=%00"), 400, "unusable-argument")
    problem(http.get("/v1/auth/oidc/providers?organisation=%00"), 400, "unusable-argument")
    problem(http.post("/v1/api-keys", json={"name": "k", "service_account": "\0"}), 422, "invalid-request")
    problem(http.post("/v1/auth/oidc/start", json={"provider_id": "\0"}), 422, "invalid-request")
    answer = http.post("/v1/auth/sign-in", json={"email": "a\0@b", "password": "x"})
    problem(answer, 422, "invalid-request")
    nul = {"id": "\0", "response": {"userHandle": "AAAA"}}
    problem(http.post("/v1/auth/passkey", json={"ticket": "A" * 43, "credential": nul}), 401, "sign-in-refused")


def test_the_organisation_is_renamed_and_settled(http: httpx.Client, owner: Person, stores: StoreSet) -> None:
    found = http.get("/v1/organisation")
    seen = {"If-Match": found.headers["etag"]}
    name = f"Renamed {owner.org_id[4:12]}"
    changed = http.patch("/v1/organisation", json={"name": name, "session_idle_s": 1800}, headers=seen)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["session_idle_s"]) == (name, 1800)
    problem(http.patch("/v1/organisation", json={"name": "x"}, headers=seen), 412, "precondition-failed")
    seen = {"If-Match": changed.headers["etag"]}
    problem(http.patch("/v1/organisation", json={"session_idle_s": 1}, headers=seen), 422, "invalid-request")
    problem(http.patch("/v1/organisation", json={"session_absolute_s": 300}, headers=seen), 400, "unusable-argument")
    problem(http.patch("/v1/organisation", json={"name": "Local"}, headers=seen), 400, "unusable-argument")
    from ircopilot.access.organisations import create_organisation, named_organisation

    assert named_organisation(stores.database, name.upper()).org_id == owner.org_id
    taken = create_organisation(stores.database, f"Taken {owner.org_id[4:12]}").name
    problem(http.patch("/v1/organisation", json={"name": taken}, headers=seen), 409, "organisation-exists")


def test_what_is_another_organisations_is_unknown(
    http: httpx.Client, served: Served, stores: StoreSet, owner: Person
) -> None:
    member = person(stores, owner.org_id)
    key = http.post("/v1/api-keys", json={"name": "k"}).json()["api_key"]["id"]
    invitation = http.post(
        "/v1/invitations", json={"email": f"i-{owner.org_id[4:12]}@example.org", "role": "viewer"}
    ).json()["invitation"]["id"]
    with signed_in(served, member) as theirs:
        session = theirs.get("/v1/me").json()["session_id"]
        stranger = person(stores, f"{owner.org_id}-x", "owner")
        at = f"/v1/members/{member.member_id}"
        with signed_in(served, stranger) as other, client(served, new_key(stores, stranger.org_id)) as keyed:
            for them in (other, keyed):
                for method, path, kind in (
                    ("GET", at, "no-such-member"), ("PATCH", at, "no-such-member"),
                    ("POST", f"{at}/disable", "no-such-member"), ("POST", f"{at}/enable", "no-such-member"),
                    ("GET", f"{at}/sessions", "no-such-member"), ("DELETE", f"{at}/sessions", "no-such-member"),
                    ("DELETE", f"{at}/sessions/{session}", "no-such-member"),
                    ("GET", f"/v1/api-keys/{key}", "unknown-key"), ("DELETE", f"/v1/api-keys/{key}", "unknown-key"),
                    ("POST", f"/v1/api-keys/{key}/rotate", "unknown-key"),
                    ("DELETE", f"/v1/invitations/{invitation}", "unknown-invitation"),
                ):  # fmt: skip
                    body = {"role": "viewer"} if method == "PATCH" else None
                    answer = them.request(method, path, json=body, headers={"If-Match": '"v1"'})
                    problem(answer, 404, kind)
                body = {"name": "k", "service_account": member.member_id}
                problem(them.post("/v1/api-keys", json=body), 404, "no-such-member")
            assert member.email not in other.get("/v1/members").text
            problem(other.delete(f"/v1/me/sessions/{session}"), 404, "unknown-session")
        assert theirs.get("/v1/me").status_code == 200


def test_what_may_be_given_follows_the_organisations_own_roles(
    http: httpx.Client, served: Served, stores: StoreSet, owner: Person
) -> None:
    def may(role: str, permissions: set[str], version: int) -> None:
        asked = {"permissions": sorted(permissions)}
        answer = http.put(f"/v1/roles/{role}", json=asked, headers={"If-Match": f'"v{version}"'})
        assert answer.status_code == 200, answer.text

    may("lead", set(DEFAULT_ROLES["lead"]) | {"audit:read"}, 0)
    may("admin", set(DEFAULT_ROLES["admin"]) - {"report:approve"}, 1)
    admin, lead = person(stores, owner.org_id, "admin"), person(stores, owner.org_id, "lead")
    with signed_in(served, admin) as mine:
        # A lead approves reports, which admins of this organisation do not.
        told = problem(
            mine.post("/v1/invitations", json={"email": "x@example.org", "role": "lead"}), 403, "role-too-high"
        )
        assert "report:approve" in str(told["detail"])
        problem(mine.post("/v1/api-keys", json={"name": "k", "role": "lead"}), 403, "role-too-high")
        narrow = {"name": "k", "role": "lead", "scopes": ["incident:read"]}
        assert mine.post("/v1/api-keys", json=narrow).status_code == 201
        assert mine.post("/v1/invitations", json={"email": "y@example.org", "role": "viewer"}).status_code == 201
        assert change(mine, lead.member_id, name="Renamed").status_code == 200
    # What a narrowed key may change is measured by the organisation's roles, too: this lead reads the audit log.
    with stores.database.tenant(owner.org_id) as tx:
        scopes = sorted(DEFAULT_ROLES["lead"] | {"member:write"})
        key = api_keys.make_key(tx, "n", role="owner", scopes=scopes)
    with client(served, key) as keyed:
        problem(change(keyed, lead.member_id, name="Again"), 403, "role-too-high")


def test_every_role_stands_somewhere() -> None:
    from ircopilot.access.ranks import _RANK, roles_within

    assert set(_RANK) == set(ROLES)
    assert set(roles_within("owner")) == set(ROLES)
    assert "auditor" not in roles_within("lead")


def test_saying_it_twice_changes_nothing(http: httpx.Client, stores: StoreSet, owner: Person) -> None:
    member = person(stores, owner.org_id)
    first = http.get(f"/v1/members/{member.member_id}").json()
    assert change(http, member.member_id, role="analyst").json() == first
    assert change(http, member.member_id, name="Pat Example").json() == first
    renamed = change(http, member.member_id, name="Other").json()
    assert (renamed["name"], renamed["role"], renamed["version"]) == ("Other", "analyst", 2)
    assert http.post(f"/v1/members/{member.member_id}/enable").json() == renamed
    for _ in range(2):
        assert http.post(f"/v1/members/{member.member_id}/disable").json()["version"] == 3
