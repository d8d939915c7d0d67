"""An organisation's own settings: its name, and what it asks of its members' sessions."""

from __future__ import annotations

from typing import Any

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import OrganisationExists
from ircopilot.access.organisations import organisation_id
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import LOCAL_ORG
from ircopilot.stores.postgres import Database, Tx
from ircopilot.stores.postgres.organisations import (
    Organisation,
    change_organisation,
    find_by_name,
    find_organisation,
)


def check_name(database: Database, org_id: str, name: str) -> None:
    """Whether the organisation may be called so. Raises `OrganisationExists`, `UnusableArgument`.

    Its id stays, and the name that it was made under goes on meaning it.
    """
    derived = organisation_id(name)
    if derived == org_id:
        return
    if derived == LOCAL_ORG:
        raise UnusableArgument("`local` is the organisation of this machine", "choose another name")
    with database.tenant(derived) as tx:
        taken = find_organisation(tx) is not None
    if taken or find_by_name(database, name) not in (None, org_id):
        raise OrganisationExists(f"there is an organisation called {name.strip()}", "choose another name")


def change_settings(
    tx: Tx, caller: Caller, before: Organisation, seen: int, values: dict[str, Any]
) -> Organisation | None:  # fmt: skip
    """Change some of `name`, `require_mfa`, `session_idle_s`, `session_absolute_s`; None when they were changed meanwhile.

    Raises `UnusableArgument` when a session might be idle for longer than it may last.
    """
    idle = values.get("session_idle_s", before.session_idle_s)
    if idle > values.get("session_absolute_s", before.session_absolute_s):
        raise UnusableArgument("session_idle_s is longer than session_absolute_s", "make it shorter")
    if not change_organisation(tx, seen, **values):
        return None
    after = find_organisation(tx)
    assert after is not None
    told = {name: getattr(before, name) for name in values}
    record_act(tx, caller, "organisation.change", f"organisation/{tx.org_id}", told, values)
    return after
