"""Tables of people, how they sign in, and what they may do.

Those of people have no `org_id`: a row is seen while `app.account_id` names its account.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    text,
)

from ircopilot.stores.postgres.tables.base import (
    Id,
    key_column,
    metadata,
    need,
    now_column,
    org_column,
    time_column,
    within,
)

APPEND_ONLY: tuple[str, ...] = ()


def _account(*, key: bool = True, needed: bool = True) -> Column[str]:
    to = ForeignKey("accounts.account_id", ondelete="CASCADE")
    return Column("account_id", Id, to, primary_key=key, nullable=not needed)


accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Id, primary_key=True),
    need("email"),
    need("name"),
    Column("home_org", Id, ForeignKey("organisations.org_id", ondelete="CASCADE")),
    need("epoch", Integer, server_default="1"),
    now_column("created_at"),
    Index("accounts_by_email", "email", unique=True, postgresql_where=text("home_org IS NULL")),
)

passwords = Table("passwords", metadata, _account(), need("hash"), now_column("changed_at"))

factors = Table(
    "factors",
    metadata,
    _account(),
    key_column("factor_id"),
    need("kind"),
    need("label"),
    need("material"),
    Column("credential_id", Id, unique=True),
    need("counter", BigInteger, server_default="0"),
    now_column("created_at"),
    time_column("confirmed_at"),
    time_column("last_used_at"),
)

recovery_codes = Table(
    "recovery_codes", metadata, _account(), key_column("digest"), now_column("created_at"), time_column("used_at")
)

members = Table(
    "members",
    metadata,
    org_column(),
    key_column("member_id"),
    _account(key=False, needed=False),
    need("kind"),
    need("name"),
    need("role"),
    need("state", server_default="active"),
    now_column("created_at"),
    time_column("disabled_at"),
    need("version", Integer, server_default="1"),
    UniqueConstraint("org_id", "account_id"),
)

invitations = Table(
    "invitations",
    metadata,
    org_column(),
    Column("invitation_id", Id, primary_key=True, unique=True),
    need("kind"),
    Column("email", Id),
    need("role"),
    need("digest"),
    need("created_by"),
    now_column("created_at"),
    need("expires_at", DateTime(timezone=True)),
    time_column("used_at"),
    time_column("revoked_at"),
)

oidc_providers = Table(
    "oidc_providers",
    metadata,
    org_column(),
    Column("provider_id", Id, primary_key=True, unique=True),
    need("name"),
    need("issuer"),
    need("client_id"),
    need("secret"),
    need("scopes"),
    need("groups_claim"),
    need("group_roles", JSON),
    Column("default_role", Id),
    need("trust_mfa", Boolean, server_default="false"),
    need("enabled", Boolean, server_default="true"),
    now_column("created_at"),
    need("version", Integer, server_default="1"),
)

identities = Table(
    "identities",
    metadata,
    org_column(),
    key_column("provider_id"),
    key_column("subject"),
    _account(key=False),
    now_column("created_at"),
    time_column("last_seen_at"),
    UniqueConstraint("org_id", "provider_id", "account_id"),
    within("oidc_providers", "provider_id"),
)
