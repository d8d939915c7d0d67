"""Every route that changes something leaves who, what, on what, and what came of it in the audit log, under the call's id.

A day's work goes once through all of them; a new route that it leaves out fails a test.
"""

from __future__ import annotations

import base64
import re
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from fastapi.routing import APIRoute

from gateway.conftest import Served, client
from gateway.fuzzing import Fuzzed, fuzzed  # noqa: F401, a fixture
from gateway.persons import PASSWORD, Person, browser, keep_token, person
from gateway.test_runs import orchestrated  # noqa: F401, a fixture
from gateway.test_upload import eventually
from ircopilot.access.joining import first_link
from ircopilot.gateway.documentation.schema import first_example
from ircopilot.gateway.openapi import api_document
from ircopilot.gateway.routers import ROUTERS
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import audit, jobs
from ircopilot.stores.postgres.organisations import make_organisation

pytestmark = pytest.mark.timeout(300)
DOCUMENT = api_document()
CHANGING = {
    route.name: (method, route.path_format, DOCUMENT["paths"][route.path_format][method.lower()])
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods & {"POST", "PUT", "PATCH", "DELETE"}
}
# Routes that leave no entry, and why that is right.
CHANGES_NOTHING = {
    "check_search": "reads a search and keeps nothing",
    "check_sentence": "judges a sentence and keeps nothing",
    "events_among": "says which of some events meet a search",
    "read_mentions": "keeps which of one's own mentions were read",
    "enter_incident": "says who looks; it is forgotten within a minute",
    "leave_incident": "says who looks no more",
    "preview_export": "shows what an export would be and keeps nothing",
    "look_at_invitation": "tells what a link is for",
    "start_single_sign_on": "begins a ceremony; the session that it ends in is logged",
    "discover_oidc_provider": "asks a provider for its document and keeps nothing",
    "begin_passkey_sign_in": "begins a ceremony; the session that it ends in is logged",
    "begin_passkey_factor": "begins a ceremony; the session that it ends in is logged",
    "begin_passkey": "begins a ceremony; the factor that it ends in is logged",
    "begin_totp": "begins a ceremony; the factor that it ends in is logged",
}
# Passkeys are made by a browser: `tests/access/test_passkeys.py` looks for these entries.
ELSEWHERE = {"show_passkey", "sign_in_with_passkey", "enrol_passkey"}
# What needs no `before` or `after`: the target and the act say all.
BARE = {"member.password", "session.end", "session.revoke", "factor.codes"}
Done = dict[str, list[tuple[str, str]]]


class Day:
    """Calls by the names of their operations, each noted with the id that its entry must have."""

    def __init__(self, http: httpx.Client, org: str, ids: dict[str, str], done: Done) -> None:
        self.http, self.org, self.ids, self.done = http, org, ids, done

    def of(self, http: httpx.Client, org: str = "") -> Day:
        """Of somebody else, noted with the rest."""
        return Day(http, org or self.org, {}, self.done)

    def do(self, name: str, body: Any = None, headers: Any = None, query: str = "", **ids: str) -> httpx.Response:
        """Call it, with the document's example unless a body is given, and the version that is there now."""
        method, path, operation = CHANGING[name]
        where = re.sub(r"\{(\w+)\}", lambda m: str((self.ids | ids)[m[1]]), path)
        content = operation.get("requestBody", {}).get("content", {})
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        if body is None:
            media = content.get("application/json")
            sent = {"json": first_example(DOCUMENT, media)} if media else {}
        asked = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "header"}
        given = {"If-Match": self.seen(where)} if "If-Match" in asked else {}
        answer = self.http.request(method, where + query, headers=given | (headers or {}), **sent)
        assert answer.is_success, (name, answer.status_code, answer.text)
        self.done.setdefault(name, []).append((self.org, answer.headers["x-request-id"]))
        return answer

    def seen(self, where: str) -> str:
        """The ETag of the nearest thing at or above an address."""
        while where.count("/") > 1:
            found = self.http.get(where)
            if found.is_success and "etag" in found.headers:
                return found.headers["etag"]
            where = where.rpartition("/")[0]
        return '"v0"'


@pytest.fixture
def day(orchestrated: Served, fuzzed: Fuzzed) -> Iterator[Day]:  # noqa: F811
    with client(orchestrated, fuzzed.key) as http:
        yield Day(http, fuzzed.org, fuzzed.ids, {})


def no_entry_is_missing(stores: StoreSet, done: Done) -> None:
    """Raises `AssertionError` for calls without one that says what it must."""
    entries: dict[str, list[Any]] = {}
    for org in {org for calls in done.values() for org, _ in calls}:
        for entry in audit.all_entries(stores.database, org):
            entries.setdefault(entry.did.request_id, []).append(entry.did)
    wrong = {}
    for name, calls in done.items():
        found = [did for _, request_id in calls for did in entries.get(request_id, ())]
        said = [d for d in found if d.actor_id and d.target and "." in d.act and (d.before or d.after or d.act in BARE)]
        if name in CHANGES_NOTHING:
            if found:
                wrong[name] = [d.act for d in found]
        elif not said or any(d.address != "127.0.0.1" for d in found):
            wrong[name] = [d.act for d in found]
    assert wrong == {}


def test_work_on_an_incident_is_written_down(day: Day, stores: StoreSet) -> None:
    day.do("change_incident", {"severity": "critical"})
    day.do("restrict_incident", {"restricted": True, "granted": []})
    day.do("hold_incident", {"legal_hold": True})
    day.do("hold_incident", {"legal_hold": False})
    day.do("hand_in_evidence", b"a line\n", query="?name=a.log")
    day.do("hand_in_alerts", {"rule": str(uuid.uuid4())})
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Content-Type": "application/offset+octet-stream"}
    tus |= {"Upload-Offset": "0", "Upload-Metadata": f"filename {base64.b64encode(b'x.log').decode()}"}
    place = day.do("begin_upload", headers=tus).headers["location"]
    day.do("send_upload", b"abc", headers=tus, upload_id=place.rpartition("/")[2])
    place = day.do("begin_upload", headers=tus).headers["location"]
    day.do("give_up_upload", headers=tus, upload_id=place.rpartition("/")[2])
    day.do("verify_artifact")
    day.do("hold_artifact", {"reason": "court order"})
    day.do("lift_hold", {"reason": "over"})
    day.do("pin_event")
    day.do("unpin_event")
    day.do("tag_event", tag="seen")
    day.do("untag_event", tag="seen")
    note = day.do("note_event", {"body": "odd"}).json()["id"]
    day.do("remove_event_note", note_id=note)
    day.do("check_search", {"q": "host:a"})
    action = day.do("note_action", {"title": f"Act {uuid.uuid4()}", "state": "open"}).json()["action"]["id"]
    day.do("change_action", {"description": "more"}, action_id=action)
    day.do("move_action", {"state": "done"}, action_id=action)
    comment = day.do("add_comment", {"body": "Hm."}).json()["id"]
    day.do("edit_comment", {"body": "Well."}, comment_id=comment)
    day.do("resolve_thread", comment_id=comment)
    day.do("reopen_thread", comment_id=comment)
    day.do("delete_comment", comment_id=comment)
    day.do("apply_playbook", {"playbook": "phishing"})
    day.do("set_entity_role", {"role": "victim"})
    day.do("add_indicator", {"type": "domain", "value": f"{uuid.uuid4()}.example", "evidence": []})
    day.do("judge_indicator", {"verdict": "benign"})
    no_entry_is_missing(stores, day.done)


def test_work_on_a_report_is_written_down(day: Day, stores: StoreSet) -> None:
    day.do("set_report_policy", {"four_eyes": False})
    url = f"/v1/incidents/{day.ids['key']}/reports/1"
    section = next(s for s in day.http.get(url).json()["sections"] if s["id"] == "what-happened")
    claim = next(c for c in section["claims"] if c["act"]["subject"])["id"]
    text = {"text": "Ada says so.", "as_analyst_word": True}
    day.do("check_sentence", {"text": "Ada says so."})
    made = day.do("create_claim", {"section": "what-happened", "kind": "inference", **text}).json()["id"]
    day.do("edit_claim", text | {"text": "Ada said so."}, claim_id=made)
    day.do("move_claim", {"after": claim}, claim_id=made)
    day.do("accept_claim", claim_id=claim)
    day.do("reject_claim", {"reason": "no"}, claim_id=claim)
    day.do("undo_claim", claim_id=claim)
    day.do("delete_claim", claim_id=made)
    for name in ("submit_report", "return_report", "submit_report", "approve_report", "publish_report"):
        day.do(name, {"note": "so"})
    day.do("reopen_report_version")
    day.do("create_export", {"format": "markdown"})
    no_entry_is_missing(stores, day.done)


def test_runs_and_the_ends_of_incidents_are_written_down(day: Day, stores: StoreSet) -> None:
    keys = [day.do("open_incident", {"title": "Second"}).json()["key"] for _ in range(2)]
    for key in keys:
        day.do("hand_in_evidence", b"x\n", query="?name=x.log", key=key)
    run = day.do("ask_for_run", {}, key=keys[0]).json()["id"]
    with stores.database.tenant(day.org) as tx:
        (part,) = jobs.parts_of(tx, run, "collect/unpack")
        jobs.give_up_delivery(tx, part.job_id, 1, "nobody took it")
    assert eventually(lambda: day.http.get(f"/v1/runs/{run}").json()["state"] == "failed", 15)
    day.do("redrive_job", job_id=part.job_id)
    day.do("cancel_run", {"reason": "enough"}, run_id=run)
    assert eventually(lambda: day.http.get(f"/v1/runs/{run}").json()["state"] == "cancelled", 15)
    again = day.do("retry_run", {}, run_id=run).json()["id"]
    day.do("cancel_run", {}, run_id=again)
    assert eventually(lambda: day.http.get(f"/v1/runs/{again}").json()["state"] == "cancelled", 15)
    day.do("merge_incident", {"into": keys[1]}, key=keys[0])
    day.do("close_incident", {"reason": "resolved"}, key=keys[1])
    day.do("reopen_incident", {}, key=keys[1])
    rule = (
        "title: A rule\nlogsource: {product: windows}\n"
        "detection:\n  selection: {Image: x}\n  condition: selection\nlevel: low\n"
    )
    day.do("hand_in_rules", rule.encode(), headers={"Content-Type": "application/yaml"})
    no_entry_is_missing(stores, day.done)


def test_what_an_organisation_keeps_is_written_down(day: Day, stores: StoreSet) -> None:
    day.do("suggest_actions")
    steps = [{"title": "Look", "phase": "containment"}]
    book = day.do("write_playbook", {"name": "Mine", "steps": steps}).json()["id"]
    day.do("rewrite_playbook", {"name": "Mine, too", "steps": steps}, playbook_id=book)
    day.do("archive_playbook", playbook_id=book)
    saved = day.do("save_filter", {"name": "f", "kind": "timeline", "query": "host:a"}).json()["id"]
    day.do("change_filter", {"query": "host:b"}, filter_id=saved)
    day.do("remove_filter", filter_id=saved)
    day.do("set_role", {"permissions": ["incident:read"]}, headers={"If-Match": '"v0"'}, role="viewer")
    day.do("reset_role", headers={"If-Match": '"v1"'}, role="viewer")
    day.do("change_organisation", {"name": f"Renamed {uuid.uuid4()}"})
    provider = {"name": "P", "issuer": "https://id.example.org", "client_id": "c", "client_secret": "s"}
    made = day.do("create_oidc_provider", provider).json()["id"]
    day.do("change_oidc_provider", {"name": "Q"}, provider_id=made)
    day.do("remove_oidc_provider", provider_id=made)
    key = day.do("create_api_key", {"name": "k", "role": "viewer"}).json()["api_key"]["id"]
    key = day.do("rotate_api_key", key_id=key).json()["api_key"]["id"]
    day.do("revoke_api_key", key_id=key)
    day.do("create_service_account", {"name": "robot"})
    no_entry_is_missing(stores, day.done)


def test_people_and_their_sessions_are_written_down(
    orchestrated: Served, stores: StoreSet, day: Day  # noqa: F811
) -> None:  # fmt: skip
    stores.failures.forget("password:address:127.0.0.1")
    somebody = person(stores, day.org)
    for name in ("change_member", "disable_member", "enable_member"):
        day.do(name, {"role": "lead"} if name == "change_member" else None, member_id=somebody.member_id)
    with browser(orchestrated) as one, browser(orchestrated) as two:
        mine, theirs = day.of(one), day.of(two)
        for each in (mine, theirs):
            _sign_in(each, somebody)
        found = one.get("/v1/me/sessions").json()["items"]
        mine.do("end_my_session", session_id=next(s["id"] for s in found if not s["current"]))
        mine.do("change_me", {"name": "Pat Renamed"})
        mine.do("begin_totp", {"label": "Phone"})
        _second_factors(mine, stores, somebody)
        own = mine.do(
            "create_own_key", {"name": "mine", "expires_at": f"{datetime.now(UTC) + timedelta(days=1):%FT%TZ}"}
        ).json()["api_key"]["id"]
        mine.do("revoke_own_key", key_id=own)
        (session,) = day.http.get(f"/v1/members/{somebody.member_id}/sessions").json()["items"]
        day.do("end_member_session", member_id=somebody.member_id, session_id=session["id"])
        _sign_in(theirs, somebody)
        day.do("end_member_sessions", member_id=somebody.member_id)
    with browser(orchestrated) as new:
        _joining(day.of(new), day, stores)
    no_entry_is_missing(stores, day.done)


def test_no_changing_route_is_left_out() -> None:
    said = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in CHANGING if f'"{name}"' not in said] == []
    assert (set(CHANGES_NOTHING) | ELSEWHERE) <= set(CHANGING)


def _sign_in(day: Day, who: Person) -> None:
    keep_token(day.http, day.do("sign_in_with_password", {"email": who.email, "password": PASSWORD}))


def _second_factors(day: Day, stores: StoreSet, who: Person) -> None:
    made = day.do("begin_totp", {"label": "Phone"}).json()
    code = pyotp.TOTP(made["secret"]).at(time.time() - 30)
    enrolled = day.do("confirm_totp", {"id": made["id"], "code": code})
    keep_token(day.http, enrolled)
    codes = day.do("renew_recovery_codes").json()["recovery_codes"]
    keep_token(day.http, day.do("change_password", {"old": PASSWORD, "new": PASSWORD[::-1]}))
    keep_token(day.http, day.do("change_password", {"old": PASSWORD[::-1], "new": PASSWORD}))
    for name, code in (("show_totp", pyotp.TOTP(made["secret"]).now()), ("show_recovery_code", codes[0])):
        day.do("sign_out")
        _sign_in(day, who)
        keep_token(day.http, day.do(name, {"code": code}))
    day.do("remove_my_factor", factor_id=made["id"])
    day.do("sign_out")
    _sign_in(day, who)


def _joining(new: Day, owner: Day, stores: StoreSet) -> None:
    asked = {"email": f"i-{uuid.uuid4()}@example.org", "role": "viewer"}
    withdrawn = owner.do("invite_member", asked).json()["invitation"]["id"]
    owner.do("withdraw_invitation", invitation_id=withdrawn)
    token = owner.do("invite_member", asked).json()["token"]
    about = {"token": token, "name": "New", "password": "four quiet words here"}
    new.do("look_at_invitation", {"token": token})
    keep_token(new.http, new.do("accept_invitation", about))
    new.do("sign_out")
    other = str(uuid.uuid4())
    with stores.database.tenant(other) as tx:
        make_organisation(tx, f"First {other}")
    # The same person, known by address and password, in another organisation.
    first = about | {"token": first_link(stores.database, other, "test"), "email": asked["email"]}
    keep_token(new.http, new.of(new.http, other).do("join_as_first_owner", first))
    new.do("switch_to_organisation", {"organisation": owner.org})
