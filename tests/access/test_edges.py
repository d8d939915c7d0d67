"""What seldom happens to tenants: refusals of the machine's own commands, a fence, a last part that fails, a log without its head."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from access.test_audit import act, sign
from ircopilot.access.audit_checkpoints import sign_due_logs, sign_log
from ircopilot.access.audit_keys import audit_signer, public_key
from ircopilot.access.audit_verify import verify_log
from ircopilot.access.errors import OrganisationExists, UnusableAuditKey
from ircopilot.access.joining import invite_from_machine
from ircopilot.access.keys import create_key
from ircopilot.access.organisations import create_organisation
from ircopilot.access.policy import Policy
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.held import HeldTransaction, holding
from ircopilot.stores.postgres.organisations import change_organisation, find_organisation, make_organisation


@pytest.fixture
def org(stores: StoreSet) -> str:
    made = str(uuid.uuid4())
    with stores.database.tenant(made) as tx:
        make_organisation(tx, f"Edge {made}")
    return made


def test_an_organisation_is_made_once_and_by_a_name(stores: StoreSet) -> None:
    name = f"Made {uuid.uuid4()}"
    made = create_organisation(stores.database, name)
    with pytest.raises(OrganisationExists, match="there is one called"):
        create_organisation(stores.database, name)
    with pytest.raises(UnusableArgument, match="an id is no name"):
        create_organisation(stores.database, str(uuid.uuid4()))
    with stores.database.tenant(made.org_id) as tx:
        assert change_organisation(tx, made.version, name=f"Renamed {uuid.uuid4()}")
    with pytest.raises(OrganisationExists, match="was made before"):
        create_organisation(stores.database, name)


def test_the_machine_gives_no_role_scope_or_name_that_there_is_not(stores: StoreSet, org: str) -> None:
    for role, scopes, name in (("king", None, "k"), ("viewer", ["no:such"], "k"), ("viewer", None, " ")):
        with pytest.raises(UnusableArgument):
            create_key(stores.database, org, name, None, role, scopes)
    for role in ("service", "king"):
        with pytest.raises(UnusableArgument, match="nobody can be invited"):
            invite_from_machine(stores.database, org, role)
    assert invite_from_machine(stores.database, org, "owner")[0] == "first"
    assert invite_from_machine(stores.database, org, "viewer", f"v-{org}@example.org")[0] == "member"


def test_a_fence_that_refuses_undoes_the_transaction(stores: StoreSet, org: str) -> None:
    def refuse(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), stores.database.fenced(refuse).tenant(org) as tx:
        assert change_organisation(tx, 1, name=f"Fenced {org}")
    with stores.database.tenant(org) as tx:
        found = find_organisation(tx)
        assert found is not None
        assert found.version == 1
    with pytest.raises(UnusableArgument, match="no account"), stores.database.person(""):
        pass
    with pytest.raises(UnusableArgument, match="no organisation"), stores.database.tenant(""):
        pass


def test_a_last_part_that_fails_undoes_all_of_it(stores: StoreSet, org: str) -> None:
    held = HeldTransaction(org)
    with holding(held), stores.database.tenant(org) as tx:
        assert change_organisation(tx, 1, name=f"Held {org}")

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        held.finish(fail)
    assert held.over
    with stores.database.tenant(org) as tx:
        found = find_organisation(tx)
        assert found is not None
        assert found.version == 1


def test_casbin_is_asked_again_when_it_stumbles(monkeypatch: pytest.MonkeyPatch) -> None:
    policy, answers = Policy("org", 0, {}), [SystemError(), SystemError()]
    ask = policy._enforcer.enforce

    def stumbling(*asked: Any) -> bool:
        if answers:
            raise answers.pop()
        return bool(ask(*asked))

    monkeypatch.setattr(policy._enforcer, "enforce", stumbling)
    assert "incident:read" in policy.granted("viewer")
    assert answers == []
    monkeypatch.setattr(policy._enforcer, "enforce", lambda *_: (_ for _ in ()).throw(SystemError()))
    with pytest.raises(SystemError):
        policy._decide("viewer", "incident:read")


def test_a_log_is_signed_once_and_misses_its_head(stores: StoreSet, org: str, tmp_path: Path) -> None:
    signer = audit_signer(tmp_path / "key.pem")
    with stores.database.tenant(org) as tx:
        assert sign_log(tx, signer, datetime.now(UTC)) is None
    act(stores.database, org, "a.1")
    sign(stores.database, org, signer)
    with stores.database.tenant(org) as tx:
        assert sign_log(tx, signer, datetime.now(UTC)) is None
    assert not [p for p in sign_due_logs(stores.database, signer, None, 1, timedelta(0)) if p.org_id == org]
    elsewhere = str(uuid.uuid4())
    assert verify_log(stores.database, elsewhere, [signer.public]).holds
    with stores.database.tenant(org) as tx:
        tx.connection.execute(text("UPDATE audit_heads SET seq = 5"))
    assert "entries 2 to 5 are missing: the head names 5" in verify_log(stores.database, org, [signer.public]).findings


def test_a_public_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    pair = generate_private_key(65537, 2048)
    pem, private = tmp_path / "rsa.pem", tmp_path / "private.pem"
    pem.write_bytes(pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private.write_bytes(pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    for read, path in ((public_key, pem), (audit_signer, private)):
        with pytest.raises(UnusableAuditKey, match="another kind"):
            read(path)  # type: ignore[operator]
    pem.write_text("no key")
    with pytest.raises(UnusableAuditKey, match="cannot be used"):
        public_key(pem)
