"""A disk that is full: the reason is told, what was acknowledged is kept, and with room again the run ends."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pytest

from faults.service.case import Case, Expected, assert_kept, assert_whole
from faults.service.cluster import Cluster
from faults.service.disks import fill, small_disk
from faults.service.members import eventually
from ircopilot.domain.errors import ProblemError
from ircopilot.stores.postgres.progress import run_events_since

pytestmark = pytest.mark.timeout(400)


def failures(case: Case, stage: str) -> list[str]:
    """Why attempts of the stage failed."""
    with case.cluster.stores.database.tenant(case.org) as tx:
        events = run_events_since(tx, case.run_id, 0)
    return [e.payload["error"] for e in events if e.stage == stage and e.payload["state"] == "failed"]


def test_the_vault_is_full(cluster: Cluster, hand_in: Callable[..., Case], expected: Expected) -> None:
    with small_disk(cluster.servers.folder / "vault", 16) as disk:
        case, other = hand_in(), hand_in({})
        case.start()
        case.wait_running("forensic/examine")
        filler = fill(disk)
        with pytest.raises(ProblemError) as caught:
            other.client.upload("CASE", io.BytesIO(os.urandom(200_000)), "more.bin")
        assert caught.value.status >= 500
        assert other.client.get_incident("CASE")["evidence"] == []
        reason = case.wait_for(lambda: failures(case, "export"))[0]
        assert "space" in reason.lower() or "room" in reason.lower(), reason
        filler.unlink()
        assert_whole(case, expected)
        other.hand_in("more.bin", os.urandom(200_000))
        assert_kept(other)


def test_the_event_store_is_full(cluster: Cluster, case: Case, expected: Expected) -> None:
    folder = cluster.servers.folder / "events"
    with cluster.servers.down("eventstore"):
        mounted = small_disk(folder, 256)
        disk = mounted.__enter__()
    try:
        eventually(lambda: cluster.servers.up("eventstore"))
        filler = fill(disk)
        case.start()
        reason = case.wait_for(lambda: failures(case, "collect"))[0].lower()
        # It may also end of it, and then does not answer until there is room again.
        assert "space" in reason or "write" in reason or "cannot be reached" in reason, reason
        filler.unlink()
        assert_whole(case, expected)
    finally:
        with cluster.servers.down("eventstore"):
            mounted.__exit__(None, None, None)
