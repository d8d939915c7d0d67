"""Somebody lost a password or a second factor: whoever has the machine lets them in again."""

from __future__ import annotations

import secrets

from ircopilot.access import passwords
from ircopilot.access.audit import record_act
from ircopilot.access.emails import normal_email
from ircopilot.access.keys import machine_caller
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres import Database, accounts, factors


def reset_account(database: Database, email: str, *, without_factors: bool = False) -> str:
    """A random password for the account of that address, and none of its sessions; told once, to be changed.

    `without_factors` takes its second factors and recovery codes away as well. Raises `UnusableArgument` when no account
    signs in with that address.
    """
    account_id = accounts.find_account_id(database, normal_email(email))
    if account_id is None:
        raise UnusableArgument(f"no account signs in as {email}", "a provider's people are reset at that provider")
    password = secrets.token_urlsafe(18)
    with database.person(account_id) as connection:
        accounts.set_password_hash(connection, account_id, passwords.hash_password(password))
        accounts.end_epoch(connection, account_id)
        if without_factors:
            for factor in factors.list_factors(connection, account_id):
                factors.remove_factor(connection, account_id, factor.factor_id)
            factors.replace_codes(connection, account_id, ())
    for found in accounts.memberships_of(database, account_id):
        with database.tenant(found.org_id) as tx:
            after = {"without_factors": without_factors}
            record_act(tx, machine_caller(found.org_id), "member.reset", f"member/{found.member_id}", after=after)
    return password
