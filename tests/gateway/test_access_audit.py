"""Every act of access is in the audit log, with who and from where, and none of its secrets."""

from __future__ import annotations

import time

import pyotp

from gateway.conftest import Served
from gateway.persons import PASSWORD, browser, keep_token, person, sign_in, signed_in
from gateway.test_incidents import problem
from gateway.test_upload import eventually
from ircopilot.stores import StoreSet


def test_what_is_done_about_access_is_written_down_without_its_secrets(
    served: Served, stores: StoreSet, org: str
) -> None:
    owner, member = person(stores, org, "owner"), person(stores, org)
    stores.failures.forget("password:address:127.0.0.1")
    told = [PASSWORD, "another quiet harbour", "a provider's secret"]
    with signed_in(served, owner) as http, browser(served) as theirs:
        for email in (member.email, f"nobody-{member.email}"):
            refused = theirs.post("/v1/auth/sign-in", json={"email": email, "password": "not the password"})
            problem(refused, 401, "sign-in-refused")
        sign_in(theirs, member)
        begun = theirs.post("/v1/me/totp", json={"label": "Phone"}).json()
        code = pyotp.TOTP(begun["secret"]).at(time.time() - 30)
        enrolled = theirs.post("/v1/me/totp/confirm", json={"id": begun["id"], "code": code})
        keep_token(theirs, enrolled)
        change = {"old": PASSWORD, "new": told[1]}
        keep_token(theirs, theirs.post("/v1/me/password", json=change))
        told += [begun["secret"], theirs.cookies["ircopilot"], theirs.headers["X-CSRF-Token"]]
        told += enrolled.json()["recovery_codes"]
        theirs.post("/v1/auth/sign-out")
        told.append(
            http.post("/v1/invitations", json={"email": f"i-{org}@example.org", "role": "viewer"}).json()["token"]
        )
        key = http.post("/v1/api-keys", json={"name": "k"}).json()
        fresh = http.post(f"/v1/api-keys/{key['api_key']['id']}/rotate").json()
        told += [key["secret"], fresh["secret"]]
        http.delete(f"/v1/api-keys/{fresh['api_key']['id']}")
        http.post("/v1/service-accounts", json={"name": "s"})
        seen = {"If-Match": http.get(f"/v1/members/{member.member_id}").headers["etag"]}
        http.patch(f"/v1/members/{member.member_id}", json={"role": "lead"}, headers=seen)
        http.post(f"/v1/members/{member.member_id}/disable")
        http.post(f"/v1/members/{member.member_id}/enable")
        http.patch("/v1/organisation", json={"require_mfa": False}, headers={"If-Match": '"v1"'})
        body = {"name": "p", "issuer": "https://id.example.org", "client_id": "c", "client_secret": told[2]}
        made = http.post("/v1/oidc-providers", json=body).json()
        http.delete(f"/v1/oidc-providers/{made['id']}")

        def log() -> str:
            return http.get("/v1/audit/export").text

        assert eventually(lambda: "session.refused" in log())  # written after the answer
        entries = http.get("/v1/audit", params={"limit": 200}).json()["items"]
    acts = [entry["act"] for entry in entries]
    expected = {
        "session.begin", "session.refused", "session.end", "factor.enrol", "member.password", "invitation.create",
        "key.create", "key.rotate", "key.revoke", "member.create", "member.change", "member.disable", "member.enable",
        "organisation.change", "provider.create", "provider.remove",
    }  # fmt: skip
    assert expected <= set(acts), expected - set(acts)
    assert acts.count("session.refused") == 1  # of whom nobody knows, nothing is known
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}
    assert all(entry["request_id"] for entry in entries)
    changed = next(entry for entry in entries if entry["act"] == "member.change")
    assert (changed["before"], changed["after"]) == ({"role": "analyst"}, {"role": "lead"})
    whole = str(entries)
    assert [secret for secret in told if secret in whole] == []
