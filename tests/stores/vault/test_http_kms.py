"""Keys under Google Cloud KMS and under Vault's transit engine, against local servers of those protocols."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ircopilot.stores.vault import DestroyedKey, UnreachableVault, UnusableVault, open_vault
from ircopilot.stores.vault.drivers import open_kms
from ircopilot.stores.vault.keyset_stores import LocalKeysetStore
from ircopilot.stores.vault.kms_http import RefusedByService
from ircopilot.stores.vault.kms_ring import KmsKeyRing

from .key_servers import GcpServer, KeyServer, TransitServer, serving
from .ring_suite import OpenRing, RingSuite


class Served:
    """A server and the URL by which our code finds it."""

    def __init__(self, server: KeyServer, url: str) -> None:
        self.server, self.url = server, url


@pytest.fixture
def gcp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    server = GcpServer()
    with serving(server) as host:
        monkeypatch.setenv("GCE_METADATA_HOST", host)
        monkeypatch.delenv("IRCOPILOT_GCP_TOKEN_FILE", raising=False)
        yield Served(server, f"gcp-kms://{server.RING}?endpoint=http://{host}")


@pytest.fixture
def transit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    server = TransitServer()
    monkeypatch.setenv("VAULT_TOKEN", server.TOKEN)
    with serving(server) as host:
        yield Served(server, f"hcvault+http://{host}/transit")


@pytest.fixture(params=["gcp", "transit"])
def served(request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(request.param)
    return found


class TestGcpKeyRing(RingSuite):
    """`KmsKeyRing` over Google Cloud KMS keeps the protocol."""

    @pytest.fixture
    def open_ring(self, gcp: Served, tmp_path: Path) -> OpenRing:
        return lambda: KmsKeyRing(open_kms(gcp.url), LocalKeysetStore(tmp_path / "keysets"))


class TestTransitKeyRing(RingSuite):
    """`KmsKeyRing` over Vault's transit engine keeps the protocol."""

    @pytest.fixture
    def open_ring(self, transit: Served, tmp_path: Path) -> OpenRing:
        return lambda: KmsKeyRing(open_kms(transit.url), LocalKeysetStore(tmp_path / "keysets"))


def test_rewrapping_frees_the_old_version_of_the_service(served: Served, tmp_path: Path) -> None:
    store = LocalKeysetStore(tmp_path)
    ring = KmsKeyRing(open_kms(served.url), store)
    sealed = ring.key_of("org").encrypt(b"plain", b"")
    open_kms(served.url).rotate_key("ircopilot-org")
    list(ring.rewrap("org"))
    assert store.generations("org") == [2]
    del served.server.keys["ircopilot-org"][1]
    assert KmsKeyRing(open_kms(served.url), store).key_of("org").decrypt(sealed, b"") == b"plain"


def test_a_keyset_saved_from_before_does_not_bring_back_the_destroyed(served: Served, tmp_path: Path) -> None:
    vault_url = (tmp_path / "vault").as_uri()
    vault = open_vault(vault_url, served.url)
    sha256, _ = vault.put("gone", [b"their evidence"])
    stays, _ = vault.put("stays", [b"other evidence"])
    shutil.copytree(tmp_path / "vault.keys", tmp_path / "saved")
    vault.keys.destroy("gone")
    shutil.rmtree(tmp_path / "vault.keys")
    shutil.copytree(tmp_path / "saved", tmp_path / "vault.keys")
    with pytest.raises(DestroyedKey):
        open_vault(vault_url, served.url).open("gone", sha256)
    with pytest.raises(DestroyedKey):
        list(open_vault(vault_url, served.url).keys.rewrap("gone"))
    with open_vault(vault_url, served.url).open("stays", stays) as stream:
        assert stream.read() == b"other evidence"


def test_one_question_for_many_objects(served: Served, tmp_path: Path) -> None:
    vault = open_vault((tmp_path / "vault").as_uri(), served.url)
    vault.put("org", [b"first"])
    asked = len(served.server.log)
    for n in range(20):
        vault.put("org", [b"%d" % n])
    assert len(served.server.log) == asked


def test_a_service_that_fails_is_said_to_be_away(served: Served, tmp_path: Path) -> None:
    ring = KmsKeyRing(open_kms(served.url), LocalKeysetStore(tmp_path))
    ring._kms.make_key("ircopilot-org")
    served.server.failing = 1
    with pytest.raises(UnreachableVault):
        ring.key_of("org")
    assert ring.key_of("org").decrypt(ring.key_of("org").encrypt(b"x", b""), b"") == b"x"


def test_associated_data_is_bound(served: Served) -> None:
    kms = open_kms(served.url)
    kms.make_key("ircopilot-org")
    sealed = kms.aead_of("ircopilot-org").encrypt(b"plain", b"context")
    assert kms.aead_of("ircopilot-org").decrypt(sealed, b"context") == b"plain"
    with pytest.raises(RefusedByService):
        kms.aead_of("ircopilot-org").decrypt(sealed, b"other")


def test_a_wrong_token_is_refused_and_not_shown(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("not-the-token\n")
    monkeypatch.setenv("VAULT_TOKEN", "")
    monkeypatch.setenv("VAULT_TOKEN_FILE", str(token))
    monkeypatch.setenv("IRCOPILOT_GCP_TOKEN_FILE", str(token))
    with pytest.raises(UnusableVault, match=r"HTTP 40[13]") as refused:
        open_kms(served.url).make_key("ircopilot-org")
    assert "not-the-token" not in str(refused.value)
    token.write_text(served.server.TOKEN + "\n")  # type: ignore[attr-defined]
    open_kms(served.url).make_key("ircopilot-org")
    token.unlink()
    with pytest.raises(UnusableVault, match="token"):
        open_kms(served.url).make_key("ircopilot-org")


@pytest.mark.parametrize(
    "url",
    [
        "hcvault+http://vault.example/transit",
        "hcvault://vault.example/../sys",
        "hcvault:///transit",
        f"gcp-kms://{GcpServer.RING}?endpoint=http://kms.example",
        "gcp-kms://projects/p1/locations/l",
        f"gcp-kms://{GcpServer.RING}/../../x",
    ],
)
def test_an_address_that_is_unsafe_or_none(url: str) -> None:
    with pytest.raises(UnusableVault):
        open_kms(url)


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _certificate(tmp_path / "server.pem")
    server = TransitServer()
    monkeypatch.setenv("VAULT_TOKEN", server.TOKEN)
    with serving(server, str(path)) as host:
        with pytest.raises(UnreachableVault):
            open_kms(f"hcvault://{host}/transit").make_key("ircopilot-org")
        assert server.log == [], "the token has not left"
        monkeypatch.setenv("VAULT_CACERT", str(path))
        open_kms(f"hcvault://{host}/transit").make_key("ircopilot-org")
    assert list(server.keys) == ["ircopilot-org"]


def _certificate(path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vault.example")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path
