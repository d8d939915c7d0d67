"""The audit log: one entry per deed or none, in order under many writers, refused changes, and every tampering found."""

from __future__ import annotations

import hashlib
import json
import re
import stat
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from ircopilot.access.audit import record_act
from ircopilot.access.audit_checkpoints import keep_copy, read_copies, sign_due_logs
from ircopilot.access.audit_formats import cef_line, json_line
from ircopilot.access.audit_keys import AuditSigner, audit_signer
from ircopilot.access.audit_verify import Verified, verify_log
from ircopilot.access.caller import Caller
from ircopilot.access.errors import UnusableAuditKey
from ircopilot.domain.audit import Act, Checkpoint, canonical_json, chain_entry
from ircopilot.embedded.postgres import SUPERUSER
from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres import audit as rows
from ircopilot.stores.postgres.audit import AuditFilter
from ircopilot.stores.postgres.organisations import make_organisation

NOW = timedelta(0)


@pytest.fixture
def signer(tmp_path: Path) -> AuditSigner:
    return audit_signer(tmp_path / "keys" / "key.pem")


@pytest.fixture
def database(stores: StoreSet, org: str) -> Database:
    with stores.database.tenant(org) as tx:
        make_organisation(tx, org)
    return stores.database


def caller_in(org: str) -> Caller:
    return Caller(org, "user", "u1", "lead", "mira@hollowbrook.example", address="192.0.2.7", request_id="r1")


def act(database: Database, org: str, *acts: str) -> None:
    """One transaction for each act."""
    for name in acts:
        with database.tenant(org) as tx:
            record_act(tx, caller_in(org), name, f"incident/{name}", {"n": 1}, {"n": 2})


def log_of(database: Database, org: str) -> list[Any]:
    return list(rows.all_entries(database, org))


def sign(database: Database, org: str, signer: AuditSigner, copies: Path | None = None) -> Checkpoint:
    """Other tests' organisations may be due, too."""
    (made,) = [p for p in sign_due_logs(database, signer, copies, 1, NOW) if p.org_id == org]
    return made


@contextmanager
def tampering(stack: StackUrls) -> Iterator[psycopg.Connection[Any]]:
    """The superuser, with the triggers off: what the database itself cannot prevent."""
    url = make_url(stack.database_owner_url)
    with psycopg.connect(host=str(url.query["host"]), user=SUPERUSER, dbname=url.database) as connection:
        for table in ("audit_log", "audit_checkpoints"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only".encode())
        try:
            yield connection
        finally:
            connection.rollback()
            for table in ("audit_log", "audit_checkpoints"):
                connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only".encode())


def test_a_deed_and_its_entry_are_one(database: Database, org: str) -> None:
    with pytest.raises(ZeroDivisionError), database.tenant(org) as tx:
        record_act(tx, caller_in(org), "incident.open", "incident/INC-1")
        raise ZeroDivisionError
    assert log_of(database, org) == []
    act(database, org, "incident.open", "incident.close")
    one, two = log_of(database, org)
    assert (one.seq, two.seq, one.prev_hash, two.prev_hash) == (1, 2, "", one.hash)
    assert two.did == Act(
        "user", "u1", "mira@hollowbrook.example", "192.0.2.7", "r1", "incident.close", "incident/incident.close",
        '{"n":1}', '{"n":2}',
    )  # fmt: skip


def test_the_hash_is_the_one_that_the_documentation_describes(org: str) -> None:
    did = Act("key", "k1", "key k1", "", "r", "run.start", "run/1", None, '{"a":"ä"}')
    made = chain_entry(org, 7, datetime(2026, 3, 10, 10, tzinfo=UTC), did, "ab")
    line = json.dumps(
        ["ircopilot/audit/1", org, 7, "2026-03-10T10:00:00.000000Z", "key", "k1", "key k1", "", "r", "run.start",
         "run/1", None, '{"a":"ä"}', "ab"],
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    assert made.hash == hashlib.sha256(line.encode()).hexdigest()


def test_equal_values_have_one_text_and_secrets_none() -> None:
    one = {"b": datetime(2026, 3, 10, 10, tzinfo=UTC), "a": {"x", "w"}, "password": "open sesame"}
    text_ = canonical_json(one)
    assert text_ == '{"a":["w","x"],"b":"2026-03-10T10:00:00Z","password":"(not written down)"}'
    assert canonical_json({"name": "\ud800\x00"}) == '{"name":"\\\\ud800\\u0000"}'
    assert canonical_json(None) is None


def test_fifty_writers_at_once_keep_the_order(database: Database, org: str, signer: AuditSigner) -> None:
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda n: act(database, org, f"a.{n}"), range(50)))
    entries = log_of(database, org)
    assert [entry.seq for entry in entries] == list(range(1, 51))
    assert {entry.did.act for entry in entries} == {f"a.{n}" for n in range(50)}
    assert verify_log(database, org, [signer.public]).findings == []


def test_several_acts_of_one_transaction_stay_in_order(database: Database, org: str) -> None:
    with database.tenant(org) as tx:
        for n in range(3):
            record_act(tx, caller_in(org), f"a.{n}", "x/\0\ud800")
    assert [(e.seq, e.did.act) for e in log_of(database, org)] == [(1, "a.0"), (2, "a.1"), (3, "a.2")]


@pytest.mark.parametrize("act_", ["UPDATE audit_log SET act = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"])
def test_the_database_refuses_every_change(stack: StackUrls, database: Database, org: str, act_: str) -> None:
    act(database, org, "a.b")
    with pytest.raises(DBAPIError, match="permission denied"), database.tenant(org) as tx:
        tx.connection.execute(text(act_))
    for role in ("ircopilot_owner", SUPERUSER):
        url = make_url(stack.database_owner_url)
        with psycopg.connect(host=str(url.query["host"]), user=SUPERUSER, dbname=url.database) as connection:
            connection.execute(f"SET ROLE {role}".encode())
            if role == SUPERUSER:
                connection.execute("SET session_replication_role = replica")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or removed"):
                connection.execute(act_.encode())
    assert len(log_of(database, org)) == 1


CHANGES = {
    "changed": ("UPDATE audit_log SET actor_label = 'nobody' WHERE org_id = %s AND seq = 3", "entry 3 "),
    "rehashed": ("UPDATE audit_log SET hash = repeat('0', 64) WHERE org_id = %s AND seq = 3", "entry 3 "),
    "missing": ("DELETE FROM audit_log WHERE org_id = %s AND seq = 3", "entry 3 is missing"),
    "first": ("DELETE FROM audit_log WHERE org_id = %s AND seq = 1", "entry 1 is missing"),
    "tail": ("DELETE FROM audit_log WHERE org_id = %s AND seq > 4", "entries 5 to 6 are missing"),
    "swapped": (
        "UPDATE audit_log a SET act = b.act, target = b.target, hash = b.hash, prev_hash = b.prev_hash FROM audit_log b "
        "WHERE a.org_id = %s AND b.org_id = a.org_id AND (a.seq, b.seq) IN ((2, 3), (3, 2))",
        "entry 2 ",
    ),
    "moved": ("UPDATE audit_log SET org_id = 'another-org' WHERE org_id = %s AND seq = 2", "entry 2 is missing"),
    "before": ("UPDATE audit_log SET before = NULL WHERE org_id = %s AND seq = 6", "entry 6 "),
}  # fmt: skip


@pytest.mark.parametrize("way", CHANGES)
def test_tampering_is_found_and_named(
    stack: StackUrls, database: Database, org: str, signer: AuditSigner, way: str
) -> None:  # fmt: skip
    act(database, org, *(f"a.{n}" for n in range(1, 7)))
    assert verify_log(database, org, [signer.public]).holds
    statement, said = CHANGES[way]
    with tampering(stack) as superuser:
        superuser.execute(statement.encode(), [org])
        seen = _verified_with(superuser, database, org, signer)
        superuser.execute("DELETE FROM audit_log WHERE org_id = 'another-org'")
        superuser.commit()
    assert any(said in finding for finding in seen.findings), seen.findings


def _verified_with(
    superuser: psycopg.Connection[Any], database: Database, org: str, signer: AuditSigner, copies: list[Checkpoint] | None = None
) -> Verified:  # fmt: skip
    superuser.commit()  # the application sees it, and the triggers stay off until the block ends
    return verify_log(database, org, [signer.public], copies or [])


def test_a_tail_cut_off_with_its_head_is_found_by_the_checkpoint(
    stack: StackUrls, database: Database, org: str, signer: AuditSigner, tmp_path: Path
) -> None:
    copies = tmp_path / "copies.jsonl"
    act(database, org, "a.1", "a.2", "a.3")
    point = sign(database, org, signer, copies)
    assert (point.number, point.seq) == (1, 3)
    act(database, org, "a.4")
    seen = verify_log(database, org, [signer.public])
    assert (seen.holds, seen.entries, seen.checkpoints, seen.unsigned) == (True, 4, 1, 1)
    with tampering(stack) as superuser:
        superuser.execute("DELETE FROM audit_log WHERE org_id = %s AND seq > 1", [org])
        superuser.execute(
            "UPDATE audit_heads SET seq = 1, hash = (SELECT hash FROM audit_log l WHERE l.org_id = audit_heads.org_id) "
            "WHERE org_id = %s", [org],
        )  # fmt: skip
        seen = _verified_with(superuser, database, org, signer)
        assert seen.findings == ["entries 2 to 3 are missing: a checkpoint of 3 was signed"]
        # With the checkpoint gone, too, the database alone is consistent: the copy outside of it is not.
        superuser.execute("DELETE FROM audit_checkpoints WHERE org_id = %s", [org])
        assert _verified_with(superuser, database, org, signer).holds
        seen = _verified_with(superuser, database, org, signer, read_copies(copies, org))
    assert "entries 2 to 3 are missing: a checkpoint of 3 was signed" in seen.findings
    assert any("taken out of the database" in finding for finding in seen.findings)


def test_a_chain_rewritten_whole_is_found_by_the_checkpoint(
    stack: StackUrls, database: Database, org: str, signer: AuditSigner
) -> None:
    act(database, org, "a.1", "a.2", "a.3")
    sign(database, org, signer)
    previous = ""
    with tampering(stack) as superuser:
        for entry in log_of(database, org):
            did = replace(entry.did, actor_label="nobody")
            forged = chain_entry(org, entry.seq, entry.at, did, previous)
            previous = forged.hash
            superuser.execute(
                "UPDATE audit_log SET actor_label = 'nobody', prev_hash = %s, hash = %s WHERE org_id = %s AND seq = %s",
                [forged.prev_hash, forged.hash, org, entry.seq],
            )
        superuser.execute("UPDATE audit_heads SET hash = %s WHERE org_id = %s", [previous, org])
        seen = _verified_with(superuser, database, org, signer)
        assert seen.findings == ["entry 3 is not the one that a checkpoint signed: what leads to it was rewritten"]
        superuser.execute("UPDATE audit_checkpoints SET hash = %s WHERE org_id = %s", [previous, org])
        seen = _verified_with(superuser, database, org, signer)
    assert seen.findings == ["checkpoint 1 (entry 3) was changed: its signature is wrong"]


def test_checkpoints_follow_each_other_and_only_when_due(
    stack: StackUrls, database: Database, org: str, signer: AuditSigner, tmp_path: Path
) -> None:
    act(database, org, "a.1")
    assert org not in [p.org_id for p in sign_due_logs(database, signer, None, 10_000, timedelta(days=36500))]
    first = sign(database, org, signer)
    assert org not in [p.org_id for p in sign_due_logs(database, signer, None, 1, timedelta(0))]
    act(database, org, "a.2")
    second = sign(database, org, signer)
    assert (second.number, second.prev_signature) == (2, first.signature)
    with tampering(stack) as superuser:
        superuser.execute("DELETE FROM audit_checkpoints WHERE org_id = %s AND number = 1", [org])
        seen = _verified_with(superuser, database, org, signer)
    assert seen.findings == ["checkpoint 2 does not follow the one before: one is missing or was exchanged"]
    other = audit_signer(tmp_path / "other.pem")
    assert any("unknown key" in f for f in verify_log(database, org, [other.public]).findings)


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        made = {signer.key_id for signer in pool.map(lambda _: audit_signer(path), range(8))}
    assert len(made) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(UnusableAuditKey, match="read by others"):
        audit_signer(path)
    with pytest.raises(UnusableAuditKey, match="there is no"):
        audit_signer(tmp_path / "none.pem", make=False)
    (tmp_path / "bad.pem").write_text("no key")
    (tmp_path / "bad.pem").chmod(0o600)
    with pytest.raises(UnusableAuditKey, match="cannot be used"):
        audit_signer(tmp_path / "bad.pem")


def test_a_broken_line_among_the_copies_is_passed_over(tmp_path: Path, signer: AuditSigner, org: str) -> None:
    point = signer.sign(Checkpoint(org, 1, 2, "ab", datetime(2026, 3, 10, tzinfo=UTC), "", ""))
    copies = tmp_path / "copies.jsonl"
    copies.write_text('{"org_id": \n')
    keep_copy(copies, point)
    keep_copy(copies, replace(point, org_id="other"))
    assert read_copies(copies, org) == [point]


def test_entries_are_found_by_actor_act_target_and_time(database: Database, org: str) -> None:
    act(database, org, "run.start", "run.cancel", "runner.start", "incident.close")

    def found(**wanted: Any) -> list[str]:
        with database.tenant(org) as tx:
            return [e.did.act for e in rows.page_entries(tx, AuditFilter(**wanted), 10)]

    assert found(act="run.") == ["run.cancel", "run.start"]
    assert found(act="run.start") == ["run.start"]
    assert found(actor="u1") == found(actor="mira@hollowbrook.example") == found()
    assert found(actor="nobody") == []
    assert found(target="incident") == found()
    assert found(target="incident/run.start") == ["run.start"]
    assert found(target="incident/run") == []
    assert found(since=datetime.now(UTC) + timedelta(hours=1)) == []


def test_cef_escapes_what_would_break_a_line(org: str) -> None:
    did = Act("user", "u1", "a=b\\c\nd|e", "192.0.2.7", "r1", "x|y\\z\n.close", "t=1\r\n", None, '{"a":"b=c"}')
    entry = chain_entry(org, 7, datetime(2026, 3, 10, 10, tzinfo=UTC), did, "")
    line = cef_line(entry).decode()
    assert line.count("\n") == 1
    head, extension = re.split(r"(?<!\\)\|(?=rt=)", line)
    assert re.split(r"(?<!\\)\|", head)[4:] == ["x\\|y\\\\z .close", "x\\|y\\\\z  close", "4"]
    assert "suser=a\\=b\\\\c\\nd|e " in extension
    assert "cs1=t\\=1\\r\\n cs1Label" not in extension
    assert 'cs3={"a":"b\\=c"} ' in extension
    assert "src=192.0.2.7 " in extension
    assert "rt=1773136800000 " in extension
    six = cef_line(chain_entry(org, 8, entry.at, replace(did, address="2001:db8::1"), "")).decode()
    assert "c6a2=2001:db8::1" in six
    assert json.loads(json_line(entry))["after"] == '{"a":"b=c"}'


def test_the_command_verifies_and_names_what_is_wrong(
    stack: StackUrls, database: Database, signer: AuditSigner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from ircopilot.cli.app import app

    org = str(uuid.uuid4())
    for name, url in stack.model_dump().items():
        monkeypatch.setenv(f"IRCOPILOT_{name.upper()}", url)
    monkeypatch.setenv("IRCOPILOT_DATABASE_URL", stack.database_owner_url)
    monkeypatch.setenv("IRCOPILOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IRCOPILOT_AUDIT_KEY_FILE", str(tmp_path / "keys" / "key.pem"))
    with database.tenant(org) as tx:
        make_organisation(tx, "Audited Ltd")
    act(database, org, "a.1", "a.2")
    said = CliRunner().invoke(app, ["audit", "verify", "--org", org])
    assert said.exit_code == 0, said.output
    assert "2 entries, 0 checkpoints, 2 not signed yet: holds" in " ".join(said.output.split())
    assert CliRunner().invoke(app, ["audit", "public-key"]).output == signer.public_pem()
    with tampering(stack) as superuser:
        superuser.execute("UPDATE audit_log SET act = 'a.9' WHERE org_id = %s AND seq = 2", [org])
        superuser.commit()
        said = CliRunner().invoke(app, ["audit", "verify", "--org", org])
    assert said.exit_code == 1
    assert "entry 2 (a.9 by mira@hollowbrook.example) was changed" in " ".join(said.output.split())
