"""API keys of an organisation, and who calls with one."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from ircopilot.access.caller import Caller
from ircopilot.access.errors import Unauthenticated
from ircopilot.access.organisations import named_organisation
from ircopilot.domain.errors import UnusableArgument
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres import api_keys as rows
from ircopilot.stores.postgres.api_keys import ApiKey

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


def create_key(database: Database, org: str, name: str, life: timedelta | None = None) -> str:
    """Make a key for the organisation named; returns its text, which is kept nowhere. Raises `UnknownOrganisation`."""
    if not name.strip() or len(name) > _MOST_NAME:
        raise UnusableArgument(f"a key's name has 1 to {_MOST_NAME} characters", "say what the key is for")
    org_id = named_organisation(database, org).org_id
    expires = None if life is None else datetime.now(UTC) + life
    with database.tenant(org_id) as tx:
        return rows.make_key(tx, name.strip(), expires)


def list_keys(database: Database, org: str) -> list[ApiKey]:
    """The keys of the organisation named, without their secrets. Raises `UnknownOrganisation`."""
    with database.tenant(named_organisation(database, org).org_id) as tx:
        return rows.list_keys(tx)


def revoke_key(database: Database, org: str, key_id: str) -> None:
    """Make a key useless from now on. Raises `UnknownKey`, `UnknownOrganisation`."""
    with database.tenant(named_organisation(database, org).org_id) as tx:
        rows.revoke_key(tx, key_id)


class Doorkeeper:
    """Tells who calls. Every call asks the database, so that a revoked key ends at once on every process.

    What is remembered is only when a key's last use was written down, to write it at most once a minute.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._touched: dict[str, float] = {}

    def admit(self, text: str) -> Caller:
        """Who the key's text belongs to. Raises `Unauthenticated`: unknown, expired and revoked are told alike."""
        found = rows.check_key(self._database, text)
        if found is None:
            raise Unauthenticated("the API key is not valid", "ask for one: ircopilot admin key create")
        org_id, key_id = found
        caller = Caller(org_id, "key", key_id, "owner", f"key {key_id}")
        now = time.monotonic()
        if now - self._touched.get(key_id, -_TOUCH_EVERY_S) >= _TOUCH_EVERY_S:
            self._touched[key_id] = now
            with self._database.tenant(org_id) as tx:
                rows.touch_key(tx, key_id)
        return caller
