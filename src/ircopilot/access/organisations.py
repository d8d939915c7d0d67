"""Organisations by name: the id follows from the name, so that naming one needs no look at the others."""

from __future__ import annotations

import unicodedata
import uuid

from ircopilot.access.errors import OrganisationExists, UnknownOrganisation
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.ids import LOCAL_ORG, stable_uuid
from ircopilot.stores.postgres import Database
from ircopilot.stores.postgres.oidc_providers import Provider, list_providers
from ircopilot.stores.postgres.organisations import Organisation, find_by_name, find_organisation, make_organisation

LOCAL_NAME = "local"
_MOST_NAME = 120


def organisation_id(named: str) -> str:
    """The id of the organisation that is named, or whose id is given. `local` is the one that `investigate` works for.

    Names differ by more than case. Raises `UnusableArgument` for what can be neither.
    """
    name = unicodedata.normalize("NFC", named).strip()
    if not name or len(name) > _MOST_NAME or any(unicodedata.category(c).startswith("C") for c in name):
        raise UnusableArgument(
            f"an organisation's name has 1 to {_MOST_NAME} visible characters", "choose another name"
        )
    if name.casefold() == LOCAL_NAME:
        return LOCAL_ORG
    return _as_uuid(name) or stable_uuid("organisation", name.casefold())


def create_organisation(database: Database, name: str, region: str = "local") -> Organisation:
    """Make an organisation. Raises `OrganisationExists`, and `UnusableArgument` for a name that cannot be one."""
    org_id = organisation_id(name)
    if _as_uuid(name.strip()):
        raise UnusableArgument("an id is no name", "give the organisation a name of words")
    if find_by_name(database, name) is not None:
        raise OrganisationExists(f"there is one called {name.strip()}", "use it, or another name")
    with database.tenant(org_id) as tx:
        if not make_organisation(tx, name.strip(), region):
            raise OrganisationExists(f"{name.strip()} was made before; its id is {org_id}", "use it, or another name")
        made = find_organisation(tx)
        assert made is not None
        return made


def named_organisation(database: Database, named: str) -> Organisation:
    """The organisation of that name or id; the local one is made when it is first named. Raises `UnknownOrganisation`."""
    org_id = organisation_id(named)
    with database.tenant(org_id) as tx:
        if org_id == LOCAL_ORG:
            make_organisation(tx, LOCAL_NAME)
        found = find_organisation(tx)
    if found is None and (renamed := find_by_name(database, named)) is not None:
        with database.tenant(renamed) as tx:
            found = find_organisation(tx)
    if found is None:
        raise UnknownOrganisation(f"no organisation {named!r}", f"make it: ircopilot admin org create {named!r}")
    return found


def enabled_providers(database: Database, named: str) -> list[Provider]:
    """The sign-in providers of the organisation of that name or id; none for one that there is not."""
    try:
        org_id = named_organisation(database, named).org_id
    except (UnknownOrganisation, UnusableArgument):
        return []
    with database.tenant(org_id) as tx:
        return [provider for provider in list_providers(tx) if provider.enabled]


def _as_uuid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text)) if len(text) == 36 else None
    except ValueError:
        return None
