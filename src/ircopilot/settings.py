"""Settings: small frozen models, read once at the edge from the environment. No secret has a default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Frozen


class StackUrls(Frozen):
    """Where the five parts answer; secrets inside. The code knows nothing else about them.

    The database has one URL per login role. `vault_url` is `file:///folder` or `s3://bucket/prefix`; `kms_url` says
    where the organisations' keys are, empty for a folder beside a vault on disk.
    """

    database_owner_url: str
    database_app_url: str
    database_lobby_url: str
    clickhouse_url: str
    nats_url: str
    nats_token: str
    redis_url: str
    vault_url: str
    kms_url: str = ""

    def __repr__(self) -> str:
        return "StackUrls(…)"  # a traceback that shows its locals must not show passwords

    __str__ = __repr__


class ExternalUrls(Frozen):
    """URLs of servers that somebody else runs; what is missing is started by us.

    `database_url` is of the role that owns the tables. Without URLs for the other two roles these are made on that
    server, which needs the right to create roles.
    """

    database_url: str | None = None
    database_app_url: str | None = None
    database_lobby_url: str | None = None
    clickhouse_url: str | None = None
    nats_url: str | None = None
    nats_token: str | None = None
    redis_url: str | None = None
    vault_url: str | None = None
    kms_url: str | None = None

    def __repr__(self) -> str:
        return f"ExternalUrls({', '.join(sorted(self.model_dump(exclude_none=True)))})"

    __str__ = __repr__


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Site(Frozen):
    """The web address that people use. Without an `origin` of its own it is whatever name the gateway is called by.

    `secure`: over TLS, or meant to be; only on loopback it is not. `rp_id` is the name that passkeys are bound to.
    """

    origin: str
    secure: bool
    rp_id: str
    cookie: str


class ServiceSettings(Frozen):
    """How the service's processes find each other and how patient they are. Times are seconds.

    `service_token` is what the gateway shows the orchestrator; without one the orchestrator listens on loopback only
    and takes calls from this machine. `public_url` is what people type to reach the gateway, `proxies` how many of your
    own stand before it and add to `X-Forwarded-For`. `lease_s` is how long a worker may be silent before its job goes to
    another, `ack_wait_s` the same for NATS, `grace_s` how long a worker asked to end may finish its job, `tidy_s` how
    often what dead workers left in the event store is looked for, `feed_days` how long changes are kept for the feed.
    `worker_http` is where a worker tells probes of itself, empty: nowhere. `uploads_dir` is where parts of uploads lie;
    several gateways share it (default: beside a vault on disk, else in the data directory).
    """

    orchestrator_address: str = "127.0.0.1:7465"
    orchestrator_http: str = "127.0.0.1:7466"
    gateway_address: str = "127.0.0.1:7464"
    worker_http: str = ""
    uploads_dir: str = ""
    service_token: str = ""
    public_url: str = ""
    proxies: int = Field(default=0, ge=0, le=8)
    oidc_private: bool = False
    lease_s: float = Field(default=20.0, gt=0)
    ack_wait_s: float = Field(default=15.0, gt=0)
    grace_s: float = Field(default=25.0, ge=0)
    sweep_s: float = Field(default=2.0, gt=0)
    tidy_s: float = Field(default=900.0, gt=0)
    feed_days: float = Field(default=30.0, ge=0.05)
    resend_after_s: float = Field(default=30.0, gt=0)
    heartbeat_s: float = Field(default=15.0, gt=0)

    @property
    def site(self) -> Site:
        """Raises `UnusableArgument` for a `public_url` over plain HTTP that is not of this machine."""
        parts = urlsplit(self.public_url or f"//{self.gateway_address}")
        host = parts.hostname or ""
        loopback = host in _LOOPBACK
        if self.public_url and (parts.scheme not in ("https", "http") or not host or parts.path.strip("/")):
            raise UnusableArgument(f"{self.public_url!r} is no web address", "set IRCOPILOT_PUBLIC_URL to https://host")
        if parts.scheme == "http" and not loopback:
            raise UnusableArgument("a public URL over plain HTTP would send sessions readably", "use https://")
        secure = parts.scheme == "https" or not loopback
        return Site(
            origin=f"{parts.scheme}://{parts.netloc}".lower() if self.public_url else "", secure=secure,
            rp_id="localhost" if loopback else host if self.public_url else "",
            cookie="__Host-ircopilot" if secure else "ircopilot",
        )  # fmt: skip

    @property
    def web_url(self) -> str:
        """Where a person's browser finds the gateway, as far as it is known here."""
        port = self.gateway_address.rpartition(":")[2]
        site = self.site
        if site.origin:
            return site.origin
        return f"https://{self.gateway_address}" if site.secure else f"http://localhost:{port}"

    def __repr__(self) -> str:
        return f"ServiceSettings(gateway={self.gateway_address}, orchestrator={self.orchestrator_address})"

    __str__ = __repr__


def service_settings(environ: Mapping[str, str] = os.environ) -> ServiceSettings:
    """From `$IRCOPILOT_<FIELD>`. Raises `UnusableArgument` for a value that cannot be one."""
    given = {n: v for n in ServiceSettings.model_fields if (v := environ.get(f"IRCOPILOT_{n.upper()}"))}
    try:
        return ServiceSettings.model_validate(given)
    except ValidationError as error:
        names = ", ".join(f"IRCOPILOT_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise UnusableArgument(f"a setting cannot be used: {names}", "see docs/operations.md") from None


class AuditSettings(Frozen):
    """How the audit log is signed. `key_file` holds the Ed25519 key, which no database holds; `key_url` names a
    key service that has one instead (`aws-kms://region`); `copies_file` gets a copy of
    each checkpoint. A log is signed after `every` entries or `age_s` seconds, whichever comes first.
    """

    key_file: Path
    key_url: str = ""
    copies_file: Path
    every: int = Field(default=100, ge=1)
    age_s: float = Field(default=60.0, gt=0)


def audit_settings(root: Path | None = None, environ: Mapping[str, str] = os.environ) -> AuditSettings:
    """From `$IRCOPILOT_AUDIT_<FIELD>`; the files are in the data directory unless named. Raises `UnusableArgument`."""
    folder = (root or data_dir(environ)) / "audit"
    given: dict[str, object] = {"key_file": folder / "signing-key.pem", "copies_file": folder / "checkpoints.jsonl"}
    given |= {n: v for n in AuditSettings.model_fields if (v := environ.get(f"IRCOPILOT_AUDIT_{n.upper()}"))}
    try:
        return AuditSettings.model_validate(given)
    except ValidationError as error:
        names = ", ".join(f"IRCOPILOT_AUDIT_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise UnusableArgument(f"a setting cannot be used: {names}", "see docs/audit.md") from None


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`. Raises `UnusableArgument`."""
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise UnusableArgument(f"{address!r} is no address", "write host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The data directory: `$IRCOPILOT_DATA_DIR`, else the platform's user data folder."""
    named = environ.get("IRCOPILOT_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("ircopilot", appauthor=False))


def external_parts(environ: Mapping[str, str] = os.environ) -> ExternalUrls:
    """What `$IRCOPILOT_DATABASE_URL`, `…_CLICKHOUSE_URL`, `…_NATS_URL`, `…_REDIS_URL`, `…_VAULT_URL`, `…_KMS_URL` name."""
    found = {name: environ.get(f"IRCOPILOT_{name.upper()}") or None for name in ExternalUrls.model_fields}
    for name in ("database_url", "database_app_url", "database_lobby_url"):
        found[name] = _psycopg_url(found[name])
    return ExternalUrls.model_validate(found)


def external_urls(environ: Mapping[str, str] = os.environ) -> StackUrls | None:
    """All URLs from the environment, or None when at least one part is left for the embedded stack."""
    found = external_parts(environ)
    owner, app, lobby = found.database_url, found.database_app_url, found.database_lobby_url
    if not (
        owner and app and lobby and found.clickhouse_url and found.nats_url and found.redis_url and found.vault_url
    ):
        return None
    return StackUrls(
        database_owner_url=owner,
        database_app_url=app,
        database_lobby_url=lobby,
        clickhouse_url=found.clickhouse_url,
        nats_url=found.nats_url,
        nats_token=found.nats_token or "",
        redis_url=found.redis_url,
        vault_url=found.vault_url,
        kms_url=found.kms_url or "",
    )


def _psycopg_url(url: str | None) -> str | None:
    # SQLAlchemy takes psycopg 2 for a bare postgresql://.
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else url
