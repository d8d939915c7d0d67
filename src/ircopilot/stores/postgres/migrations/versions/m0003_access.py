"""People, how they sign in, and what they may do.

A person's account belongs to no organisation, for one person may be a member of several: its tables have no `org_id`,
and their rows are seen by the application only while `app.account_id` names that account. The lobby finds an account
by the exact address that was typed, an invitation by its id, and the organisations of the account that has signed in;
it sees neither password nor factor.
"""

from __future__ import annotations

from alembic import op

from ircopilot.stores.postgres.migrations.tenant_tables import ID, MAYBE, NOW, ORG, make_tables, no_way_back

revision = "0003"
down_revision = "0002"

ACCOUNT = "FOREIGN KEY (account_id) REFERENCES accounts ON DELETE CASCADE"
MEMBER = "FOREIGN KEY (org_id, member_id) REFERENCES members ON DELETE CASCADE"
ROLE = f"role {ID} CHECK (role IN ('owner', 'admin', 'lead', 'analyst', 'viewer', 'auditor', 'service'))"
_ACCOUNT_IS = "account_id = nullif(current_setting('app.account_id', true), '')"

PEOPLE: dict[str, str] = {
    # `home_org`: an account that an organisation's sign-in provider made; it can never be used for another one.
    "accounts": f"""
        account_id {ID} PRIMARY KEY, email {ID}, name {ID}, home_org {MAYBE} REFERENCES organisations ON DELETE CASCADE,
        epoch integer NOT NULL DEFAULT 1, created_at {NOW}, CHECK (account_id <> ''), CHECK (email <> '')""",
    "passwords": f"account_id {ID} PRIMARY KEY, hash {ID}, changed_at {NOW}, {ACCOUNT}",
    "factors": f"""
        account_id {ID}, factor_id {ID}, kind {ID} CHECK (kind IN ('totp', 'passkey')), label {ID}, material {ID},
        credential_id {MAYBE} UNIQUE, counter bigint NOT NULL DEFAULT 0, created_at {NOW}, confirmed_at timestamptz,
        last_used_at timestamptz, PRIMARY KEY (account_id, factor_id), {ACCOUNT},
        CHECK ((kind = 'passkey') = (credential_id IS NOT NULL))""",
    "recovery_codes": f"""
        account_id {ID}, digest {ID}, created_at {NOW}, used_at timestamptz, PRIMARY KEY (account_id, digest), {ACCOUNT},
        CHECK (digest ~ '^[0-9a-f]{{64}}$')""",
}

TABLES: dict[str, str] = {
    "members": f"""
        {ORG}, member_id {ID}, account_id {MAYBE}, kind {ID} CHECK (kind IN ('person', 'service')), name {ID}, {ROLE},
        state {ID} DEFAULT 'active' CHECK (state IN ('active', 'disabled')), created_at {NOW}, disabled_at timestamptz,
        version integer NOT NULL DEFAULT 1, PRIMARY KEY (org_id, member_id), UNIQUE (org_id, account_id), {ACCOUNT},
        CHECK ((kind = 'person') = (account_id IS NOT NULL)), CHECK ((kind = 'service') = (role = 'service'))""",
    "invitations": f"""
        {ORG}, invitation_id {ID} UNIQUE, kind {ID} CHECK (kind IN ('member', 'first')), email {MAYBE}, {ROLE},
        digest {ID}, created_by {ID}, created_at {NOW}, expires_at timestamptz NOT NULL, used_at timestamptz,
        revoked_at timestamptz, PRIMARY KEY (org_id, invitation_id), CHECK (digest ~ '^[0-9a-f]{{64}}$'),
        CHECK (role <> 'service')""",
    "oidc_providers": f"""
        {ORG}, provider_id {ID} UNIQUE, name {ID}, issuer {ID}, client_id {ID}, secret {ID}, scopes {ID},
        groups_claim {ID}, group_roles json NOT NULL, default_role {MAYBE}, trust_mfa boolean NOT NULL DEFAULT false,
        enabled boolean NOT NULL DEFAULT true, created_at {NOW}, version integer NOT NULL DEFAULT 1,
        PRIMARY KEY (org_id, provider_id)""",
    "identities": f"""
        {ORG}, provider_id {ID}, subject {ID}, account_id {ID}, created_at {NOW}, last_seen_at timestamptz,
        PRIMARY KEY (org_id, provider_id, subject), {ACCOUNT}, UNIQUE (org_id, provider_id, account_id),
        FOREIGN KEY (org_id, provider_id) REFERENCES oidc_providers ON DELETE CASCADE""",
}

COLUMNS = (
    "ALTER TABLE organisations ADD require_mfa boolean NOT NULL DEFAULT false",
    "ALTER TABLE organisations ADD session_idle_s integer NOT NULL DEFAULT 3600 "
    "CHECK (session_idle_s BETWEEN 300 AND 604800)",
    "ALTER TABLE organisations ADD session_absolute_s integer NOT NULL DEFAULT 43200 "
    "CHECK (session_absolute_s BETWEEN 300 AND 2592000)",
    "ALTER TABLE organisations ADD version integer NOT NULL DEFAULT 1",
    # Keys that were made before there were roles could do everything, and go on.
    f"ALTER TABLE api_keys ADD {ROLE} DEFAULT 'owner'",
    "ALTER TABLE api_keys ALTER role DROP DEFAULT",
    f"ALTER TABLE api_keys ADD scopes {MAYBE}",
    f"ALTER TABLE api_keys ADD member_id {MAYBE}",
    f"ALTER TABLE api_keys ADD created_by {ID} DEFAULT ''",
    "ALTER TABLE api_keys ADD suspended_at timestamptz",
    f"ALTER TABLE api_keys ADD CONSTRAINT api_keys_member {MEMBER}",
)

INDEXES = (
    "CREATE UNIQUE INDEX accounts_by_email ON accounts (email) WHERE home_org IS NULL",
    "CREATE INDEX members_by_account ON members (account_id)",
    "CREATE INDEX members_by_time ON members (org_id, created_at, member_id)",
    "CREATE INDEX api_keys_by_member ON api_keys (org_id, member_id)",
)

LOBBY = (
    "CREATE POLICY lobby_finds ON accounts FOR SELECT TO ircopilot_lobby "
    "USING (home_org IS NULL AND email = nullif(current_setting('app.email', true), ''))",
    "GRANT SELECT (account_id, email, home_org) ON accounts TO ircopilot_lobby",
    f"CREATE POLICY lobby_finds ON members FOR SELECT TO ircopilot_lobby USING ({_ACCOUNT_IS})",
    "GRANT SELECT (org_id, member_id, account_id, role, state) ON members TO ircopilot_lobby",
    "CREATE POLICY lobby_finds ON organisations FOR SELECT TO ircopilot_lobby "
    "USING (org_id IN (SELECT m.org_id FROM members m) "
    "OR lower(name) = nullif(current_setting('app.organisation', true), ''))",
    "GRANT SELECT (org_id, name) ON organisations TO ircopilot_lobby",
    "CREATE POLICY lobby_finds ON invitations FOR SELECT TO ircopilot_lobby "
    "USING (invitation_id = nullif(current_setting('app.invitation_id', true), '') AND used_at IS NULL "
    "AND revoked_at IS NULL)",
    "GRANT SELECT (org_id, invitation_id, digest, expires_at, used_at, revoked_at) ON invitations TO ircopilot_lobby",
    "CREATE POLICY lobby_finds ON oidc_providers FOR SELECT TO ircopilot_lobby "
    "USING (enabled AND provider_id = nullif(current_setting('app.provider_id', true), ''))",
    "GRANT SELECT (org_id, provider_id, enabled) ON oidc_providers TO ircopilot_lobby",
    "DROP POLICY lobby_checks ON api_keys",
    "CREATE POLICY lobby_checks ON api_keys FOR SELECT TO ircopilot_lobby "
    "USING (revoked_at IS NULL AND suspended_at IS NULL)",
    "GRANT SELECT (role, scopes, suspended_at) ON api_keys TO ircopilot_lobby",
)


def upgrade() -> None:
    """Make the tables, then say who may do what."""
    for name, columns in PEOPLE.items():
        op.execute(f"CREATE TABLE {name} ({columns})")
        op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own ON {name} TO ircopilot_app USING ({_ACCOUNT_IS}) WITH CHECK ({_ACCOUNT_IS})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO ircopilot_app")
    make_tables(TABLES)
    # Name and address of a member are seen by its organisation: `members` shows the application that organisation's only.
    op.execute(
        "CREATE POLICY colleagues ON accounts FOR SELECT TO ircopilot_app "
        "USING (EXISTS (SELECT FROM members m WHERE m.account_id = accounts.account_id))"
    )
    for statement in (*COLUMNS, *INDEXES, *LOBBY):
        op.execute(statement)


downgrade = no_way_back
