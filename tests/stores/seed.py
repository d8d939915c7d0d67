"""One row of every tenant table for an organisation, by table, so that a matrix over all of them can be walked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.accounts import make_account
from ircopilot.stores.postgres.tables import metadata

AT = datetime(2026, 3, 10, tzinfo=UTC)

# In the order in which references allow; `{n}` tells rows of one organisation apart, `1` are the parents.
_ROWS: dict[str, dict[str, Any]] = {
    "organisations": {"name": "n"},
    "incidents": {"incident_id": "i{n}", "key": "INC-{n}", "title": "t"},
    "artifacts": {"sha256": "{n}" * 64, "size": 3, "media_type": "text/plain"},
    "incident_artifacts": {
        "incident_id": "i{n}", "sha256": "1" * 64, "name": "a", "format": "", "received_from": "here",
    },
    "artifact_errors": {"incident_id": "i1", "sha256": "1" * 64, "locator": "line:{n}", "reason": "bad"},
    "custody": {"incident_id": "i1", "sha256": "1" * 64, "act": "received", "actor": "me", "detail": {}},
    "loads": {
        "load_id": "l{n}", "artifact_sha256": "1" * 64, "mapping": "m", "mapping_version": "1", "clock": {},
        "state": "writing", "records": 0, "events": 0, "skips": 0, "errors": 0, "parse_errors": [],
    },
    "incident_loads": {"incident_id": "i{n}", "load_id": "l1"},
    "runs": {"run_id": "r{n}", "incident_id": "i1", "state": "running", "parameters": {}},
    "run_events": {"run_id": "r1", "number": "{n}", "stage": "collect", "payload": {}},
    "results": {"incident_id": "i1", "stage": "report", "version": "{n}", "run_id": "r1", "document": {}},
    "jobs": {
        "job_id": "j{n}", "incident_id": "i1", "run_id": "r1", "subject": "report.draft", "payload": {},
        "state": "queued", "attempt": 1, "max_attempts": 5,
    },
    "outbox": {"job_id": "j1", "attempt": "{n}", "subject": "report.draft", "body": {}},
    "deposits": {
        "deposit_id": "d{n}", "incident_id": "i1", "sha256": "1" * 64, "name": "a", "size": 3, "received_from": "me",
    },
    "members": {"member_id": "m{n}", "account_id": None, "kind": "service", "name": "m", "role": "service"},
    "invitations": {
        "invitation_id": "{org}-{n}", "kind": "member", "role": "viewer", "digest": "1" * 64, "created_by": "me",
        "expires_at": "2100-01-01T00:00:00Z",
    },
    "oidc_providers": {
        "provider_id": "{org}-{n}", "name": "p", "issuer": "https://id.example", "client_id": "c", "secret": "s",
        "scopes": "openid", "groups_claim": "groups", "group_roles": {},
    },
    "identities": {"provider_id": "{org}-1", "subject": "s{n}", "account_id": "{org}-{n}"},
    "api_keys": {"key_id": "{org}-{n}", "name": "k", "digest": "1" * 64, "role": "service"},
    "dead_letters": {"job_id": "j1", "attempt": 1, "reason": "r", "body": {}},
    "report_versions": {"incident_id": "i1", "number": "{n}", "basis": 1, "run_id": "r1", "origin": "run", "unfit": []},
    "report_claims": {
        "incident_id": "i1", "number": 1, "claim_id": "c{n}", "section": "s", "position": 1, "claim": {}, "draft": {},
    },
    "report_acts": {"incident_id": "i1", "number": 1, "act": "accept", "by": "me", "by_id": "u1", "detail": {}},
    "report_records": {"incident_id": "i1", "event_id": "e{n}", "record": {}},
    "report_policies": {"name": "p{n}", "value": True},
    "entity_words": {"incident_id": "i1", "entity_id": "e{n}", "role": "benign", "by": "me", "by_id": "u1"},
    "indicator_words": {
        "incident_id": "i1", "indicator_id": "n{n}", "type": "ipv4", "value": "192.0.2.1", "verdict": "benign",
        "added": False, "evidence": [], "by": "me", "by_id": "u1",
    },
    "exports": {
        "export_id": "x{n}", "incident_id": "i1", "number": 1, "format": "json", "options": {}, "run_id": "r1",
        "by": "me", "by_id": "u1",
    },
    "redactions": {"incident_id": "i1", "value": "v{n}", "number": "{n}"},
    "audit_log": {
        "seq": "{n}", "at": AT, "actor_kind": "key", "actor_id": "k", "actor_label": "key k", "address": "",
        "request_id": "", "act": "run.start", "target": "run/r1", "prev_hash": "", "hash": "1" * 64,
    },
    "audit_heads": {"seq": "{n}"},
    "audit_checkpoints": {
        "number": "{n}", "seq": 1, "hash": "1" * 64, "at": AT, "key_id": "k", "prev_signature": "", "signature": "s",
    },
    "role_policies": {"role": "r{n}", "permissions": ["run:read"], "updated_by": "me"},
    "policy_versions": {"version": "{n}"},
    "idempotency_keys": {"caller": "key:k", "key": "k{n}", "request": "POST /", "attempt": 1, "lease_until": AT},
    "incident_grants": {"incident_id": "i1", "principal": "p{n}", "granted_by": "me"},
    "comments": {
        "comment_id": "c{n}", "incident_id": "i1", "thread_id": "c{n}", "anchor_type": "incident", "anchor_id": "i1",
        "body": "b", "author": "me", "author_name": "Me",
    },
    "mention_reads": {"principal": "p{n}", "comment_id": "c1"},
    "actions": {
        "action_id": "a{n}", "incident_id": "i1", "title": "t", "state": "open", "phase": "recovery", "rank": "h",
        "citations": [], "source": "hand", "created_by": "me",
    },
    "playbooks": {"playbook_id": "p{n}"},
    "playbook_versions": {
        "playbook_id": "p1", "version": "{n}", "name": "n", "description": "", "steps": [], "created_by": "me",
    },
    "playbook_uses": {"incident_id": "i1", "playbook_id": "p{n}", "version": 1, "name": "n", "applied_by": "me"},
    "saved_filters": {
        "filter_id": "f{n}", "owner": "me", "name": "n{n}", "kind": "incidents", "query": "", "view": {},
    },
    "feed_events": {"incident_id": "i1", "kind": "incident.opened", "payload": {}},
    "uploads": {
        "upload_id": "u{n}", "incident_id": "i1", "name": "a", "metadata": {}, "length": 3, "wrapped_key": "k",
        "and_run": False, "made_by": "me", "expires_at": "2031-01-01T00:00:00Z",
    },
    "upload_parts": {"upload_id": "u1", "first_byte": "{n}", "size": 1, "file": "f"},
    "event_marks": {
        "incident_id": "i1", "event_id": "{n}" * 32, "kind": "tag", "label": "l", "load_id": "l1", "made_by": "me",
        "time": "2031-01-01T00:00:00Z",
    },
    "chores": {"chore_id": "c{n}", "kind": "k{n}", "state": "done"},
    "event_notes": {"note_id": "n{n}", "incident_id": "i1", "event_id": "{n}" * 32, "body": "b", "made_by": "me"},
}  # fmt: skip


def row_of(table: str, org_id: str, n: int) -> dict[str, Any]:
    """Row number `n` (1..9) of the table for that organisation."""
    columns = metadata.tables[table].c
    row: dict[str, Any] = {"org_id": org_id}
    for name, value in _ROWS[table].items():
        filled = value.replace("{n}", str(n)).replace("{org}", org_id) if isinstance(value, str) else value
        row[name] = int(filled) if columns[name].type.python_type is int else filled
    return row


def insert_row(connection: Connection, table: str, row: dict[str, Any]) -> None:
    """Insert without asking for anything back, so that only the INSERT policy decides."""
    connection.execute(metadata.tables[table].insert().inline().values(row))


def seed(database: Database, org_id: str) -> None:
    """Row 1 of every table, an incident `i2` for links to point at, and two people."""
    for n in (1, 2):
        account_id = f"{org_id}-{n}"
        with database.person(account_id) as connection:
            make_account(connection, account_id, f"{account_id}@example.org", "n")
    with database.tenant(org_id) as tx:
        for table in _ROWS:
            insert_row(tx.connection, table, row_of(table, org_id, 1))
        insert_row(tx.connection, "incidents", row_of("incidents", org_id, 2))
        # The relay of other tests must not come across a body that is no message.
        tx.connection.execute(text("UPDATE outbox SET published_at = now()"))
