"""The orchestrator does what belongs to no incident."""

from __future__ import annotations

import uuid

from tests.orchestrator.conftest import house, tell, until

from ircopilot.settings import StackUrls
from ircopilot.stores import StoreSet
from ircopilot.stores.postgres import chores, incidents


def test_two_orchestrators_do_each_chore_once(stack: StackUrls, stores: StoreSet) -> None:
    orgs = [str(uuid.uuid4()) for _ in range(4)]
    asked = {}
    for org in orgs:
        with stores.database.tenant(org) as tx:
            incidents.ensure_organisation(tx)
            asked[org] = chores.ask_chore(tx, "rewrap").chore_id

    def state(org: str) -> tuple[str, int]:
        with stores.database.tenant(org) as tx:
            found = chores.find_chore(tx, asked[org])
        assert found is not None
        return found.state, found.attempt

    async def story() -> None:
        async with house(stack), house(stack):
            await until(lambda: {state(org) for org in orgs} == {("done", 1)})

    tell(story)
