"""Whole runs by real workers in processes of their own, without a gateway.

What dies, stops and is lost in mid-run is tried with the whole service, in tests/faults/service.
"""

from __future__ import annotations

import signal
from typing import Any

from workers.around import KINDS, Case, Process, Service, eventually


def assert_undisturbed(case: Case, run_id: str, reference: dict[str, Any], workers: list[Process] = []) -> None:  # noqa: B006
    """Done, the report equal to `investigate`'s, every result there once, progress numbered without a gap."""
    run = case.wait_over(run_id)
    assert run.state == "done", [run.error, *(w.log.read_text()[-2000:] for w in workers)]
    assert case.report(run_id) == reference
    assert case.versions(run_id) == dict.fromkeys(("collect", "timeline", "forensic", "report", "export"), 1)
    numbers = [event.number for event in case.events(run_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {row.state for row in case.jobs(run_id)} == {"done"}


def test_two_of_a_kind_share_and_nothing_is_doubled(service: Service, case: Case, reference: dict[str, Any]) -> None:
    pair = [worker.wait_until_ready() for worker in service.workers("collector", "collector")]
    others = service.workers("timeline", "forensic", "report", "export")
    run_id = case.start(part_bytes=100_000)
    assert_undisturbed(case, run_id, reference, [*pair, *others])
    assert all(worker.outcomes().count("done") >= 1 for worker in pair)
    loads = [row for row in case.jobs(run_id) if row.step.startswith("collect/")]
    assert sum(worker.outcomes().count("done") for worker in pair) == len(loads) > 2


def test_it_starts_while_its_servers_are_away(service: Service) -> None:
    worker = service.worker("export", IRCOPILOT_NATS_URL="nats://127.0.0.1:9")
    eventually(lambda: any(line["event"] == "the bus does not answer" for line in worker.said()))
    assert worker.process.poll() is None
    worker.signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert set(KINDS) == {"collector", "timeline", "forensic", "report", "export"}
    assert service.urls.nats_token not in worker.log.read_text()
