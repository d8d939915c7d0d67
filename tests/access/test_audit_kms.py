"""The audit log signed by a key in AWS KMS (moto's server over HTTP), and verified with its public half alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.stores.vault.conftest import REGION, aws  # noqa: F401, a fixture
from typer.testing import CliRunner

from access.test_audit import act, sign
from ircopilot.access.audit_keys import audit_signer, is_signed_by, kms_signer, public_key, signer_of
from ircopilot.access.audit_verify import verify_log
from ircopilot.access.errors import UnusableAuditKey
from ircopilot.cli.app import app
from ircopilot.settings import AuditSettings, StackUrls, audit_settings
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres import audit as rows
from ircopilot.stores.postgres.organisations import make_organisation
from ircopilot.stores.vault import UnreachableVault


@pytest.fixture
def url(aws: str) -> str:  # noqa: F811
    return f"aws-kms://{REGION}?endpoint={aws}"


@pytest.fixture
def database(stores: StoreSet) -> Iterator[Database]:
    yield stores.database


def logged(database: Database, *acts: str) -> str:
    org = str(uuid.uuid4())
    with database.tenant(org) as tx:
        make_organisation(tx, f"Audited {org}")
    act(database, org, *acts)
    return org


def test_a_key_that_nobody_holds_signs_and_its_public_half_verifies(
    url: str, database: Database, tmp_path: Path
) -> None:
    signer = kms_signer(url)
    assert kms_signer(url).key_id == signer.key_id  # made once
    org = logged(database, "a.1", "a.2")
    point = sign(database, org, signer)
    pem = tmp_path / "audit.pem"
    pem.write_text(signer.public_pem())
    public = public_key(pem)
    assert is_signed_by(public, point)
    assert verify_log(database, org, [public]).holds
    for forged in (replace(point, hash="0" * 64), replace(point, signature="00"), replace(point, seq=1)):
        assert not is_signed_by(public, forged)
    other = audit_signer(tmp_path / "other.pem").public
    assert "unknown key" in str(verify_log(database, org, [other]).findings)


def test_a_log_goes_from_a_file_s_key_to_the_service_s(url: str, database: Database, tmp_path: Path) -> None:
    old, new = audit_signer(tmp_path / "key.pem"), kms_signer(url)
    org = logged(database, "a.1")
    sign(database, org, old)
    act(database, org, "a.2")
    sign(database, org, new)
    assert verify_log(database, org, [old.public, new.public]).holds
    with database.tenant(org) as tx:
        assert [p.key_id for p in rows.list_checkpoints(tx)] == [old.key_id, new.key_id]


def test_the_settings_name_the_service(url: str, tmp_path: Path) -> None:
    settings = audit_settings(tmp_path, {"IRCOPILOT_AUDIT_KEY_URL": url})
    assert signer_of(settings).key_id == kms_signer(url).key_id
    assert not settings.key_file.exists()
    plain = AuditSettings(key_file=tmp_path / "k.pem", copies_file=tmp_path / "c")
    assert signer_of(plain).key_id == audit_signer(tmp_path / "k.pem").key_id


def test_a_service_that_cannot_sign_or_is_away_is_told_so(url: str) -> None:
    with pytest.raises(UnusableAuditKey, match="signs no audit log"):
        kms_signer("hcvault+http://127.0.0.1:9/transit")
    with pytest.raises(UnreachableVault):
        kms_signer(f"aws-kms://{REGION}?endpoint=http://127.0.0.1:9")


def test_the_command_verifies_with_the_public_key_alone(
    url: str, stack: StackUrls, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    org = logged(database, "a.1")
    sign(database, org, kms_signer(url))
    for name, value in stack.model_dump().items():
        monkeypatch.setenv(f"IRCOPILOT_{name.upper()}", value)
    monkeypatch.setenv("IRCOPILOT_DATABASE_URL", stack.database_owner_url)
    monkeypatch.setenv("IRCOPILOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IRCOPILOT_AUDIT_KEY_URL", url)
    pem = tmp_path / "audit.pem"
    pem.write_text(CliRunner().invoke(app, ["audit", "public-key"]).output)
    assert CliRunner().invoke(app, ["audit", "verify", "--org", org]).exit_code == 0
    # Where nobody reaches the service.
    monkeypatch.setenv("IRCOPILOT_AUDIT_KEY_URL", f"aws-kms://{REGION}?endpoint=http://127.0.0.1:9")
    said = CliRunner().invoke(app, ["audit", "verify", "--org", org, "--public-key", str(pem)])
    assert said.exit_code == 0, said.output
    assert "1 checkpoints, 0 not signed yet: holds" in " ".join(said.output.split())
