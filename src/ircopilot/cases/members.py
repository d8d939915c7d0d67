"""Members as they are named on an incident."""

from __future__ import annotations

from collections.abc import Iterable

from ircopilot.access.emails import normal_email
from ircopilot.cases.errors import UnknownMember
from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres import Tx
from ircopilot.stores.postgres.principals import find_principals


def known_member(tx: Tx, named: str, where: str) -> str:
    """The id of the member that `named` (an e-mail address or an id) is. Raises `UnknownMember`."""
    return known_members(tx, [named], where)[0]


def known_members(tx: Tx, named: Iterable[str], where: str) -> list[str]:
    """The ids of members, in the order in which they are named. Raises `UnknownMember` for the first that is none."""
    given = list(named)
    found = members_named(tx, given)
    for name in given:
        if name not in found:
            raise UnknownMember(f"{where} names {name[:100]!r}, who is no member", "name one by e-mail address or id")
    return [found[name] for name in given]


def members_named(tx: Tx, named: Iterable[str]) -> dict[str, str]:
    """The ids of those that are members (or keys of the organisation), by how they were named."""
    normal = {name: _normal(name) for name in named}
    found = find_principals(tx, normal.values()) if normal else {}
    return {name: found[said] for name, said in normal.items() if said in found}


def _normal(name: str) -> str:
    try:
        return normal_email(name) if "@" in name else name
    except ProblemError:
        return name
