"""API keys of an organisation, and who calls with one."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from ircopilot.access.audit import record_act
from ircopilot.access.caller import Caller
from ircopilot.access.errors import Unauthenticated
from ircopilot.access.organisations import named_organisation
from ircopilot.access.permissions import PERMISSIONS, ROLES, Permission, Role
from ircopilot.access.sessions import Where
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres import Database, Tx
from ircopilot.stores.postgres import api_keys as rows
from ircopilot.stores.postgres.api_keys import ApiKey
from ircopilot.stores.postgres.reader import Reader

_LIFE = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_TOUCH_EVERY_S = 60.0
_MOST_NAME = 120


def key_life(text: str) -> timedelta:
    """`90d`, `12h` or `8w`. Raises `UnusableArgument`."""
    shape = _LIFE.fullmatch(text.strip().lower())
    if shape is None:
        raise UnusableArgument(f"{text!r} is no length of time", "write for example 90d, 12h or 8w")
    return int(shape[1]) * _UNIT[shape[2]]


def create_key(
    database: Database, org: str, name: str, life: timedelta | None = None, role: str = "service",
    scopes: Sequence[str] | None = None,
) -> str:  # fmt: skip
    """Make a key for the organisation named; returns its text, which is kept nowhere. For whoever has the machine.

    Raises `UnknownOrganisation`, and `UnusableArgument` for a role or scope that there is not.
    """
    if role not in ROLES:
        raise UnusableArgument(f"no role {role!r}", f"one of {', '.join(ROLES)}")
    if unknown := sorted(set(scopes or ()) - set(PERMISSIONS)):
        raise UnusableArgument(f"no permission {unknown[0]!r}", f"of {', '.join(PERMISSIONS)}")
    if not name.strip() or len(name) > _MOST_NAME:
        raise UnusableArgument(f"a key's name has 1 to {_MOST_NAME} characters", "say what the key is for")
    org_id = named_organisation(database, org).org_id
    expires = None if life is None else datetime.now(UTC) + life
    by = machine_caller(org_id)
    with database.tenant(org_id) as tx:
        text = rows.make_key(tx, name.strip(), expires, role=role, scopes=scopes or None, created_by=by.label)
        after = {
            "name": name.strip(),
            "role": role,
            "scopes": list(scopes or ()),
            "expires_at": None if expires is None else expires.isoformat(),
        }
        record_act(tx, by, "key.create", f"api-key/{rows.key_id_of(text)}", after=after)
        return text


def machine_caller(org_id: str) -> Caller:
    """Whoever works on the machine that has the database, which is more than any owner may."""
    return Caller(org_id, "key", "machine", "owner", "ircopilot admin", address="local")


def list_keys(database: Database, org: str) -> list[ApiKey]:
    """The keys of the organisation named, without their secrets. Raises `UnknownOrganisation`."""
    with database.tenant(named_organisation(database, org).org_id) as tx:
        return rows.list_keys(tx)


def revoke_key(database: Database, org: str, key_id: str) -> None:
    """Make a key useless from now on. Raises `UnknownKey`, `UnknownOrganisation`."""
    org_id = named_organisation(database, org).org_id
    with database.tenant(org_id) as tx:
        rows.revoke_key(tx, key_id)
        record_act(tx, machine_caller(org_id), "key.revoke", f"api-key/{key_id}")


class Doorkeeper:
    """Tells who calls. Every call asks the database, so that a revoked key ends at once on every process.

    What is remembered is only when a key's last use was written down, to write it at most once a minute.
    """

    def __init__(self, lobby: Reader) -> None:
        self._lobby = lobby
        self._touched: dict[str, float] = {}

    async def admit(self, text: str, where: Where) -> Caller:
        """Who the key's text belongs to. Raises `Unauthenticated`: unknown, expired and revoked are told alike."""
        found = await rows.check_key(self._lobby, text)
        if found is None:
            raise Unauthenticated("the API key is not valid", "ask for one: ircopilot admin key create")
        key_id, scopes = found.key_id, None if found.scopes is None else frozenset(found.scopes)
        return Caller(
            found.org_id, "key", key_id, cast(Role, found.role), f"key {key_id}",
            scopes=cast(frozenset[Permission] | None, scopes), address=where.address, request_id=where.request_id,
            policy=found.policy,
        )  # fmt: skip

    def is_to_be_noted(self, key_id: str) -> bool:
        """Whether the key's use is to be written down now; whoever asks does that (`note_use`)."""
        now = time.monotonic()
        due = now - self._touched.get(key_id, -_TOUCH_EVERY_S) >= _TOUCH_EVERY_S
        if due:
            self._touched[key_id] = now
        return due


def note_use(tx: Tx, key_id: str) -> None:
    """Write down that the key was used."""
    rows.touch_key(tx, key_id)
