"""Organisations by name, and keys as `ircopilot admin` makes them."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest

from ircopilot.access import vault_keys
from ircopilot.access.caller import Caller
from ircopilot.access.errors import EvidenceHeld, OrganisationExists, Unauthenticated, UnknownOrganisation
from ircopilot.access.keys import Doorkeeper, create_key, key_life, list_keys, revoke_key
from ircopilot.access.organisations import create_organisation, named_organisation, organisation_id
from ircopilot.access.sessions import Where
from ircopilot.domain.errors import UnusableArgument
from ircopilot.domain.evidence import Artifact
from ircopilot.domain.ids import LOCAL_ORG
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres.artifacts import record_artifact
from ircopilot.stores.postgres.errors import UnknownKey
from ircopilot.stores.postgres.incidents import upsert_incident
from ircopilot.stores.postgres.reader import Reader
from ircopilot.stores.vault.protocol import DestroyedKey


@pytest.fixture
def name() -> str:
    return f"Example {uuid.uuid4().hex[:8]} Ltd"


def test_an_organisation_is_found_by_name_and_by_id(stores: StoreSet, name: str) -> None:
    made = create_organisation(stores.database, f" {name} ")
    assert made.name == name
    for named in (name, name.upper(), made.org_id, made.org_id.upper()):
        assert named_organisation(stores.database, named) == made
    with pytest.raises(OrganisationExists):
        create_organisation(stores.database, name)


def test_the_local_organisation_is_the_one_that_investigate_works_for(stores: StoreSet) -> None:
    assert organisation_id("Local") == LOCAL_ORG
    assert named_organisation(stores.database, "local").org_id == LOCAL_ORG


@pytest.mark.parametrize("bad", ["", "  ", "x" * 121, "a\nb", "a\u202eb", "3f6c2a52-6d0b-4f5e-9a51-0c1d2e3f4a5b"])
def test_what_is_no_name_makes_no_organisation(stores: StoreSet, bad: str) -> None:
    with pytest.raises(UnusableArgument):
        create_organisation(stores.database, bad)


def test_a_key_opens_until_it_is_revoked(stores: StoreSet, name: str) -> None:
    org_id = create_organisation(stores.database, name).org_id
    text = create_key(stores.database, name, "laptop", timedelta(hours=1))

    async def admitted() -> Caller:
        lobby = Reader(stores.urls.database_lobby_url, 1)
        try:
            return await Doorkeeper(lobby).admit(text, Where("127.0.0.1"))
        finally:
            await lobby.close()

    caller = asyncio.run(admitted())
    assert (caller.org_id, caller.name) == (org_id, f"key {caller.principal_id}")
    (listed,) = list_keys(stores.database, name)
    assert (listed.key_id, listed.name) == (caller.principal_id, "laptop")
    assert text.rpartition("_")[2] not in repr(listed)
    with pytest.raises(UnknownKey):
        revoke_key(stores.database, "local", caller.principal_id)
    revoke_key(stores.database, name, caller.principal_id)
    with pytest.raises(Unauthenticated):
        asyncio.run(admitted())


def test_a_key_needs_an_organisation_and_a_name(stores: StoreSet, name: str) -> None:
    for ask in (lambda: create_key(stores.database, name, "x"), lambda: list_keys(stores.database, name)):
        with pytest.raises(UnknownOrganisation):
            ask()
    with pytest.raises(UnusableArgument):
        create_key(stores.database, "local", " ")


def test_lengths_of_life() -> None:
    assert [key_life(t) for t in ("90d", "12H", " 8w ")] == [timedelta(90), timedelta(hours=12), timedelta(56)]
    for bad in ("", "d", "0d", "-1d", "1.5d", "90", "9999999d", "1y"):
        with pytest.raises(UnusableArgument):
            key_life(bad)


def test_a_destroyed_key_takes_all_evidence_with_it_unless_held(stores: StoreSet, name: str) -> None:
    org = create_organisation(stores.database, name).org_id
    other = create_organisation(stores.database, name + "2").org_id
    shas = {}
    for each in (org, other):
        shas[each], size = stores.vault.put(each, [b"evidence"])
        with stores.database.tenant(each) as tx:
            incident = upsert_incident(tx, "INC-1", "t").incident_id
            record_artifact(tx, incident, Artifact(sha256=shas[each], size=size, name="a"))
    vault_keys.rotate_key(stores, name)
    assert all(step.done <= step.total for step in vault_keys.rewrap_key(stores, name))
    assert stores.vault.open(org, shas[org]).read() == b"evidence"
    stores.vault.set_legal_hold(org, shas[org], True)
    with pytest.raises(EvidenceHeld, match=shas[org]):
        vault_keys.destroy_key(stores, name)
    stores.vault.set_legal_hold(org, shas[org], False)
    assert vault_keys.destroy_key(stores, name) == 1
    with pytest.raises(DestroyedKey):
        stores.vault.open(org, shas[org]).read()
    assert stores.vault.open(other, shas[other]).read() == b"evidence"
